"""A namespace in which nothing is allowed by default; the first objects of every platform."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.admissionregistration.v1 import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
)
from pulumi_kubernetes.core.v1 import LimitRange, Namespace, ResourceQuota, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from pulumi_mlops import checks, inputs, manifests, network_flows, rights, team_rules
from pulumi_mlops.labels import labels

POD_SECURITY_VERSION = "v1.34"
"""Pinned, so that a cluster upgrade alone never changes what is admitted."""


class GuardedNamespaceArgs(TypedDict):
    """Arguments of GuardedNamespace."""

    object_name: NotRequired[str]
    """Name of the namespace; the component's name by default."""
    max_pods: NotRequired[pulumi.Input[int]]
    """Most pods that may be in it at once; 100 by default."""
    max_cpu: NotRequired[pulumi.Input[str]]
    """Most CPU that its pods may request together, such as `8`; unbounded by default."""
    max_memory: NotRequired[pulumi.Input[str]]
    """Most memory that its pods may request together, such as `32Gi`; unbounded by default."""
    members: NotRequired[list[pulumi.Input[str]]]
    """Groups of the cluster's identity provider that may deploy into it; nobody but administrators by
    default."""
    deployer: NotRequired[str]
    """Name of a ServiceAccount to make in it, with the members' rights: for the team's own pipeline."""
    image_prefixes: NotRequired[list[pulumi.Input[str]]]
    """`registry/path/` below which all images of its pods must be; anywhere by default."""
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
            spec={"hard": quota(max_pods, **_requests(args))},
            opts=child,
        )
        LimitRange(
            f"{name}-defaults",
            metadata=manifests.metadata("defaults", self.namespace, marks),
            spec={"limits": [default_resources()]},
            opts=child,
        )
        self._rights(name, args, marks, child)
        self._images(name, args, object_name, child)
        self.register_outputs({"namespace": self.namespace})

    def _rights(
        self, name: str, args: GuardedNamespaceArgs, marks: Mapping[str, str], child: pulumi.ResourceOptions
    ) -> None:
        groups = inputs.texts(args, "members", inputs.any_text)
        account = None
        if inputs.given(args, "deployer"):
            meta = manifests.metadata(
                inputs.plain(args, "deployer", checks.object_name), self.namespace, marks
            )
            account = ServiceAccount(f"{name}-deployer", opts=child, **manifests.service_account(meta))
        if not groups and account is None:
            return
        deploy = manifests.metadata("deploy", self.namespace, marks)
        role = Role(f"{name}-deploy", opts=child, **rights.role(deploy, team_rules.deploying()))
        RoleBinding(
            f"{name}-deployers",
            metadata=deploy,
            role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata.name},
            subjects=team_rules.subjects(groups, account and account.metadata.name, self.namespace),
            opts=child,
        )

    def _images(
        self, name: str, args: GuardedNamespaceArgs, object_name: str, child: pulumi.ResourceOptions
    ) -> None:
        """Register the admission policy; both its objects are the cluster's, so their names carry ours."""
        prefixes = inputs.texts(args, "image_prefixes", checks.image_prefix)
        if not prefixes:
            return
        meta = {"name": f"{object_name}-images", "labels": labels("namespace", object_name)}
        policy = ValidatingAdmissionPolicy(
            f"{name}-images",
            metadata=meta,
            spec=pulumi.Output.all(*prefixes).apply(team_rules.only_images_below),
            opts=child,
        )
        ValidatingAdmissionPolicyBinding(
            f"{name}-images-binding",
            metadata=meta,
            spec=team_rules.refused_in(policy.metadata.name, self.namespace),
            opts=child,
        )


def pod_security_labels() -> dict[str, str]:
    """The labels by which the API server admits `restricted` pods only."""
    prefix = "pod-security.kubernetes.io"
    modes = ("enforce", "audit", "warn")
    return {f"{prefix}/{mode}": "restricted" for mode in modes} | {
        f"{prefix}/{mode}-version": POD_SECURITY_VERSION for mode in modes
    }


def quota(max_pods: pulumi.Input[int], **requests: pulumi.Input[str]) -> dict[str, pulumi.Input[str]]:
    """Bounds against runaways: a number of pods, what they request, no cloud load balancer by accident."""
    return {
        "pods": pulumi.Output.from_input(max_pods).apply(str),
        "services.loadbalancers": "0",
        **{f"requests.{kind}": most for kind, most in requests.items()},
    }


def default_resources() -> manifests.Object:
    """What a container without figures of its own gets."""
    return {
        "type": "Container",
        "default": {"memory": "512Mi"},
        "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
    }


def _requests(args: GuardedNamespaceArgs) -> dict[str, Any]:
    asked = {"cpu": ("max_cpu", checks.cpu_quantity), "memory": ("max_memory", checks.bytes_quantity)}
    return {
        kind: inputs.text(args, key, check) for kind, (key, check) in asked.items() if inputs.given(args, key)
    }
