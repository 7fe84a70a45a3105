"""The node's process 1 before it becomes supervisord: `python -m mlops_local.node.process_one <spec.json>`.

`launch` starts it under `namespaces.UNSHARE`. It makes the mounts and the network, then replaces itself.
"""

import os
import subprocess
import sys
from pathlib import Path

from mlops_local.errors import NodeError
from mlops_local.node.layout import CNI_STATE, Layout
from mlops_local.node.namespaces import (
    ENVIRONMENT,
    HOST_TUNABLES,
    mount_commands,
    network_commands,
    supervisor_command,
)
from mlops_local.node.spec import NodeSpec


def become_process_one(spec: NodeSpec) -> None:
    """Set up this process's namespaces and turn into supervisord. Raises NodeError with a failed command."""
    layout = Layout(spec.home)
    first, *rest = mount_commands(layout)
    CNI_STATE.mkdir(parents=True, exist_ok=True)
    _run(first)
    _write_tunables()
    for command in (*rest, *network_commands(spec)):
        _run(command)
    os.chdir("/")
    os.execve(sys.executable, supervisor_command(layout), ENVIRONMENT)  # noqa: S606 - no shell is wanted


def _write_tunables() -> None:
    for name, value in HOST_TUNABLES.items():
        file = Path("/run/tunables") / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n")


def _run(command: tuple[str, ...]) -> None:
    done = subprocess.run(command, check=False, text=True, stderr=subprocess.PIPE)
    if done.returncode:
        raise NodeError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")


if __name__ == "__main__":
    become_process_one(NodeSpec.model_validate_json(Path(sys.argv[1]).read_text()))
