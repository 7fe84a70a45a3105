"""Kinds of objects that the API server judges, and where their parts stand in CEL. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from mlops_policy.kubernetes import objects
from mlops_policy.resources import is_of
from mlops_policy.rules import Parts, whole

JOB_TEMPLATE = "object.spec.jobTemplate.spec.template"
TEMPLATE = "object.spec.template"


@dataclass(frozen=True)
class Kind:
    """A kind of object.

    Attributes:
        token: its type as Pulumi has it, and so as rules name it.
        group: of its API.
        resources: its name in the API, with the subresources by which what is judged changes too.
        template: where the pod with its metadata stands; "" for a kind without one.
        judged: what must have changed for an update to be judged; "" for anything.
    """

    token: str
    group: str
    resources: tuple[str, ...]
    template: str = ""
    judged: str = "object.spec"

    @property
    def version(self) -> str:
        """Of its API: the shape that expressions are about; the server converts the others to it."""
        return self.token.split(":")[1].rpartition("/")[2]

    @property
    def name(self) -> str:
        """As part of an object's name."""
        return self.resources[0]


KINDS = (
    Kind("kubernetes:core/v1:Pod", "", ("pods", "pods/ephemeralcontainers"), "object"),
    Kind("kubernetes:apps/v1:Deployment", "apps", ("deployments",), TEMPLATE),
    Kind("kubernetes:apps/v1:StatefulSet", "apps", ("statefulsets",), TEMPLATE),
    Kind("kubernetes:apps/v1:DaemonSet", "apps", ("daemonsets",), TEMPLATE),
    # Controllers go on scaling those that are older than the policy.
    Kind("kubernetes:apps/v1:ReplicaSet", "apps", ("replicasets",), TEMPLATE, TEMPLATE),
    Kind("kubernetes:core/v1:ReplicationController", "", ("replicationcontrollers",), TEMPLATE, TEMPLATE),
    Kind("kubernetes:batch/v1:Job", "batch", ("jobs",), TEMPLATE, TEMPLATE),
    Kind("kubernetes:batch/v1:CronJob", "batch", ("cronjobs",), JOB_TEMPLATE),
    Kind("kubernetes:core/v1:Service", "", ("services",)),
    Kind("kubernetes:core/v1:ServiceAccount", "", ("serviceaccounts",), judged=""),
    Kind("kubernetes:core/v1:PersistentVolumeClaim", "", ("persistentvolumeclaims",)),
    Kind("kubernetes:core/v1:ResourceQuota", "", ("resourcequotas",)),
    Kind("kubernetes:networking.k8s.io/v1:NetworkPolicy", "networking.k8s.io", ("networkpolicies",)),
    Kind("kubernetes:networking.k8s.io/v1:Ingress", "networking.k8s.io", ("ingresses",)),
    Kind("kubernetes:policy/v1:PodDisruptionBudget", "policy", ("poddisruptionbudgets",)),
    Kind("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "autoscaling", ("horizontalpodautoscalers",)),
    Kind("kubernetes:rbac.authorization.k8s.io/v1:Role", "rbac.authorization.k8s.io", ("roles",), judged=""),
    Kind(
        "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
        "rbac.authorization.k8s.io",
        ("rolebindings",),
        judged="",
    ),
)
"""Those in namespaces alone: a selector of namespaces lets no other object out."""

POD = "variables.pod"
_LISTED = f"{POD}.?containers.orValue([]) + {POD}.?initContainers.orValue([])"
VARIABLES = {
    "containers": f"{_LISTED} + {POD}.?ephemeralContainers.orValue([])",
}
"""What validations of kinds with pods may use beside `variables.pod`, by name."""
LISTS: dict[Parts, str] = {objects.containers: "containers"}
"""Parts that are several, and the variable that has them."""
ONES: dict[Parts, str] = {whole: "object", objects.pods: POD}
"""Parts that are one, and what has it."""


def judged_kinds(kinds: tuple[str, ...]) -> list[Kind]:
    """Those of KINDS that a rule about `kinds` is about."""
    return [kind for kind in KINDS if is_of(kind.token, kinds)]
