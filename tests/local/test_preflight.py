from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from mlops_local import preflight
from mlops_local.errors import PreflightError
from mlops_local.host_packages import HOST_PACKAGES
from mlops_local.machine_facts import Disk, MachineFacts
from mlops_local.node import NodeSpec

GIB = 1024**3
SPEC = NodeSpec(name="mlops", home=Path("/srv/mlops"), published_ports=(30080,))
FIT = MachineFacts(
    system="Linux",
    architecture="x86_64",
    user_id=0,
    namespace_error="",
    cgroup_version=1,
    cgroup_controllers=frozenset({"cpu", "cpuacct", "cpuset", "memory", "pids"}),
    cgroups_writable=True,
    missing=(),
    has_apt=True,
    disks=(Disk(Path("/srv"), free_bytes=20 * GIB, needed_bytes=15 * GIB),),
    memory_bytes=8 * GIB,
    listeners={},
    networks=((IPv4Network("192.0.2.0/24"), "eth0"),),
    node_runs=False,
)


def found(**changes: object) -> list[str]:
    """What is wrong with a fit machine after `changes`."""
    return [problem.what for problem in preflight.problems(replace(FIT, **changes), SPEC)]  # type: ignore[arg-type]


def test_a_fit_machine_has_no_problems() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"system": "Darwin"}, "this is Darwin"),
        ({"architecture": "riscv64"}, "the processor is riscv64; tried were x86_64 only"),
        ({"user_id": 1000}, "you are user 1000, not root"),
        (
            {"namespace_error": "unshare failed: Operation not permitted"},
            "the kernel refuses new namespaces: unshare failed: Operation not permitted",
        ),
        (
            {"cgroup_controllers": frozenset({"cpu", "cpuacct", "cpuset"})},
            "control groups are missing below /sys/fs/cgroup: memory, pids",
        ),
        ({"cgroups_writable": False}, "/sys/fs/cgroup is read-only"),
        (
            {"disks": (Disk(Path("/srv"), free_bytes=GIB, needed_bytes=15 * GIB),)},
            "/srv has 1.0 GiB free; 15.0 GiB are needed",
        ),
        ({"memory_bytes": 3 * GIB}, "3.0 GiB of memory are available; 4.0 GiB are needed"),
        (
            {"listeners": {30080: "process 7 (nginx)"}},
            "port 30080 on 127.0.0.1 is taken by process 7 (nginx)",
        ),
        (
            {"networks": ((IPv4Network("10.0.0.0/8"), "tun0"),)},
            "10.199.0.0/30, the node's addresses, overlap 10.0.0.0/8 on device tun0",
        ),
        (
            {"missing": HOST_PACKAGES[:1], "has_apt": False},
            "these programs are missing and there is no apt-get; install them yourself:",
        ),
    ],
)
def test_each_obstacle_is_named(changes: dict[str, object], what: str) -> None:
    assert found(**changes) == [what]


def test_version_2_groups_need_no_accounting_controller() -> None:
    assert found(cgroup_version=2, cgroup_controllers=frozenset({"cpu", "cpuset", "memory", "pids"})) == []


def test_missing_packages_are_no_obstacle_where_apt_installs_them() -> None:
    assert found(missing=HOST_PACKAGES) == []


def test_a_running_node_is_not_its_own_obstacle() -> None:
    changes = {
        "listeners": {6443: "process 7 (socat)"},
        "memory_bytes": GIB,
        "networks": ((IPv4Network("10.199.0.0/30"), "mlops"),),
    }
    assert len(found(**changes)) == 3
    assert found(**changes, node_runs=True) == []


def test_all_obstacles_come_on_one_screen_with_what_to_do() -> None:
    facts = replace(FIT, user_id=1000, memory_bytes=GIB)
    assert preflight.screen(SPEC, preflight.problems(facts, SPEC)) == (
        "this machine cannot run node mlops yet: 2 things stand in the way; nothing was changed\n"
        "1. you are user 1000, not root\n"
        "   -> run the command as root, e.g. with `sudo -E`\n"
        "2. 1.0 GiB of memory are available; 4.0 GiB are needed\n"
        "   -> end other programs or use a larger machine"
    )


def test_a_refusal_comes_before_anything_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "gather", lambda spec, cache: replace(FIT, user_id=1000))
    spec = SPEC.model_copy(update={"home": tmp_path / "home"})
    with pytest.raises(PreflightError, match="one thing stands in the way; nothing was changed"):
        preflight.check(spec, tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []
