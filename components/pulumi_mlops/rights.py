"""Roles and their bindings: what an account may do, and nothing else. Pure."""

from collections.abc import Sequence
from typing import Any

from pulumi_mlops.manifests import Object

READ = ["get", "list", "watch"]
FOLLOW = ["list", "watch"]
"""What a client that keeps a copy of the objects needs."""


def rule(group: str, resources: Sequence[str], verbs: Sequence[str], names: Sequence[str] = ()) -> Object:
    """One rule: `verbs` on `resources` of an API group, only on those called `names` where it names some."""
    made: Object = {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}
    return made | ({"resourceNames": list(names)} if names else {})


def role(meta: Object, rules: Sequence[Object]) -> Object:
    """A Role or ClusterRole."""
    return {"metadata": meta, "rules": list(rules)}


def binding(meta: Object, kind: str, role_name: Any, account: str, namespace: Any) -> Object:
    """A RoleBinding or ClusterRoleBinding of one ServiceAccount."""
    return {
        "metadata": meta,
        "role_ref": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role_name},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }
