"""What pods request: by workload, with the fewest and the most of them that autoscaling allows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlops_stacks.cost.reading import Tree, cpu_of, gib_of, items, part
from mlops_stacks.recording import Resource

ENDPOINT = "mlops:index:ModelEndpoint"
_WORKLOADS = ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet")
_HPA = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
_SCALED_OBJECT = "kubernetes:keda.sh/v1alpha1:ScaledObject"
_GPU = "nvidia.com/gpu"


@dataclass(frozen=True)
class Demand:
    """What pods request, or machines have: cores, GiB, GPUs."""

    cpu: float = 0.0
    memory_gib: float = 0.0
    gpus: float = 0.0

    def __add__(self, other: Demand) -> Demand:
        return Demand(self.cpu + other.cpu, self.memory_gib + other.memory_gib, self.gpus + other.gpus)

    def times(self, count: float) -> Demand:
        """So many of it."""
        return Demand(self.cpu * count, self.memory_gib * count, self.gpus * count)

    def without(self, other: Demand) -> Demand:
        """What is left of it; never below nothing."""
        return Demand(
            max(0.0, self.cpu - other.cpu),
            max(0.0, self.memory_gib - other.memory_gib),
            max(0.0, self.gpus - other.gpus),
        )


@dataclass(frozen=True)
class Workload:
    """A Deployment or StatefulSet; `endpoint` is the name of the ModelEndpoint it belongs to, or "".

    `tolerated` are the keys of the taints that its pods tolerate.
    """

    name: str
    endpoint: str
    pod: Demand
    least: int
    most: int
    tolerated: frozenset[str]


def workloads(tree: Tree) -> list[Workload]:
    """Every workload of the document that runs on machines for good.

    Jobs come and go, and a DaemonSet's pods are in the part of a machine that is set aside.
    """
    bounds = _bounds(tree)
    return [
        _workload(tree, resource, bounds)
        for resource in tree.document.resources
        if resource.type in _WORKLOADS
    ]


def _workload(tree: Tree, resource: Resource, bounds: Mapping[Any, tuple[int, int]]) -> Workload:
    spec = part(resource.inputs, "spec")
    replicas = part(spec, "replicas")
    fixed = 1 if replicas is None else int(replicas)
    least, most = bounds.get(_key(resource, _object_name(resource)), (fixed, fixed))
    pod_spec = part(part(spec, "template"), "spec")
    endpoints = [each.name for each in tree.above(resource) if each.type == ENDPOINT]
    return Workload(
        name=resource.name,
        endpoint=endpoints[0] if endpoints else "",
        pod=_pod(pod_spec),
        least=least,
        most=most,
        tolerated=frozenset(str(part(each, "key")) for each in items(part(pod_spec, "tolerations"))),
    )


def _pod(spec: Any) -> Demand:
    total = Demand()
    for container in items(part(spec, "containers")):
        resources = part(container, "resources")
        requests, limits = part(resources, "requests"), part(resources, "limits")
        total += Demand(
            cpu_of(part(requests, "cpu")),
            gib_of(part(requests, "memory")),
            cpu_of(part(limits, _GPU) or part(requests, _GPU)),
        )
    return total


def _bounds(tree: Tree) -> dict[Any, tuple[int, int]]:
    """Fewest and most pods that an autoscaler keeps, by what it scales."""
    found: dict[Any, tuple[int, int]] = {}
    for resource in tree.document.resources:
        spec = part(resource.inputs, "spec")
        name = part(part(spec, "scaleTargetRef"), "name")
        if resource.type == _HPA:
            least, most = part(spec, "minReplicas"), part(spec, "maxReplicas")
            found[_key(resource, name)] = (_count(least, 1), _count(most, 1))
        elif resource.type == _SCALED_OBJECT:
            least, most = part(spec, "minReplicaCount"), part(spec, "maxReplicaCount")
            # KEDA's defaults.
            found[_key(resource, name)] = (_count(least, 0), _count(most, 100))
    return found


def _count(value: Any, default: int) -> int:
    return default if value is None else int(value)


def _key(resource: Resource, name: Any) -> tuple[str, str]:
    """An autoscaler and what it scales have one namespace; where that is unknown, one parent."""
    namespace = part(part(resource.inputs, "metadata"), "namespace")
    return (str(namespace or resource.parent), str(name))


def _object_name(resource: Resource) -> str:
    return str(part(part(resource.inputs, "metadata"), "name") or resource.name)
