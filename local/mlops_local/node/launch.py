"""Making and ending the node's process 1, and making sure that nothing of it is left."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from mlops_local.errors import NodeError
from mlops_local.node import cgroups
from mlops_local.node.files import last_lines
from mlops_local.node.layout import Layout
from mlops_local.node.namespaces import ENVIRONMENT, UNSHARE
from mlops_local.node.polling import until
from mlops_local.node.spec import NodeSpec
from mlops_local.node.supervisor import Supervisor

_ANSWER_SECONDS = 20.0
_PODS_SECONDS = 5.0
_GONE_SECONDS = 20.0


def process_one(spec: NodeSpec) -> Supervisor:
    """Start the node's process 1 apart from the caller's session; returns once it takes orders."""
    layout = Layout(spec.home)
    cgroups.create(spec.name)
    with layout.log("node").open("wb") as log:
        subprocess.run(
            [
                "setsid",
                "--fork",
                *UNSHARE,
                sys.executable,
                "-m",
                "mlops_local.node.process_one",
                str(layout.spec_file),
            ],
            check=True,
            cwd="/",
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: cgroups.join(spec.name),
        )
    found: list[Supervisor] = []

    def up_or_gone() -> bool:
        supervisor = Supervisor.find(spec.name)
        if supervisor is not None and supervisor.answers():
            found.append(supervisor)
        return bool(found) or not cgroups.members(spec.name)

    until(up_or_gone, _ANSWER_SECONDS)
    if not found:
        raise NodeError(
            f"node {spec.name}: its process 1 did not come up; last lines of {layout.log('node')}:\n"
            f"{last_lines(layout.log('node'), 10) or '(empty)'}"
        )
    return found[0]


def answers_soon(supervisor: Supervisor) -> bool:
    """Whether a process 1 that may still be setting itself up takes orders within some seconds."""
    until(lambda: supervisor.answers() or not supervisor.command(), _ANSWER_SECONDS)
    return supervisor.answers()


def end_pods(name: str) -> None:
    """Ask the pods' processes to end, so that databases can close their files, and give them some seconds."""
    cgroups.send(name, signal.SIGTERM, below="kubepods")
    until(lambda: not cgroups.members(name, below="kubepods"), _PODS_SECONDS)


def clear(name: str) -> None:
    """Kill what is left of the node, remove its groups and device. Raises NodeError naming what stays."""
    supervisor = Supervisor.find(name)
    if supervisor is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(supervisor.pid, signal.SIGKILL)
        until(lambda: not cgroups.members(name), _GONE_SECONDS)
    cgroups.send(name, signal.SIGKILL)
    until(lambda: not cgroups.members(name), _GONE_SECONDS)
    cgroups.remove(name, _GONE_SECONDS)
    device = Path("/sys/class/net") / name
    if not until(lambda: not device.exists(), 2.0):
        subprocess.run(["ip", "link", "delete", name], check=False, capture_output=True)
    remains = remnants(name)
    if remains:
        raise NodeError(
            f"node {name} left behind: {', '.join(remains)}; end or remove these by hand, then try again"
        )


def remnants(name: str) -> tuple[str, ...]:
    """What a stopped node must not leave: processes, groups, its network device."""
    device = Path("/sys/class/net") / name
    return (
        *(f"process {pid}" for pid in cgroups.members(name)),
        *(f"group {group}" for group in cgroups.left(name)),
        *([f"network device {name}"] if device.exists() else []),
    )
