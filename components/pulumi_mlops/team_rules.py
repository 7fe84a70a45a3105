"""What a team may do in its own namespace, and from where its images come. Pure."""

from collections.abc import Sequence
from typing import Any

from pulumi_mlops import rights
from pulumi_mlops.manifests import Object

CHANGE = [*rights.READ, "create", "update", "patch", "delete"]
KINDS = {
    "": ["configmaps", "persistentvolumeclaims", "pods", "serviceaccounts", "services"],
    "apps": ["deployments", "statefulsets"],
    "autoscaling": ["horizontalpodautoscalers"],
    "batch": ["cronjobs", "jobs"],
    "networking.k8s.io": ["networkpolicies"],
    "policy": ["poddisruptionbudgets"],
}
"""What the components of this package make in a namespace, by API group."""


def deploying() -> list[Object]:
    """Rules of a Role: whatever a ModelEndpoint or a Pipeline makes, and no quota, limit or role.

    Secrets may be read by name only, so that no list shows them all.
    """
    change = [rights.rule(group, kinds, CHANGE) for group, kinds in KINDS.items()]
    secrets = [verb for verb in CHANGE if verb not in ("list", "watch")]
    return [
        *change,
        rights.rule("", ["secrets"], secrets),
        rights.rule("", ["events", "limitranges", "pods/log", "resourcequotas"], rights.READ),
    ]


def subjects(groups: Sequence[Any], account: Any | None, namespace: Any) -> list[Object]:
    """Who is bound: groups of the cluster's identity provider, and one ServiceAccount of the namespace."""
    group = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io"}
    own = [] if account is None else [{"kind": "ServiceAccount", "name": account, "namespace": namespace}]
    return [*({**group, "name": name} for name in groups), *own]


def only_images_below(prefixes: Sequence[str]) -> Object:
    """Spec of a ValidatingAdmissionPolicy: every container of a pod has an image below one of `prefixes`.

    A prefix is `registry/path/`; its last slash is what keeps `team-a` out of `team-ab`.
    """
    allowed = ", ".join(f"'{prefix}'" for prefix in prefixes)
    below = f"[{allowed}].exists(prefix, container.image.startsWith(prefix))"
    kinds = ("containers", "initContainers", "ephemeralContainers")
    every = [f"(!has(object.spec.{kind}) || object.spec.{kind}.all(container, {below}))" for kind in kinds]
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": ["pods", "pods/ephemeralcontainers"],
                }
            ]
        },
        "validations": [
            {
                "expression": " && ".join(every),
                "message": f"images of this namespace must be below one of: {', '.join(prefixes)}",
            }
        ],
    }


def refused_in(policy: Any, namespace: Any) -> Object:
    """Spec of the binding that makes `policy` refuse what is in `namespace`."""
    labels = {"kubernetes.io/metadata.name": namespace}
    return {
        "policyName": policy,
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": {"matchLabels": labels}},
    }
