from __future__ import annotations

from typing import Any

import pulumi
import pytest

from pulumi_mlops.aws import pool_args
from pulumi_mlops.aws.eks_args import NodeKind
from pulumi_mlops.aws.node_pools import Pool
from pulumi_mlops.aws.pool_args import SystemNodes

CPU: dict[str, Any] = {"kind": NodeKind.CPU, "cpu_limit": 64, "memory_limit": "256Gi"}


def one(**changes: Any) -> Pool:
    given = {key: value for key, value in {**CPU, **changes}.items() if value is not None}
    (found,) = pool_args.pools({"pools": {"general": given}})
    return found


def refusal(args: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        pool_args.pools({"pools": {"general": CPU, "other": args}})
    return caught.value.property_path, caught.value.reason


def test_a_pool_needs_a_kind_and_two_limits_only() -> None:
    assert one() == Pool(
        name="general",
        kind="cpu",
        cpu_limit=64,
        memory_limit="256Gi",
        gpu_limit=None,
        categories=("c", "m"),
        families=[],
        architectures=["amd64"],
        zones=[],
        disk_gib=100,
        expire_after="720h",
        consolidate_after="5m",
        drain_within="30m",
        budgets=[{"nodes": "10%"}],
    )


def test_every_choice_can_be_made() -> None:
    budget = {"nodes": "0", "schedule": "0 8 * * mon-fri", "duration": "10h"}
    assert one(
        kind=NodeKind.MEMORY,
        families=["r7i"],
        architectures=["arm64"],
        zones=["eu-central-1a"],
        disk_gib=300,
        expire_after="Never",
        consolidate_after="1h",
        drain_within="2h",
        disruption=[budget, {"nodes": "2"}],
    ) == Pool(
        name="general",
        kind="memory",
        cpu_limit=64,
        memory_limit="256Gi",
        gpu_limit=None,
        categories=("r",),
        families=["r7i"],
        architectures=["arm64"],
        zones=["eu-central-1a"],
        disk_gib=300,
        expire_after="Never",
        consolidate_after="1h",
        drain_within="2h",
        budgets=[budget, {"nodes": "2"}],
    )


def test_numbers_and_kinds_of_other_languages_are_taken() -> None:
    found = pool_args.pools(
        {
            "pools": {
                "general": {**CPU, "cpu_limit": 64.0, "disk_gib": 50.0, "kind": "cpu"},
                "gpus": {**CPU, "kind": "gpu", "gpu_limit": 4.0},
            }
        }
    )
    assert [(p.name, p.kind, p.cpu_limit, p.gpu_limit, p.disk_gib) for p in found] == [
        ("general", "cpu", 64, None, 50),
        ("gpus", "gpu", 64, 4, 200),
    ]


@pytest.mark.parametrize("limit", ["cpu_limit", "memory_limit"])
def test_a_pool_without_a_limit_is_refused(limit: str) -> None:
    path, reason = refusal({key: value for key, value in CPU.items() if key != limit})
    assert path == f"pools.other.{limit}"
    assert reason.startswith("a pool without this limit has no bound on its cost; give the most")


def test_a_gpu_pool_without_a_number_of_gpus_is_refused() -> None:
    path, reason = refusal({**CPU, "kind": NodeKind.GPU})
    assert path == "pools.other.gpu_limit"
    assert "no bound on its cost" in reason


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"kind": None}, "pools.other.kind", "required"),
        ({"gpu_limit": 1}, "pools.other.gpu_limit", "a pool of kind cpu has no GPUs; leave it out"),
        ({"families": ["m"]}, "pools.other.families[0]", "no family"),
        ({"categories": ["m"], "families": ["m7i"]}, "pools.other.families", "give one of the two"),
        ({"memory_limit": "256"}, "pools.other.memory_limit", "a number with a unit"),
        ({"cpu_limit": 0}, "pools.other.cpu_limit", "whole number from 1"),
        ({"drain_within": "Never"}, "pools.other.drain_within", "holds up a destroy"),
        ({"expire_after": "30d"}, "pools.other.expire_after", "such as 720h"),
        ({"disruption": [{"nodes": "many"}]}, "pools.other.disruption[0].nodes", "a percentage"),
        (
            {"disruption": [{"nodes": "0", "schedule": "0 8 * * *"}]},
            "pools.other.disruption[0]",
            "schedule and duration go together",
        ),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_at_its_path(
    changes: dict[str, Any], path: str, reason: str
) -> None:
    found_path, found_reason = refusal(
        {key: value for key, value in {**CPU, **changes}.items() if value is not None}
    )
    assert found_path == path
    assert reason in found_reason


def test_a_pools_name_is_one_for_kubernetes() -> None:
    with pytest.raises(pulumi.InputPropertyError, match="not a name for Kubernetes objects"):
        pool_args.pools({"pools": {"General Use": CPU}})


def test_pools_for_gpus_alone_are_refused() -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        pool_args.pools({"pools": {"gpus": {**CPU, "kind": NodeKind.GPU, "gpu_limit": 1}}})
    assert caught.value.property_path == "pools"
    assert "add a pool of kind cpu or memory" in caught.value.reason


def test_system_nodes_need_no_argument_and_are_three_in_production() -> None:
    types = ("m7i.large", "m6i.large", "m5.large")
    assert pool_args.system_nodes({}, production=False) == SystemNodes(types, "amd64", 2, 3, 50)
    assert pool_args.system_nodes({}, production=True) == SystemNodes(types, "amd64", 3, 4, 50)


def test_system_nodes_can_be_chosen() -> None:
    chosen = {"architecture": "arm64", "least": 4.0, "most": 6.0, "disk_gib": 80.0}
    assert pool_args.system_nodes({"system_nodes": chosen}, production=False) == SystemNodes(
        ("m7g.large", "m6g.large"), "arm64", 4, 6, 80
    )
    types = {"system_nodes": {"instance_types": ["t3.large"]}}
    assert pool_args.system_nodes(types, production=False).instance_types == ["t3.large"]


@pytest.mark.parametrize(
    ("wanted", "path", "reason"),
    [
        ({"instance_types": ["large"]}, "system_nodes.instance_types[0]", "no instance type"),
        ({"least": 3, "most": 2}, "system_nodes.most", "2 nodes at most are less than 3 at least"),
        ({"architecture": "riscv"}, "system_nodes.architecture", "allowed are amd64 and arm64"),
    ],
)
def test_system_nodes_that_cannot_be_are_refused(wanted: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        pool_args.system_nodes({"system_nodes": wanted}, production=False)
    assert caught.value.property_path == path
    assert reason in caught.value.reason
