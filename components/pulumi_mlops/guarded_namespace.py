"""A namespace in which nothing is allowed by default; the first objects of every platform."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.core.v1 import LimitRange, Namespace, ResourceQuota
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from pulumi_mlops import checks, inputs, manifests, network_flows
from pulumi_mlops.labels import labels

POD_SECURITY_VERSION = "v1.34"
"""Pinned, so that a cluster upgrade alone never changes what is admitted."""


class GuardedNamespaceArgs(TypedDict):
    """Arguments of GuardedNamespace."""

    object_name: NotRequired[str]
    """Name of the namespace; the component's name by default."""
    max_pods: NotRequired[pulumi.Input[int]]
    """Most pods that may be in it at once; 100 by default."""
    labels: NotRequired[dict[str, str]]
    """Labels by which controllers of the cluster know it, beside its own, which they cannot replace."""


class GuardedNamespace(pulumi.ComponentResource):
    """A namespace with Pod Security `restricted`, traffic denied, a pod quota and default resources."""

    namespace: pulumi.Output[str]
    """Name of the namespace, known once it exists."""

    def __init__(
        self, name: str, args: GuardedNamespaceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:index:GuardedNamespace", name, {}, opts)
        object_name = inputs.plain(args, "object_name", checks.object_name, name)
        max_pods = inputs.whole(args, "max_pods", checks.positive, 100)
        child = pulumi.ResourceOptions(parent=self)
        marks = labels("namespace", object_name)
        namespace = Namespace(
            f"{name}-namespace",
            metadata={
                "name": object_name,
                "labels": {**(args.get("labels") or {}), **marks, **pod_security_labels()},
            },
            opts=child,
        )
        self.namespace = namespace.metadata.name.apply(str)
        NetworkPolicy(
            f"{name}-deny-all",
            opts=child,
            **network_flows.deny_all(manifests.metadata("deny-all", self.namespace, marks)),
        )
        ResourceQuota(
            f"{name}-quota",
            metadata=manifests.metadata("quota", self.namespace, marks),
            spec={"hard": quota(max_pods)},
            opts=child,
        )
        LimitRange(
            f"{name}-defaults",
            metadata=manifests.metadata("defaults", self.namespace, marks),
            spec={"limits": [default_resources()]},
            opts=child,
        )
        self.register_outputs({"namespace": self.namespace})


def pod_security_labels() -> dict[str, str]:
    """The labels by which the API server admits `restricted` pods only."""
    prefix = "pod-security.kubernetes.io"
    modes = ("enforce", "audit", "warn")
    return {f"{prefix}/{mode}": "restricted" for mode in modes} | {
        f"{prefix}/{mode}-version": POD_SECURITY_VERSION for mode in modes
    }


def quota(max_pods: pulumi.Input[int]) -> dict[str, pulumi.Input[str]]:
    """Bounds against runaways: a number of pods, and no cloud load balancer by accident."""
    return {"pods": pulumi.Output.from_input(max_pods).apply(str), "services.loadbalancers": "0"}


def default_resources() -> manifests.Object:
    """What a container without figures of its own gets."""
    return {
        "type": "Container",
        "default": {"memory": "512Mi"},
        "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
    }
