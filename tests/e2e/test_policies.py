"""The policy pack over the running platform, by the real engine."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from running_platform import ROOT, Platform, mlops, pulumi, run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]
PACK = ("--policy-pack", str(ROOT / "policy"))
PASSED = "✅ mlops@v0.1.0"


def report(output: str) -> list[str]:
    """What a preview says of policies."""
    lines = output[output.index("Policies:") :].split("\n\n")[0].splitlines()
    return [line.strip().partition(" (local:")[0] for line in lines[1:]]


def test_a_preview_of_the_platform_is_judged_and_passes(platform: Platform) -> None:
    assert report(mlops("preview", "e2e").stdout) == [PASSED]


def test_pulumi_typed_by_hand_is_judged_by_the_same_pack(platform: Platform) -> None:
    by_hand = pulumi("preview", "--stack", "e2e", "--expect-no-changes", "--non-interactive", *PACK)
    assert report(by_hand.stdout) == [PASSED]


def test_a_broken_policy_stops_a_preview_before_anything_is_made(platform: Platform, tmp_path: Path) -> None:
    config = tmp_path / "policy.json"
    config.write_text(json.dumps({"image-registry": {"registries": ["registry.example.org/team/*"]}}))
    options = ("--stack", "e2e", "--non-interactive", *PACK, "--policy-pack-config", str(config))
    refused = pulumi("up", "--yes", *options, check=False)
    assert refused.returncode != 0
    assert "[mandatory]" in refused.stdout
    assert "image-registry  (kubernetes:apps/v1:Deployment: mlops-mortgage-endpoint-server)" in refused.stdout
    pulumi("preview", "--stack", "e2e", "--expect-no-changes", "--non-interactive")


def test_the_objects_of_the_platform_break_no_policy_as_the_cluster_has_them(
    platform: Platform, tmp_path: Path
) -> None:
    settings = yaml.safe_load((ROOT / "stacks" / "Pulumi.e2e.yaml").read_text())["config"]
    config = tmp_path / "policy.yaml"
    config.write_text(yaml.safe_dump(settings["mlops:policy"]))
    cluster = ("--kubeconfig", str(platform.kubeconfig), "--config", str(config))
    told = mlops("policy", "check", *cluster, "--json", check=False)
    broken = json.loads(told.stdout)["findings"]
    # What the node brings along is kubeadm's and the provisioner's.
    strangers = ("kubeadm", "local-path", "/default")
    assert [each for each in broken if not any(name in each["object"] for name in strangers)] == []
    assert len(broken) > 0


MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: shop}
spec:
  containers: [{name: server, image: "server:latest"}]
"""


def test_the_commands_of_the_readme_do_what_it_says(platform: Platform, tmp_path: Path) -> None:
    section = (ROOT / "README.md").read_text().split("## Policies\n")[1].split("\n## ")[0]
    commands = re.findall(r"^\$ (.+)$", section, re.MULTILINE)
    manifest = tmp_path / "deployment.yaml"
    manifest.write_text(MANIFEST)
    by_hand, check, listed = (shlex.split(command) for command in commands)
    assert by_hand == ["pulumi", "preview", "-s", "local", "--policy-pack", "policy"]
    assert report(pulumi("preview", "-s", "e2e", *by_hand[4:]).stdout) == [PASSED]
    assert check == [".venv/bin/mlops", "policy", "check", manifest.name]
    refused = mlops(*check[1:3], str(manifest), check=False)
    assert refused.returncode == 15
    assert "image-digest" in refused.stdout
    assert "pod-non-root" in run([*listed]).stdout
