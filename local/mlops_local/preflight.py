"""Can this machine run the node? Every reason why not, on one screen, before anything is changed.

`machine_facts.gather` looks, `problems` decides; the decisions are pure, so each is a row of a test's table.
"""

from dataclasses import dataclass
from pathlib import Path

from mlops_local.errors import PreflightError
from mlops_local.host_packages import no_apt_message
from mlops_local.machine_facts import MachineFacts, gather
from mlops_local.node.spec import NodeSpec

GIB = 1024**3
ARCHITECTURES = ("x86_64",)
MEMORY_BYTES = 4 * GIB
"""The bar for the whole idle platform."""
V1_CONTROLLERS = frozenset({"cpu", "cpuacct", "cpuset", "memory", "pids"})
V2_CONTROLLERS = frozenset({"cpu", "cpuset", "memory", "pids"})


@dataclass(frozen=True)
class Problem:
    """One reason why the node cannot run here, and what to do about it."""

    what: str
    todo: str


def check(spec: NodeSpec, cache: Path) -> None:
    """Raise PreflightError with every problem; `cache` is where programs and images are built."""
    found = problems(gather(spec, cache), spec)
    if found:
        raise PreflightError(screen(spec, found))


def screen(spec: NodeSpec, found: tuple[Problem, ...]) -> str:
    """All problems as one text for the terminal."""
    count = "one thing stands" if len(found) == 1 else f"{len(found)} things stand"
    lines = [f"this machine cannot run node {spec.name} yet: {count} in the way; nothing was changed"]
    for number, problem in enumerate(found, start=1):
        lines += [f"{number}. {problem.what}", f"   -> {problem.todo}"]
    return "\n".join(lines)


def problems(facts: MachineFacts, spec: NodeSpec) -> tuple[Problem, ...]:
    """Every reason why the node cannot run, in the order in which one would mend them."""
    found = [*_kernel(facts), *_programs(facts), *_disk(facts)]
    # A running node holds its own ports, addresses and memory.
    if not facts.node_runs:
        found += [*_memory(facts), *_ports(facts, spec), *_addresses(facts, spec)]
    return tuple(found)


def _kernel(facts: MachineFacts) -> list[Problem]:
    if facts.system != "Linux":
        return [
            Problem(f"this is {facts.system}", "use Linux, or name a kubeconfig context in `mlops:cluster`")
        ]
    found = []
    if facts.architecture not in ARCHITECTURES:
        found.append(
            Problem(
                f"the processor is {facts.architecture}; tried were {', '.join(ARCHITECTURES)} only",
                "use such a machine, or name a kubeconfig context in `mlops:cluster`",
            )
        )
    if facts.user_id != 0:
        found.append(
            Problem(f"you are user {facts.user_id}, not root", "run the command as root, e.g. with `sudo -E`")
        )
    elif facts.namespace_error:
        found.append(
            Problem(
                f"the kernel refuses new namespaces: {facts.namespace_error}",
                "inside a container, start it with --privileged; else use another machine",
            )
        )
    return [*found, *_cgroups(facts)]


def _cgroups(facts: MachineFacts) -> list[Problem]:
    needed = V2_CONTROLLERS if facts.cgroup_version == 2 else V1_CONTROLLERS
    missing = sorted(needed - facts.cgroup_controllers)
    if missing:
        return [
            Problem(
                f"control groups are missing below /sys/fs/cgroup: {', '.join(missing)}",
                "mount them, or boot with them enabled; inside a container, start it with --privileged",
            )
        ]
    if not facts.cgroups_writable and facts.user_id == 0:
        return [
            Problem(
                "/sys/fs/cgroup is read-only",
                "inside a container, start it with --privileged --cgroupns=host",
            )
        ]
    return []


def _programs(facts: MachineFacts) -> list[Problem]:
    if facts.missing and not facts.has_apt:
        first, *rest = no_apt_message(facts.missing).splitlines()
        return [Problem(first, "\n   ".join(rest))]
    return []


def _disk(facts: MachineFacts) -> list[Problem]:
    found = []
    for disk in facts.disks:
        if disk.free_bytes < disk.needed_bytes:
            found.append(
                Problem(
                    f"{disk.folder} has {_gib(disk.free_bytes)} free; {_gib(disk.needed_bytes)} are needed",
                    "free some space, or set MLOPS_HOME and MLOPS_CACHE to folders on a larger disk",
                )
            )
    return found


def _memory(facts: MachineFacts) -> list[Problem]:
    if facts.memory_bytes >= MEMORY_BYTES:
        return []
    what = f"{_gib(facts.memory_bytes)} of memory are available; {_gib(MEMORY_BYTES)} are needed"
    return [Problem(what, "end other programs or use a larger machine")]


def _ports(facts: MachineFacts, spec: NodeSpec) -> list[Problem]:
    return [
        Problem(
            f"port {port} on 127.0.0.1 is taken by {facts.listeners[port]}",
            "end that program, or give the node another port in the stack's settings",
        )
        for port in spec.host_ports()
        if port in facts.listeners
    ]


def _addresses(facts: MachineFacts, spec: NodeSpec) -> list[Problem]:
    return [
        Problem(
            f"{spec.address_block}, the node's addresses, overlap {network} on device {device}",
            "set `mlops:cluster` addressBlock to a /30 that this machine does not use",
        )
        for network, device in facts.networks
        if spec.address_block.overlaps(network)
    ]


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"
