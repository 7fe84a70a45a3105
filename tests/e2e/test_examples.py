"""The programs in examples/, run by the real engine on the running platform."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from running_platform import HOME, ROOT, Platform, eventually, pulumi

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


def test_a_teams_own_stack_serves_on_the_platform_and_goes_without_a_trace(
    platform: Platform, tmp_path: Path
) -> None:
    images = json.loads(pulumi("config", "get", "mlops:images", "--stack", "e2e").stdout)
    folder = str(ROOT / "examples" / "team_endpoint")
    stack = ["--cwd", folder, "--stack", "team", "--config-file", str(tmp_path / "Pulumi.team.yaml")]
    # The stack's salt goes into the file that `stack init` writes; keep the example's folder clean.
    pulumi("stack", "init", "team", "--cwd", folder, "--no-select")
    (ROOT / "examples" / "team_endpoint" / "Pulumi.team.yaml").rename(tmp_path / "Pulumi.team.yaml")
    values = {
        "platform": "organization/mlops/e2e",
        "image": images["serving"],
        "storeKeyId": platform.secret("objectStoreReadOnlyKeyId"),
    }
    for name, value in values.items():
        pulumi("config", "set", name, value, *stack)
    secret_key = platform.secret("objectStoreReadOnlySecretKey")
    pulumi("config", "set", "--secret", "storeSecretKey", *stack, stdin=secret_key)
    try:
        pulumi("up", "--yes", "--non-interactive", *stack)
        deployment = platform.get("deployment", "mortgage", "-n", "risk-team")
        assert deployment["status"]["readyReplicas"] == 1
        pulumi("preview", "--expect-no-changes", "--non-interactive", *stack)
    finally:
        pulumi("destroy", "--yes", "--non-interactive", "--remove", *stack, check=False)
    eventually(
        lambda: platform.kubectl("get", "namespace", "risk-team", "--ignore-not-found") == "",
        60,
        "the team's namespace is gone",
    )
    assert HOME.is_dir()
