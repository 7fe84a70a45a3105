"""Read-only checks of this machine: the programs that an environment on AWS calls."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator

from mlops_cli.aws.findings import Finding, fail, ok, warn

Run = Callable[[list[str]], str | None]
INSTALL_AWS = "install AWS CLI v2 (docs.aws.amazon.com/cli) and put it on PATH"
PLUGINS = ("aws", "kubernetes")


def run(command: list[str]) -> str | None:
    """What a program prints; None when it is not on PATH or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return (done.stdout or done.stderr).strip() if done.returncode == 0 else None


def tools(run: Run = run) -> Iterator[Finding]:
    """`aws`, which the kubeconfig calls for tokens; `pulumi` and its plugins."""
    told = run(["aws", "--version"])
    version = re.match(r"aws-cli/(\d+)\.\S+", told or "")
    if version is None:
        yield fail(
            "aws", "does not run, and every use of the kubeconfig calls `aws eks get-token`", INSTALL_AWS
        )
    elif int(version[1]) < 2:
        yield warn("aws", f"{version[0]} is version 1, without `aws sso login` by PKCE", INSTALL_AWS)
    else:
        yield ok("aws", version[0])
    engine = run(["pulumi", "version"])
    if engine is None:
        yield ok("pulumi", "not on PATH; `mlops` brings its own")
        return
    yield ok("pulumi", engine)
    listed = run(["pulumi", "plugin", "ls", "--json"])
    plugins = {each["name"]: each.get("version") for each in json.loads(listed or "[]") or []}
    for name in PLUGINS:
        if name in plugins:
            yield ok(f"pulumi plugin {name}", str(plugins[name]))
        else:
            yield warn(
                f"pulumi plugin {name}",
                "not installed; the first preview downloads it",
                f"`pulumi plugin install resource {name}` where there is no internet later",
            )
