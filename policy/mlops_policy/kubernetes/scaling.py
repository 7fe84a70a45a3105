"""How many pods a workload may have. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policy.resources import Resource, Stack
from mlops_policy.views import View

AUTOSCALER = "kubernetes:autoscaling/*:HorizontalPodAutoscaler"
SCALED_OBJECT = "kubernetes:keda.sh/*:ScaledObject"
_KEDA_MOST = 100
"""What KEDA takes where `maxReplicaCount` is not given (KEDA, "Scaling Deployments": defaults)."""


def namespace(resource: Resource) -> str:
    """The namespace of an object; `default` where none is given, as the API server takes it."""
    return resource.view.at("metadata.namespace").text("default")


def scalers(stack: Stack, workload: Resource) -> Iterator[Resource]:
    """Every autoscaler of a workload."""
    name, kind = workload.view.at("metadata.name").text(), workload.type.rpartition(":")[2]
    for each in stack.of(AUTOSCALER, SCALED_OBJECT):
        target = each.view.at("spec.scaleTargetRef")
        named = target.key("name").text() == name and target.key("kind").text("Deployment") == kind
        if named and namespace(each) == namespace(workload):
            yield each


def fewest(stack: Stack, workload: Resource) -> list[View]:
    """Where the least number of pods stands, an autoscaler's or the workload's own."""
    found = [
        each.view.at("spec.minReplicas" if _is_native(each) else "spec.minReplicaCount")
        for each in scalers(stack, workload)
    ]
    return found or [workload.view.at("spec.replicas")]


def default_fewest(place: View) -> int:
    """The least number where the field is not given: KEDA goes down to none."""
    return 0 if place.path.endswith("minReplicaCount") else 1


def most(stack: Stack, workload: Resource) -> int:
    """The largest number of pods."""
    found = [
        each.view.at("spec.maxReplicas").whole(1)
        if _is_native(each)
        else each.view.at("spec.maxReplicaCount").whole(_KEDA_MOST)
        for each in scalers(stack, workload)
    ]
    return max(found) if found else workload.view.at("spec.replicas").whole(1)


def _is_native(scaler: Resource) -> bool:
    return scaler.type.startswith("kubernetes:autoscaling/")
