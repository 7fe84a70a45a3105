"""One object of every kind that the platform uses, small and valid, none of them waited for."""

from __future__ import annotations

from typing import Any

import pulumi_kubernetes as k8s

from plugin_stack import options

LABELS = {"app": "sample"}
POD: dict[str, Any] = {
    "metadata": {"labels": LABELS},
    "spec": {
        "restartPolicy": "Never",
        "containers": [
            {
                "name": "main",
                "image": "example.invalid/image:1",
                "resources": {"requests": {"cpu": "1000m", "memory": "0.5Gi"}},
                "env": [{"name": "MODE", "value": "test"}],
            }
        ],
    },
}
SERVER_POD = {**POD, "spec": {key: value for key, value in POD["spec"].items() if key != "restartPolicy"}}
CLAIM: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}}


def objects(namespace: str) -> list[tuple[Any, dict[str, Any]]]:
    """The resource classes and what each is declared with, beside its metadata."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "sample"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "sample"}
    subject = {"kind": "ServiceAccount", "name": "sample", "namespace": namespace}
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization"}}}
    cpu["resource"]["target"]["averageUtilization"] = 70  # type: ignore[index]
    return [
        (k8s.core.v1.ServiceAccount, {"automount_service_account_token": False}),
        (k8s.core.v1.Secret, {"string_data": {"password": "s3cret-in-clear"}}),
        (k8s.core.v1.ConfigMap, {"data": {"colour": "red"}}),
        (k8s.core.v1.PersistentVolumeClaim, {"spec": CLAIM}),
        (k8s.core.v1.Service, {"spec": {"selector": LABELS, "ports": [{"port": 80, "targetPort": "http"}]}}),
        (k8s.apps.v1.Deployment, {"spec": {"selector": {"matchLabels": LABELS}, "template": SERVER_POD}}),
        (k8s.apps.v1.StatefulSet, stateful_set()),
        (k8s.batch.v1.Job, {"spec": {"template": POD, "backoffLimit": 1}}),
        (
            k8s.batch.v1.CronJob,
            {"spec": {"schedule": "@daily", "suspend": True, "jobTemplate": {"spec": {"template": POD}}}},
        ),
        (
            k8s.autoscaling.v2.HorizontalPodAutoscaler,
            {"spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3, "metrics": [cpu]}},
        ),
        (
            k8s.policy.v1.PodDisruptionBudget,
            {"spec": {"maxUnavailable": 1, "selector": {"matchLabels": LABELS}}},
        ),
        (
            k8s.networking.v1.NetworkPolicy,
            {
                "spec": {
                    "podSelector": {},
                    "policyTypes": ["Ingress", "Egress"],
                    "egress": [{"ports": [{"port": 53}]}],
                }
            },
        ),
        (
            k8s.rbac.v1.Role,
            {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]},
        ),
        (k8s.rbac.v1.RoleBinding, {"role_ref": role, "subjects": [subject]}),
        (k8s.core.v1.ResourceQuota, {"spec": {"hard": {"pods": "20", "requests.cpu": "4000m"}}}),
        (
            k8s.core.v1.LimitRange,
            {"spec": {"limits": [{"type": "Container", "default": {"cpu": "500m", "memory": "0.25Gi"}}]}},
        ),
    ]


def stateful_set() -> dict[str, Any]:
    """A StatefulSet with a claim of its own."""
    template = {"metadata": {"name": "data"}, "spec": CLAIM}
    return {
        "spec": {
            "serviceName": "sample",
            "replicas": 1,
            "selector": {"matchLabels": LABELS},
            "template": SERVER_POD,
            "volumeClaimTemplates": [template],
        }
    }


def declare_all(provider: k8s.Provider, namespace: str) -> None:
    """A namespace and in it one object of every kind, named `sample`."""
    annotations = {"pulumi.com/skipAwait": "true"}
    home = k8s.core.v1.Namespace(
        "home", metadata={"name": namespace, "labels": LABELS}, opts=options(provider)
    )
    for kind, inputs in objects(namespace):
        metadata = {"name": "sample", "namespace": home.metadata.name, "annotations": annotations}
        kind(kind.__name__, metadata=metadata, opts=options(provider), **inputs)
