"""The environment stopped, killed and interrupted: nothing is left behind and nothing is lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from mlops_local.node.launch import remnants
from mlops_local.node.supervisor import Supervisor
from running_platform import HOME, ROOT, VARIABLES, Platform, mlops

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]
NODE = "mlops-e2e"
MOMENTS = (
    "Debian packages ...",
    "Go programs ...",
    "Kubernetes node ...",
    "images ...",
    "cluster add-ons ...",
    "Pulumi engine ...",
    "pulumi up ...",
    "  creating StatefulSet ",
)
"""How the lines begin at which Ctrl-C is sent: each phase, and resources half made."""


def left() -> list[str]:
    """Every trace of a stopped node: processes, groups and devices; mounts; rules of the packet filter."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    rules = subprocess.run(["iptables-save"], check=True, capture_output=True, text=True).stdout.splitlines()
    return [*remnants(NODE), *(line for line in [*mounts, *rules] if NODE in line or str(HOME) in line)]


def registered(platform: Platform) -> list[tuple[str, str]]:
    """Model and version of everything in the model registry."""
    credentials = httpx.BasicAuth("admin", platform.secret("modelRegistryAdminPassword"))
    url = f"{platform.status['modelRegistryUrl']}/api/2.0/mlflow/model-versions/search"
    answer = httpx.get(url, auth=credentials, timeout=10).raise_for_status().json()
    return [(version["name"], version["version"]) for version in answer["model_versions"]]


def test_a_killed_node_is_taken_down_without_a_trace_and_comes_back_with_its_data(
    platform: Platform,
) -> None:
    before = registered(platform)
    assert before
    supervisor = Supervisor.find(NODE)
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGKILL)
    mlops("down", "e2e")
    assert left() == []
    mlops("down", "e2e")
    assert left() == []

    up = mlops("up", "e2e")
    assert "  no change" in up.stdout.splitlines()
    assert mlops("predict", "mortgage", "--env", "e2e").returncode == 0
    assert registered(platform) == before


def test_a_taken_port_is_named_before_anything_is_changed(platform: Platform) -> None:
    mlops("down", "e2e")
    # Brought up again by the next test.
    with socket.create_server(("127.0.0.1", 30180)):
        refused = mlops("up", "e2e", check=False)
    assert refused.returncode == 3
    assert f"port 30180 on 127.0.0.1 is taken by process {os.getpid()} " in refused.stderr
    assert left() == []


def interrupt_at(moment: str) -> subprocess.CompletedProcess[str]:
    """`mlops up e2e` with Ctrl-C as a terminal sends it, as soon as a line begins so."""
    program = str(Path(sys.executable).parent / "mlops")
    with subprocess.Popen(
        [program, "up", "e2e"],
        cwd=ROOT,
        env={**os.environ, **VARIABLES, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as up:
        assert up.stdout is not None
        seen = []
        for line in up.stdout:
            seen.append(line)
            if line.startswith(moment):
                os.killpg(up.pid, signal.SIGINT)
                break
        stdout, stderr = up.communicate(timeout=300)
    return subprocess.CompletedProcess(up.args, up.returncode, "".join(seen) + stdout, stderr)


def test_up_interrupted_at_any_moment_goes_on_when_run_again(platform: Platform) -> None:
    mlops("down", "e2e", "--purge")
    for moment in MOMENTS:
        stopped = interrupt_at(moment)
        assert stopped.returncode == 130, f"{moment}: {stopped.stdout}\n{stopped.stderr}"
        assert "interrupted; run the same command again, it goes on from here" in stopped.stdout
        assert "Traceback" not in stopped.stdout + stopped.stderr
    mlops("up", "e2e")
    assert mlops("predict", "mortgage", "--env", "e2e").returncode == 0
