"""Kinds of objects that the API server judges, and where their parts stand in CEL. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from mlops_policy.cel import POD
from mlops_policy.kubernetes import network, objects, rbac
from mlops_policy.rules import Parts, Rule, whole


@dataclass(frozen=True)
class Kind:
    """A kind of object.

    Attributes:
        token: its type as Pulumi has it, and so as rules name it.
        resources: its name in the API, with the subresources by which what is judged changes too.
    """

    token: str
    resources: tuple[str, ...]

    @property
    def group(self) -> str:
        """Of its API."""
        return self.token.split(":")[1].rpartition("/")[0].removeprefix("core")

    @property
    def version(self) -> str:
        """Of its API: the shape that expressions are about; the server converts the others to it."""
        return self.token.split(":")[1].rpartition("/")[2]

    @property
    def name(self) -> str:
        """As objects have it."""
        return self.token.split(":")[2]


@dataclass(frozen=True)
class Family:
    """Kinds that one policy is about.

    Attributes:
        name: of the policy.
        template: where the pod with its metadata stands; "" for kinds without one.
        judged: what must have changed for an update to be judged; "" for anything.
    """

    name: str
    kinds: tuple[Kind, ...]
    template: str = ""
    judged: str = ""


_RIGHTS = "kubernetes:rbac.authorization.k8s.io/v1"
FAMILIES = (
    Family(
        "pods",
        (Kind("kubernetes:core/v1:Pod", ("pods", "pods/ephemeralcontainers")),),
        "object",
        "object.spec",
    ),
    # A workload that is older than the policy can still be scaled: that leaves its template alone.
    Family(
        "workloads",
        (
            Kind("kubernetes:apps/v1:Deployment", ("deployments",)),
            Kind("kubernetes:apps/v1:StatefulSet", ("statefulsets",)),
            Kind("kubernetes:apps/v1:DaemonSet", ("daemonsets",)),
            Kind("kubernetes:apps/v1:ReplicaSet", ("replicasets",)),
            Kind("kubernetes:core/v1:ReplicationController", ("replicationcontrollers",)),
            Kind("kubernetes:batch/v1:Job", ("jobs",)),
        ),
        "object.spec.template",
        "object.spec.template",
    ),
    Family(
        "cron-jobs",
        (Kind("kubernetes:batch/v1:CronJob", ("cronjobs",)),),
        "object.spec.jobTemplate.spec.template",
        "object.spec.jobTemplate.spec.template",
    ),
    Family("services", (Kind("kubernetes:core/v1:Service", ("services",)),), judged="object.spec"),
    Family("accounts", (Kind("kubernetes:core/v1:ServiceAccount", ("serviceaccounts",)),)),
    Family("namespaces", (Kind("kubernetes:core/v1:Namespace", ("namespaces",)),)),
    Family(
        "network-policies",
        (Kind("kubernetes:networking.k8s.io/v1:NetworkPolicy", ("networkpolicies",)),),
        judged="object.spec",
    ),
    Family("roles", (Kind(f"{_RIGHTS}:Role", ("roles",)),)),
    Family("role-bindings", (Kind(f"{_RIGHTS}:RoleBinding", ("rolebindings",)),)),
)
"""Namespaces and what is in them: a selector of namespaces lets no other object out."""
_PLANNED = f"{POD}.?containers.orValue([]) + {POD}.?initContainers.orValue([])"
_SIDECAR = "each.?restartPolicy.orValue('') == 'Always' && size(each.?ports.orValue([])) > 0"


@dataclass(frozen=True)
class Listed:
    """Parts that are several.

    Attributes:
        variable: its name in validations.
        value: what has the parts.
        each: what one is called in a message; "" where they have no names.
    """

    variable: str
    value: str
    each: str = ""


LISTS: dict[Parts, Listed] = {
    objects.containers: Listed(
        "containers", f"{_PLANNED} + {POD}.?ephemeralContainers.orValue([])", "Container"
    ),
    objects.planned_containers: Listed("planned", _PLANNED, "Container"),
    objects.serving_containers: Listed(
        "serving",
        f"{POD}.?containers.orValue([]) + {POD}.?initContainers.orValue([]).filter(each, {_SIDECAR})",
        "Container",
    ),
    network.flows: Listed("flows", "object.spec.?ingress.orValue([]) + object.spec.?egress.orValue([])"),
    rbac.grants: Listed("grants", "object.?rules.orValue([])"),
}
ONES: dict[Parts, str] = {whole: "object", objects.pods: POD}
"""Parts that are one, and what has it."""


def judged_kinds(family: Family, rule: Rule) -> list[Kind]:
    """Those kinds of a family that a rule is about."""
    return [kind for kind in family.kinds if rule.applies(kind.token)]
