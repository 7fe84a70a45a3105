"""Machines between the bounds of autoscaling, and what endpoints take of them.

A month has 1000 hours, spot costs half, a fifth of each machine is set aside, a GiB of gp3 costs 0.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi_aws as aws
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_kubernetes.apiextensions import CustomResource

from cost_documents import (
    REGION,
    TODAY,
    Part,
    deployment,
    node_class,
    node_group,
    node_pool,
    prices,
    rendered,
)
from mlops_stacks.cost import CannotEstimate, Estimate, estimate
from mlops_stacks.cost.nodes import fitting, machines_for
from mlops_stacks.cost.pods import Demand

TYPE = "node.kubernetes.io/instance-type"
FAMILY = "karpenter.k8s.aws/instance-family"
CATEGORY = "karpenter.k8s.aws/instance-category"
CAPACITY = "karpenter.sh/capacity-type"
SYSTEM_TAINT = {"key": "CriticalAddonsOnly", "effect": "NO_SCHEDULE"}


def of(program: Callable[[], object]) -> Estimate:
    """The estimate of a program whose only other resource costs nothing."""

    def whole() -> None:
        aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
        program()

    return estimate(rendered(whole), prices(), REGION, TODAY)


def machines(found: Estimate) -> list[tuple[str, str, float, float]]:
    """(resource, what, low, high) of the lines of machines."""
    return [
        (line.resource, line.what, round(line.low, 2), round(line.high, 2))
        for line in found.lines
        if line.what.startswith("machines")
    ]


@pytest.mark.parametrize(
    ("inputs", "what", "low", "high"),
    [
        ({}, "machines: 2 x m7i.large to 4 x m7i.large, 20 GiB gp3 each", 204.0, 408.0),
        (
            {"capacity_type": "SPOT"},
            "machines: 2 x m7i.large to 4 x m7i.large, 20 GiB gp3 each",
            104.0,
            208.0,
        ),
        ({"disk_size": 100}, "machines: 2 x m7i.large to 4 x m7i.large, 100 GiB gp3 each", 220.0, 440.0),
        (
            {"instance_types": ["m7i.xlarge", "m7i.large"]},
            "machines: 2 x m7i.large to 4 x m7i.xlarge, 20 GiB gp3 each",
            204.0,
            808.0,
        ),
    ],
)
def test_a_node_group_costs_its_minimum_to_its_maximum(
    inputs: dict[str, Any], what: str, low: float, high: float
) -> None:
    assert machines(of(lambda: node_group("system", 2, 4, **inputs))) == [("system", what, low, high)]


def test_a_node_group_takes_types_and_volumes_from_its_launch_template() -> None:
    def program() -> None:
        template = aws.ec2.LaunchTemplate(
            "template",
            instance_type="m7i.xlarge",
            block_device_mappings=[
                {"device_name": "/dev/xvda", "ebs": {"volume_size": 10}},
                {"device_name": "/dev/xvdb", "ebs": {"volume_size": 30}},
            ],
        )
        node_group("system", 1, 2, instance_types=None, launch_template={"id": template.id, "version": "1"})

    assert machines(of(program)) == [
        ("system", "machines: 1 x m7i.xlarge to 2 x m7i.xlarge, 40 GiB gp3 each", 204.0, 408.0)
    ]


def test_an_instance_type_without_a_price_is_refused_with_region_and_remedy() -> None:
    with pytest.raises(CannotEstimate) as refused:
        of(lambda: node_group("system", 1, 1, instance_types=["m7i.metal"]))
    assert str(refused.value) == (
        "instance type 'm7i.metal' has no price in eu-central-1. Is it offered in eu-central-1? "
        "If so, add it with `mlops refresh-prices eu-central-1 --add m7i.metal`"
    )


def pool_of_m7i(limits: dict[str, str] | None = None) -> None:
    node_class(50)
    node_pool("general", {FAMILY: ["m7i"]}, limits or {"cpu": "20", "memory": "60Gi"})


def test_a_pool_costs_nothing_at_least_where_the_node_groups_hold_the_pods() -> None:
    def program() -> None:
        node_group("system", 2, 2)  # 2 x 1.6 cores, 2 x 6.4 GiB for pods
        pool_of_m7i()
        deployment("app", {"cpu": "3", "memory": "12Gi"})

    assert machines(of(program)) == [
        # 60 GiB are 7 m7i.large (735) or 3 m7i.xlarge (615), with 5 for each one's volume
        ("general", "machines: 0 to 7 x m7i.large, 50 GiB gp3 each", 0.0, 735.0),
        ("system", "machines: 2 x m7i.large to 2 x m7i.large, 20 GiB gp3 each", 204.0, 204.0),
    ]


def test_a_pool_costs_at_least_what_the_fewest_pods_need_beside_the_node_groups() -> None:
    def program() -> None:
        node_group("system", 2, 2)
        pool_of_m7i()
        # 4 x 1 core less the groups' 3.2 are 0.8 cores: one m7i.large.
        deployment("app", {"cpu": "1", "memory": "1Gi"}, scale=(4, 20))

    assert machines(of(program))[0] == (
        "general",
        "machines: 1 x m7i.large to 7 x m7i.large, 50 GiB gp3 each",
        105.0,
        735.0,
    )


def test_a_tainted_node_group_holds_no_pods_of_the_platform() -> None:
    def program() -> None:
        node_group("system", 2, 2, taints=[SYSTEM_TAINT])
        pool_of_m7i()
        deployment("app", {"cpu": "3.2", "memory": "1Gi"})

    # 3.2 cores are 2 x 1.6 of m7i.large or 1 x 3.2 of m7i.xlarge, which has one volume less.
    assert machines(of(program))[0] == (
        "general",
        "machines: 1 x m7i.xlarge to 7 x m7i.large, 50 GiB gp3 each",
        205.0,
        735.0,
    )


def test_pods_that_tolerate_the_taint_of_a_node_group_need_no_machine_of_a_pool() -> None:
    def program() -> None:
        node_group("system", 2, 2, taints=[SYSTEM_TAINT])
        pool_of_m7i()
        deployment(
            "karpenter", {"cpu": "3"}, tolerations=[{"key": "CriticalAddonsOnly", "operator": "Exists"}]
        )

    assert [(row[0], row[2]) for row in machines(of(program))] == [("general", 0.0), ("system", 204.0)]


@pytest.mark.parametrize(
    ("capacities", "low", "high"),
    [
        (["on-demand"], 105.0, 735.0),
        (["spot", "on-demand"], 55.0, 735.0),  # half at best, all on demand at worst
        (["spot"], 55.0, 385.0),
    ],
)
def test_spot_halves_the_low_bound_and_the_high_one_only_where_nothing_else_is_allowed(
    capacities: list[str], low: float, high: float
) -> None:
    def program() -> None:
        node_class(50)
        node_pool("general", {FAMILY: ["m7i"], CAPACITY: capacities}, {"cpu": "20", "memory": "60Gi"})
        deployment("app", {"cpu": "1", "memory": "1Gi"})

    found = of(program)
    assert [(row[2], row[3]) for row in machines(found)] == [(low, high)]
    assert ("spot_factor" in found.assumed) is ("spot" in capacities)


@pytest.mark.parametrize(
    ("requirements", "dearest"),
    [
        ({TYPE: ["m7g.xlarge"]}, "2 x m7g.xlarge"),
        ({"kubernetes.io/arch": ["arm64"]}, "2 x m7g.xlarge"),
        ({CATEGORY: ["r"]}, "4 x r7i.large"),
        ({"karpenter.k8s.aws/instance-size": ["xlarge"], FAMILY: ["m7i"]}, "2 x m7i.xlarge"),
        ({"karpenter.k8s.aws/instance-cpu": ["4"], "kubernetes.io/arch": ["amd64"]}, "2 x m7i.xlarge"),
        ({"topology.kubernetes.io/zone": ["a"], FAMILY: ["m7i"]}, "4 x m7i.large"),
        ({}, "4 x r7i.large"),
    ],
)
def test_a_pool_is_priced_by_the_dearest_machines_that_it_allows(
    requirements: dict[str, list[str]], dearest: str
) -> None:
    found = of(lambda: node_pool("general", requirements, {"cpu": "8"}))
    assert machines(found)[0][1] == f"machines: 0 to {dearest}, 20 GiB gp3 each"


@pytest.mark.parametrize(
    ("operator", "values", "dearest"),
    [
        ("NotIn", ["r", "g"], "4 x m7i.large"),
        ("Exists", [], "4 x r7i.large"),
    ],
)
def test_a_pool_may_exclude_as_well_as_name(operator: str, values: list[str], dearest: str) -> None:
    def program() -> None:
        requirement = {"key": CATEGORY, "operator": operator, "values": values}
        CustomResource(
            "general",
            api_version="karpenter.sh/v1",
            kind="NodePool",
            spec={"limits": {"cpu": 8}, "template": {"spec": {"requirements": [requirement]}}},
        )

    assert machines(of(program))[0][1] == f"machines: 0 to {dearest}, 20 GiB gp3 each"


@pytest.mark.parametrize(("operator", "value"), [("Gt", "2"), ("Gte", "4"), ("Lt", "7"), ("Lte", "7")])
def test_a_pool_may_compare_numbers(operator: str, value: str) -> None:
    key = (
        "karpenter.k8s.aws/instance-cpu"
        if operator.startswith("G")
        else "karpenter.k8s.aws/instance-generation"
    )
    expected = {"Gt": "m7i.xlarge", "Gte": "m7i.xlarge", "Lt": "g5.xlarge", "Lte": "r7i.large"}[operator]

    def program() -> None:
        requirement = {"key": key, "operator": operator, "values": [value]}
        CustomResource(
            "general",
            api_version="karpenter.sh/v1",
            kind="NodePool",
            spec={"limits": {"cpu": 96}, "template": {"spec": {"requirements": [requirement]}}},
        )

    assert f" x {expected}," in machines(of(program))[0][1].partition(" to ")[2]


def gpu_endpoint(scale: tuple[int, int]) -> None:
    deployment(
        "vision",
        {"cpu": "2", "memory": "8Gi"},
        scale=scale,
        limits={"nvidia.com/gpu": "1"},
        parent=endpoint(),
    )


def endpoint(name: str = "vision") -> Part:
    return Part(name, "ModelEndpoint")


@pytest.mark.parametrize(
    ("scale", "low", "text"),
    [
        ((0, 4), 0.0, "0"),
        ((1, 4), 1002.0, "1 x g5.xlarge"),
        ((3, 4), 3006.0, "3 x g5.xlarge"),
    ],
)
def test_pods_with_gpus_cost_the_cheapest_machines_with_gpus(
    scale: tuple[int, int], low: float, text: str
) -> None:
    def program() -> None:
        node_pool("gpu", {FAMILY: ["g5"]}, {"nvidia.com/gpu": "8"}, taints=[{"key": "nvidia.com/gpu"}])
        gpu_endpoint(scale)

    # 8 GPUs are 8 x 1000 of g5.xlarge or 2 x 6000 of g5.12xlarge, and 2 of volume each.
    assert machines(of(program)) == [
        ("gpu", f"machines: {text} to 2 x g5.12xlarge, 20 GiB gp3 each", low, 12004.0)
    ]


def test_an_endpoint_costs_its_part_of_the_machines_at_its_fewest_and_most_pods() -> None:
    def program() -> None:
        node_group("system", 1, 2)  # 100 + 2 a month; 1.6 cores and 6.4 GiB for pods
        deployment("churn", {"cpu": "400m", "memory": "1Gi"}, scale=(2, 4), parent=endpoint("churn"))
        deployment("fixed", {"cpu": "100m", "memory": "3200Mi"}, replicas=1, parent=endpoint("fixed"))

    found = of(program)
    assert [
        (each.name, each.pods, each.what, round(each.low, 2), round(each.high, 2)) for each in found.endpoints
    ] == [
        ("churn", (2, 4), "of m7i.large to m7i.large", 51.0, 102.0),  # by cores: 0.8 and 1.6 of 1.6
        ("fixed", (1, 1), "of m7i.large to m7i.large", 49.8, 49.8),  # by memory: 3.125 of 6.4
    ]


def test_keda_scales_as_an_autoscaler_does_and_its_defaults_are_none_to_a_hundred() -> None:
    def program() -> None:
        node_group("system", 1, 2)
        part = endpoint("churn")
        deployment("churn", {"cpu": "160m", "memory": "64Mi"}, parent=part)
        CustomResource(
            "churn-scaling",
            api_version="keda.sh/v1alpha1",
            kind="ScaledObject",
            metadata={"name": "churn", "namespace": "models"},
            spec={"scaleTargetRef": {"name": "churn"}},
        )

    assert [(each.pods, each.low, round(each.high, 2)) for each in of(program).endpoints] == [
        ((0, 100), 0.0, 1020.0)
    ]


def test_a_pool_without_limits_costs_at_most_what_the_most_pods_request() -> None:
    def program() -> None:
        node_pool("general", {FAMILY: ["m7i"]}, None)
        deployment("app", {"cpu": "1", "memory": "1Gi"}, scale=(1, 5))

    found = of(program)
    # 5 cores are 4 m7i.large (408) or 2 m7i.xlarge (404).
    assert machines(found) == [
        ("general", "machines: 1 x m7i.large to 4 x m7i.large, 20 GiB gp3 each", 102.0, 408.0)
    ]
    assert found.notes == ["NodePool general has no limits: its high is what pods request at most"]


def test_limits_below_what_the_fewest_pods_need_are_noted() -> None:
    def program() -> None:
        node_pool("general", {TYPE: ["m7i.large"]}, {"cpu": "2"})
        deployment("app", {"cpu": "1", "memory": "1Gi"}, replicas=4)

    found = of(program)
    assert [(row[2], row[3]) for row in machines(found)] == [(306.0, 306.0)]
    assert found.notes == ["general: the pods at their fewest need more than its limits allow"]


def test_pods_that_no_machine_of_the_program_holds_are_noted() -> None:
    found = of(lambda: deployment("app", {"cpu": "1500m", "memory": "2Gi"}, replicas=2))
    assert found.notes == [
        "pods request at least 3.00 cores and 4.00 GiB that no node group or NodePool of the program gives; "
        "machines of an adopted cluster are not in the estimate"
    ]


def test_a_pool_that_allows_no_known_type_is_noted() -> None:
    found = of(lambda: node_pool("general", {FAMILY: ["x8g"]}, {"cpu": "4"}))
    assert machines(found) == []
    assert found.notes == ["NodePool general allows no instance type of the price file: it is priced at 0"]


def test_machines_whose_price_no_source_was_found_for_are_marked() -> None:
    found = estimate(rendered(lambda: node_group("system", 1, 1)), prices(["m7i.large"]), REGION, TODAY)
    assert [(line.resource, line.unverified) for line in found.lines] == [
        ("system", True),
        ("traffic", False),
    ]


amounts = st.floats(min_value=0, max_value=500).map(lambda value: round(value, 3))


@given(cpu=amounts, memory=amounts)
def test_as_many_machines_as_are_counted_hold_the_pods_and_one_less_does_not(
    cpu: float, memory: float
) -> None:
    one = Demand(1.6, 6.4)
    count = machines_for(Demand(cpu, memory), one)
    assert count * one.cpu >= cpu - 1e-6
    assert count * one.memory_gib >= memory - 1e-6
    assert count == 0 or (count - 1) * one.cpu < cpu or (count - 1) * one.memory_gib < memory


@given(cpu=st.integers(0, 1000), memory=st.integers(0, 4000))
def test_as_many_machines_as_fit_never_exceed_a_limit_and_one_more_does(cpu: int, memory: int) -> None:
    one = Demand(4, 16)
    count = fitting(Demand(cpu, memory, float("inf")), one)
    assert count * one.cpu <= cpu
    assert count * one.memory_gib <= memory
    assert (count + 1) * one.cpu > cpu or (count + 1) * one.memory_gib > memory
