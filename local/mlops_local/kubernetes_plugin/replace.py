"""Which changes need a new object: the fields of each kind that an update cannot set.

ConfigMaps and Secrets could be updated, but are replaced, as the official plugin does by default:
auto-named, their new name rolls the pods that mount them. The provider inputs
`enableConfigMapMutable` and `enableSecretMutable` switch that off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Path = tuple[str | int, ...]

IDENTITY: tuple[str, ...] = ("kind", "metadata.name", "metadata.namespace")
IMMUTABLE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "ConfigMap"): ("data", "binaryData"),
    ("", "Secret"): ("type", "data", "stringData"),
    ("", "PersistentVolumeClaim"): (
        "spec.accessModes",
        "spec.selector",
        "spec.storageClassName",
        "spec.volumeName",
        "spec.volumeMode",
        "spec.dataSource",
        "spec.dataSourceRef",
    ),
    ("", "PersistentVolume"): ("spec.storageClassName", "spec.volumeMode", "spec.nodeAffinity"),
    ("", "ResourceQuota"): ("spec.scopes", "spec.scopeSelector"),
    ("", "Service"): ("spec.clusterIP", "spec.clusterIPs", "spec.type"),
    ("", "Pod"): (
        "spec.affinity",
        "spec.hostNetwork",
        "spec.initContainers",
        "spec.nodeName",
        "spec.nodeSelector",
        "spec.restartPolicy",
        "spec.securityContext",
        "spec.serviceAccountName",
        "spec.volumes",
    ),
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "ReplicaSet"): ("spec.selector",),
    ("apps", "StatefulSet"): (
        "spec.podManagementPolicy",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): (
        "spec.completionMode",
        "spec.completions",
        "spec.manualSelector",
        "spec.podFailurePolicy",
        "spec.selector",
        "spec.template",
    ),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): (
        "allowVolumeExpansion",
        "parameters",
        "provisioner",
        "reclaimPolicy",
        "volumeBindingMode",
    ),
    ("scheduling.k8s.io", "PriorityClass"): ("value", "preemptionPolicy"),
    ("node.k8s.io", "RuntimeClass"): ("handler",),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): ("spec.group", "spec.scope", "spec.names.plural"),
}


@dataclass(frozen=True)
class Mutability:
    """The provider inputs that allow what is replaced by default to be updated."""

    config_maps: bool = False
    secrets: bool = False


def immutable_fields(group: str, kind: str, mutability: Mutability) -> tuple[str, ...]:
    """Dotted field paths whose change replaces an object of this kind."""
    if group == "" and (
        (kind == "ConfigMap" and mutability.config_maps) or (kind == "Secret" and mutability.secrets)
    ):
        return IDENTITY
    return IDENTITY + IMMUTABLE.get((group, kind), ())


def covers(field: str, path: Path) -> bool:
    """True when a change at `path` touches `field`: at it, below it, or above it."""
    wanted = field.split(".")
    given = [str(part) for part in path if isinstance(part, str)]
    shared = min(len(wanted), len(given))
    return wanted[:shared] == given[:shared]


def needs_replacement(path: Path, fields: Iterable[str]) -> bool:
    """True when a change at `path` cannot be made in place."""
    return any(covers(field, path) for field in fields)
