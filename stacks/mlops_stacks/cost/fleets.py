"""Machines that a program asks for: managed node groups and Karpenter's NodePools, as plain data. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mlops_stacks.cost.pods import Demand
from mlops_stacks.cost.prices import Prices, Region, price_of
from mlops_stacks.cost.reading import Tree, Unknown, cpu_of, gib_of, items, known, number, part
from mlops_stacks.recording import Resource

NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
NODE_POOL: Final = "kubernetes:karpenter.sh/v1:NodePool"
NODE_CLASS: Final = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
_NODE_GROUP_DISK_GIB: Final = 20.0
"""EKS's default for Linux."""
_TYPE = re.compile(r"([a-z]+)(\d+)([a-z-]*)\.([a-z0-9-]+)")
_CONDITIONS: dict[str, Callable[[str, list[str]], bool]] = {
    "In": lambda value, allowed: value in allowed,
    "NotIn": lambda value, allowed: value not in allowed,
    "Exists": lambda value, allowed: True,
    "DoesNotExist": lambda value, allowed: False,
    "Gt": lambda value, allowed: float(value) > float(allowed[0]),
    "Gte": lambda value, allowed: float(value) >= float(allowed[0]),
    "Lt": lambda value, allowed: float(value) < float(allowed[0]),
    "Lte": lambda value, allowed: float(value) <= float(allowed[0]),
}
_ON_DEMAND = "on-demand"


@dataclass(frozen=True)
class Machine:
    """One instance type of a region; prices in dollars an hour, `low` with spot where that is allowed."""

    name: str
    size: Demand
    low: float
    high: float
    verified: bool

    def holds(self, reserve: float) -> Demand:
        """What pods can have of it."""
        return Demand(self.size.cpu * (1 - reserve), self.size.memory_gib * (1 - reserve), self.size.gpus)


@dataclass(frozen=True)
class Fleet:
    """Machines of one node group (`least`, `most`) or NodePool (`limits`, None without any)."""

    resource: Resource
    machines: Sequence[Machine]
    disk_gib: float
    taints: frozenset[str]
    spot: bool
    least: int = 0
    most: int = 0
    limits: Demand | None = None

    @property
    def tainted(self) -> bool:
        """True if only pods that tolerate something run on it."""
        return bool(self.taints)

    @property
    def is_pool(self) -> bool:
        """True for a NodePool."""
        return self.resource.type == NODE_POOL

    @property
    def has_gpus(self) -> bool:
        """True if every machine has some."""
        return all(machine.size.gpus for machine in self.machines)


def node_group(tree: Tree, resource: Resource, prices: Prices, region: str) -> Fleet:
    """A managed node group.

    Raises:
        CannotEstimate: a type has no price.
        Unknown: its types or sizes are not known.
    """
    here = prices.regions[region]
    spot = known(resource, "capacityType", "ON_DEMAND") == "SPOT"
    factor = prices.assumptions.spot_factor if spot else 1.0
    templates = tree.dependencies(resource, _TEMPLATE)
    types = items(known(resource, "instanceTypes", [])) or [
        known(template, "instanceType") for template in templates if template.inputs.get("instanceType")
    ]
    if not types:
        raise Unknown("instanceTypes")
    return Fleet(
        resource=resource,
        machines=[_machine(str(name), prices, here, region, factor, factor) for name in types],
        disk_gib=_group_disk(resource, templates),
        taints=_keys(resource.inputs.get("taints")),
        spot=spot,
        least=int(number(resource, "scalingConfig.minSize")),
        most=int(number(resource, "scalingConfig.maxSize")),
    )


def node_pool(tree: Tree, resource: Resource, prices: Prices, region: str) -> Fleet:
    """A Karpenter NodePool, with those types of the price file that it allows.

    Raises:
        Unknown: its requirements or limits are not known.
    """
    here = prices.regions[region]
    template = known(resource, "spec.template")
    spec = part(template, "spec")
    requirements = [each for each in items(part(spec, "requirements")) if isinstance(each, dict)]
    capacities = _capacities(requirements)
    spot_factor = prices.assumptions.spot_factor
    names = _without_idle_gpus(
        sorted(name for name in here.instances.prices if _allowed(name, prices, requirements)), prices
    )
    machines = [
        _machine(
            name,
            prices,
            here,
            region,
            spot_factor if "spot" in capacities else 1.0,
            1.0 if _ON_DEMAND in capacities else spot_factor,
        )
        for name in names
    ]
    return Fleet(
        resource=resource,
        machines=machines,
        disk_gib=_class_disk(tree, part(part(spec, "nodeClassRef"), "name")),
        taints=_keys(part(spec, "taints")),
        spot="spot" in capacities,
        limits=_limits(known(resource, "spec.limits")),
    )


def _keys(taints: Any) -> frozenset[str]:
    return frozenset(str(part(each, "key")) for each in items(taints))


def _machine(name: str, prices: Prices, here: Region, region: str, low: float, high: float) -> Machine:
    hourly = price_of(here.instances, name, "instance type", region)
    shape = prices.shapes[name]
    return Machine(
        name=name,
        size=Demand(shape.cpu, shape.memory_gib, shape.gpus),
        low=hourly * low,
        high=hourly * high,
        verified=here.instances.is_verified(name),
    )


def _without_idle_gpus(names: list[str], prices: Prices) -> list[str]:
    """Where machines with and without GPUs are allowed, Karpenter takes the cheaper ones without."""
    plain = [name for name in names if not prices.shapes[name].gpus]
    return plain or names


def _capacities(requirements: Sequence[dict[str, Any]]) -> list[str]:
    """Karpenter's default is on demand."""
    every = [_ON_DEMAND, "spot", "reserved"]
    mine = [each for each in requirements if each.get("key") == "karpenter.sh/capacity-type"]
    kept = [kind for kind in every if all(_meets(kind, each) for each in mine)]
    return kept if mine else [_ON_DEMAND]


def _allowed(name: str, prices: Prices, requirements: Sequence[dict[str, Any]]) -> bool:
    labels = _labels(name, prices)
    return all(
        _meets(labels.get(str(each.get("key"))), each)
        for each in requirements
        if str(each.get("key")) in labels or str(each.get("key")) in _GPU_LABELS
    )


_GPU_LABELS = ("karpenter.k8s.aws/instance-gpu-count", "karpenter.k8s.aws/instance-gpu-manufacturer")


def _labels(name: str, prices: Prices) -> dict[str, str]:
    """The labels that Karpenter gives a machine of this type."""
    shape, match = prices.shapes[name], _TYPE.fullmatch(name)
    category, generation, _, size = match.groups() if match else ("", "0", "", "")
    labels = {
        "node.kubernetes.io/instance-type": name,
        "kubernetes.io/arch": shape.arch,
        "karpenter.k8s.aws/instance-category": category,
        "karpenter.k8s.aws/instance-generation": generation,
        "karpenter.k8s.aws/instance-family": name.partition(".")[0],
        "karpenter.k8s.aws/instance-size": size,
        "karpenter.k8s.aws/instance-cpu": f"{shape.cpu:.0f}",
        "karpenter.k8s.aws/instance-memory": f"{shape.memory_gib * 1024:.0f}",
    }
    return labels | (dict(zip(_GPU_LABELS, (str(shape.gpus), "nvidia"), strict=True)) if shape.gpus else {})


def _meets(value: str | None, requirement: dict[str, Any]) -> bool:
    operator = str(requirement.get("operator", "In"))
    if value is None:
        return operator in ("NotIn", "DoesNotExist")
    allowed = [str(each) for each in items(requirement.get("values"))]
    return operator in _CONDITIONS and _CONDITIONS[operator](value, allowed)


def _limits(limits: Any) -> Demand | None:
    """Where no limit is set for one of the three, there is none: infinite."""
    if not isinstance(limits, dict) or not limits:
        return None
    infinite = float("inf")
    return Demand(
        cpu_of(limits["cpu"]) if "cpu" in limits else infinite,
        gib_of(limits["memory"]) if "memory" in limits else infinite,
        cpu_of(limits["nvidia.com/gpu"]) if "nvidia.com/gpu" in limits else infinite,
    )


def _group_disk(resource: Resource, templates: Sequence[Resource]) -> float:
    for template in templates:
        if sizes := _volumes(template.inputs.get("blockDeviceMappings")):
            return sum(sizes)
    return number(resource, "diskSize", _NODE_GROUP_DISK_GIB)


def _class_disk(tree: Tree, name: Any) -> float:
    for resource in tree.document.resources:
        if resource.type == NODE_CLASS and part(part(resource.inputs, "metadata"), "name") == name:
            sizes = _volumes(part(part(resource.inputs, "spec"), "blockDeviceMappings"))
            return sum(sizes) or _NODE_GROUP_DISK_GIB
    return _NODE_GROUP_DISK_GIB


def _volumes(mappings: Any) -> list[float]:
    """GiB of every volume of a machine: a number in EC2's mappings, a quantity in Karpenter's."""
    sizes = [part(part(each, "ebs"), "volumeSize") for each in items(mappings)]
    return [float(size) if str(size).isdigit() else gib_of(size) for size in sizes if size is not None]
