"""How many pods a workload may have. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policy.kubernetes.objects import names, namespace_of, within
from mlops_policy.resources import Resource, Stack
from mlops_policy.views import View

AUTOSCALERS = ("kubernetes:autoscaling/*:HorizontalPodAutoscaler", "kubernetes:keda.sh/*:ScaledObject")
_KEDA_MOST = 100
"""What KEDA takes where `maxReplicaCount` is not given (KEDA, "Scaling Deployments": defaults)."""


def scalers(workload: Resource, stack: Stack) -> Iterator[Resource]:
    """Every autoscaler of a workload.

    Raises:
        UnknownRead: of one it is not known yet.
    """
    kind, place = workload.type.rpartition(":")[2], namespace_of(workload)
    for each in within(stack, AUTOSCALERS, place):
        target = each.view.at("spec.scaleTargetRef")
        if target.key("kind").text("Deployment") != kind or namespace_of(each) != place:
            continue
        if names(each, target.key("name"), "spec", workload):
            yield each


def fewest(workload: Resource, stack: Stack) -> list[tuple[View, int]]:
    """Where the least number of pods stands, an autoscaler's or the workload's own, and what it is.

    Raises:
        UnknownRead: one of them is not known yet.
    """
    found = [
        (each.view.at("spec.minReplicaCount"), 0) if _of_keda(each) else (each.view.at("spec.minReplicas"), 1)
        for each in scalers(workload, stack)
    ]
    places = found or [(workload.view.at("spec.replicas"), 1)]
    return [(place, place.whole(default)) for place, default in places]


def least(workload: Resource, stack: Stack) -> int:
    """The least number of pods; raises `UnknownRead`."""
    return min(number for _, number in fewest(workload, stack))


def most(workload: Resource, stack: Stack) -> int:
    """The largest number of pods; raises `UnknownRead`."""
    found = [
        each.view.at("spec.maxReplicaCount").whole(_KEDA_MOST)
        if _of_keda(each)
        else each.view.at("spec.maxReplicas").whole(1)
        for each in scalers(workload, stack)
    ]
    return max(found) if found else workload.view.at("spec.replicas").whole(1)


def _of_keda(scaler: Resource) -> bool:
    return scaler.type.endswith(":ScaledObject")
