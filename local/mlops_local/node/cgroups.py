"""The node's control groups: `/<name>` in every hierarchy, with `system` for the node's programs below it.

Membership is how a running node is found: no pid file can be stale. kubelet adds `kubepods` beside `system`.
Source: cgroups(7); version 1 has one folder tree a controller, version 2 one for all, and a machine may show
both (`unified`).
"""

import contextlib
import os
import signal
from pathlib import Path

from mlops_local.node.polling import until

ROOT = Path("/sys/fs/cgroup")
_CONTROLLERS = ("cpu", "cpuset", "io", "memory", "pids")


def hierarchies(root: Path = ROOT) -> tuple[Path, ...]:
    """Roots of the trees that hold controllers; empty when there are none."""
    if (root / "cgroup.controllers").exists():
        return (root,)
    if not root.is_dir():
        return ()
    return tuple(sorted(path for path in root.iterdir() if (path / "cgroup.procs").exists()))


def create(name: str) -> None:
    """Make the node's groups in every hierarchy; harmless when they are there."""
    for root in hierarchies():
        if (root / "cgroup.controllers").exists():
            _delegate(root)
        group = root / name
        group.mkdir(exist_ok=True)
        _inherit_cpus(root, group)
        if (root / "cgroup.controllers").exists():
            _delegate(group)
        (group / "system").mkdir(exist_ok=True)
        _inherit_cpus(group, group / "system")


def join(name: str) -> None:
    """Move the calling process into the node's `system` group of every hierarchy."""
    for root in hierarchies():
        (root / name / "system" / "cgroup.procs").write_text(str(os.getpid()))


def members(name: str, *, below: str = "") -> tuple[int, ...]:
    """Host ids of the processes in the node's groups, or in those below `below`, over all hierarchies."""
    found: set[int] = set()
    for root in hierarchies():
        for folder, _, _ in os.walk(root / name / below):
            found.update(_processes(Path(folder)))
    found.discard(0)
    return tuple(sorted(found))


def send(name: str, number: signal.Signals, *, below: str = "") -> None:
    """Signal every process in the node's groups."""
    for pid in members(name, below=below):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def left(name: str) -> tuple[Path, ...]:
    """The node's groups that exist."""
    return tuple(root / name for root in hierarchies() if (root / name).exists())


def remove(name: str, seconds: float) -> None:
    """Remove the node's groups, deepest first; dying processes keep theirs busy, so try for `seconds`."""

    def removed() -> bool:
        for group in left(name):
            _remove_tree(group)
        return not left(name)

    until(removed, seconds)


def _remove_tree(group: Path) -> None:
    for folder, _, _ in os.walk(group, topdown=False):
        try:
            Path(folder).rmdir()
        except OSError:
            continue


def _processes(group: Path) -> list[int]:
    try:
        return [int(line) for line in (group / "cgroup.procs").read_text().split()]
    except OSError:
        return []


def _inherit_cpus(parent: Path, child: Path) -> None:
    for name in ("cpuset.cpus", "cpuset.mems"):
        # Version 1 refuses members until both are set; version 2 inherits by itself.
        if (child / name).exists() and (child / "cgroup.clone_children").exists():
            (child / name).write_text((parent / name).read_text())


def _delegate(group: Path) -> None:
    offered = (group / "cgroup.controllers").read_text().split()
    wanted = " ".join(f"+{name}" for name in _CONTROLLERS if name in offered)
    if wanted:
        (group / "cgroup.subtree_control").write_text(wanted)
