"""What `preflight` needs to know about this machine. Looks only; parsing is apart from reading, and pure.

Sources: proc(5) for /proc/net/tcp, /proc/net/route and /proc/meminfo; cgroups(7).
"""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from mlops_local import toolchain
from mlops_local.host_packages import HostPackage, find_program, missing_packages
from mlops_local.node import cgroups
from mlops_local.node.spec import NodeSpec
from mlops_local.node.supervisor import Supervisor

_GIB = 1024**3
_BUILD_BYTES = 15 * _GIB
"""Peak while Go programs are built for the first time; images check their own, smaller need."""
_RUN_BYTES = 3 * _GIB
"""With everything built: volumes, logs, images in the node. kubelet evicts pods below 1 GiB."""
_LISTENING = "0A"
_ANY_OR_LOOPBACK = {
    "00000000",
    "0100007F",
    "0" * 32,
    "0" * 24 + "01000000",
    "0000000000000000FFFF00000100007F",
}


@dataclass(frozen=True)
class Disk:
    """A folder's file system: what is free there and what the platform will put there."""

    folder: Path
    free_bytes: int
    needed_bytes: int


@dataclass(frozen=True)
class MachineFacts:
    """One look at the machine. `listeners`: port -> who listens there on 127.0.0.1 or everywhere."""

    system: str
    architecture: str
    user_id: int
    namespace_error: str
    cgroup_version: int
    cgroup_controllers: frozenset[str]
    cgroups_writable: bool
    missing: tuple[HostPackage, ...]
    has_apt: bool
    disks: tuple[Disk, ...]
    memory_bytes: int
    listeners: Mapping[int, str]
    networks: tuple[tuple[IPv4Network, str], ...]
    node_runs: bool


def gather(spec: NodeSpec, cache: Path) -> MachineFacts:
    """Look at the machine on which `spec` is to run and at the disks of its home and of `cache`."""
    roots = cgroups.hierarchies()
    unified = (cgroups.ROOT / "cgroup.controllers").exists()
    return MachineFacts(
        system=platform.system(),
        architecture=platform.machine(),
        user_id=os.geteuid(),
        namespace_error=_namespace_error() if os.geteuid() == 0 else "",
        cgroup_version=2 if unified else 1,
        cgroup_controllers=_controllers(roots, unified=unified),
        cgroups_writable=all(os.access(root, os.W_OK) for root in roots),
        missing=missing_packages(find_program),
        has_apt=find_program("apt-get") is not None,
        disks=disks(spec.home, cache, warm=not toolchain.missing(list(toolchain.PLATFORM_GROUPS), cache)),
        memory_bytes=available_memory(_read("/proc/meminfo")),
        listeners=_listeners(set(spec.host_ports())),
        networks=routed_networks(_read("/proc/net/route"), apart_from=spec.name),
        node_runs=Supervisor.find(spec.name) is not None,
    )


def disks(home: Path, cache: Path, *, warm: bool) -> tuple[Disk, ...]:
    """The file systems of `home` and `cache`, once when they are one. `warm`: the Go programs are built."""
    build = _RUN_BYTES if warm else _BUILD_BYTES
    first, second = _existing(home), _existing(cache)
    if first.stat().st_dev == second.stat().st_dev:
        return (Disk(cache, shutil.disk_usage(second).free, build),)
    return (
        Disk(home, shutil.disk_usage(first).free, _RUN_BYTES),
        Disk(cache, shutil.disk_usage(second).free, build),
    )


def available_memory(meminfo: str) -> int:
    """Bytes that new programs can have, from /proc/meminfo."""
    for line in meminfo.splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return 0


def listening_sockets(table: str) -> dict[int, str]:
    """Port -> socket inode of those that a program on 127.0.0.1 would meet, from /proc/net/tcp or tcp6."""
    found = {}
    for line in table.splitlines()[1:]:
        fields = line.split()
        address, _, port = fields[1].partition(":")
        if fields[3] == _LISTENING and address in _ANY_OR_LOOPBACK:
            found[int(port, 16)] = fields[9]
    return found


def routed_networks(table: str, *, apart_from: str) -> tuple[tuple[IPv4Network, str], ...]:
    """Networks that the host routes, and their devices, from /proc/net/route; never the default route."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        device, address, mask = fields[0], _little_endian(fields[1]), _little_endian(fields[7])
        if int(mask) and device != apart_from:
            found.append((IPv4Network(f"{address}/{mask}"), device))
    return tuple(found)


def _little_endian(text: str) -> IPv4Address:
    return IPv4Address(bytes.fromhex(text)[::-1])


def _listeners(ports: set[int]) -> dict[int, str]:
    sockets = {**listening_sockets(_read("/proc/net/tcp6")), **listening_sockets(_read("/proc/net/tcp"))}
    taken = {port: inode for port, inode in sockets.items() if port in ports}
    owners = _owners(set(taken.values())) if taken else {}
    return {port: owners.get(inode, "a program that this user cannot see") for port, inode in taken.items()}


def _owners(inodes: set[str]) -> dict[str, str]:
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[str, str] = {}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target in wanted:
            pid = link.parts[2]
            found[wanted[target]] = f"process {pid} ({_read(f'/proc/{pid}/comm').strip()})"
    return found


def _namespace_error() -> str:
    probe = ("unshare", "--mount", "--pid", "--net", "--fork", "true")
    try:
        done = subprocess.run(probe, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stderr.strip() if done.returncode else ""


def _controllers(roots: Iterable[Path], *, unified: bool) -> frozenset[str]:
    if unified:
        return frozenset(_read(cgroups.ROOT / "cgroup.controllers").split())
    return frozenset(name for root in roots for name in root.name.split(","))


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
