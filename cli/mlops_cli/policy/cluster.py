"""The objects of a cluster that policies are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx2
import lightkube
from lightkube.config.kubeconfig import KubeConfig
from lightkube.core.exceptions import ApiError, ConfigError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources import (
    apps_v1,
    autoscaling_v2,
    batch_v1,
    core_v1,
    networking_v1,
    policy_v1,
    rbac_authorization_v1,
)

from mlops_cli.errors import BadPolicyInput, ClusterUnreadable
from mlops_local.node.readiness import API_ERRORS

SYSTEM: Final = frozenset({"kube-system", "kube-public", "kube-node-lease"})
"""Namespaces of the cluster itself, whose makers answer for them."""
_NOT_FOUND = 404
_SCALED = create_namespaced_resource("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects")
_NAMESPACED: Final[tuple[Any, ...]] = (
    apps_v1.Deployment,
    apps_v1.StatefulSet,
    apps_v1.DaemonSet,
    apps_v1.ReplicaSet,
    batch_v1.Job,
    batch_v1.CronJob,
    core_v1.Pod,
    core_v1.ReplicationController,
    core_v1.Service,
    core_v1.ServiceAccount,
    core_v1.ResourceQuota,
    core_v1.LimitRange,
    networking_v1.NetworkPolicy,
    policy_v1.PodDisruptionBudget,
    autoscaling_v2.HorizontalPodAutoscaler,
    rbac_authorization_v1.Role,
    rbac_authorization_v1.RoleBinding,
    _SCALED,
)
_OF_CLUSTER: Final[tuple[Any, ...]] = (
    core_v1.Namespace,
    rbac_authorization_v1.ClusterRole,
    rbac_authorization_v1.ClusterRoleBinding,
)


def client_of(kubeconfig: Path | None, context: str | None) -> lightkube.Client:
    """A client for a context of a kubeconfig; the current one, and the user's file, where none is given.

    Raises:
        BadPolicyInput: there is no such file or context.
    """
    try:
        config = KubeConfig.from_file(kubeconfig) if kubeconfig else KubeConfig.from_env()
        return lightkube.Client(config=config.get(context), trust_env=False)
    except (AssertionError, ConfigError, KeyError, OSError, TypeError, ValueError) as error:
        raise BadPolicyInput(f"cannot use the kubeconfig: {error}") from error


def objects(client: lightkube.Client) -> Iterator[Mapping[str, Any]]:
    """Every object of the kinds that policies are about, those of the cluster's own namespaces left out.

    Raises:
        ClusterUnreadable: the API server cannot be reached, or refuses to list them.
    """
    for kind in _OF_CLUSTER:
        yield from (each for each in _listed(client, kind) if each["metadata"]["name"] not in SYSTEM)
    for each_kind in _NAMESPACED:
        listed = _listed(client, each_kind, namespace="*")
        yield from (each for each in listed if each["metadata"]["namespace"] not in SYSTEM)


def _status(error: Exception) -> int:
    """The HTTP status of a refusal, which is no JSON where the group is unknown; 0 for no answer."""
    if isinstance(error, ApiError):
        return int(error.status.code or 0)
    return error.response.status_code if isinstance(error, httpx2.HTTPStatusError) else 0


def _listed(client: lightkube.Client, kind: Any, **where: Any) -> Iterator[Mapping[str, Any]]:
    info = kind._api_info.resource
    version = f"{info.group}/{info.version}" if info.group else info.version
    try:
        listed: Iterable[Any] = client.list(kind, **where)
        for each in listed:
            yield {**each.to_dict(), "apiVersion": version, "kind": info.kind}
    except API_ERRORS as error:
        if kind is _SCALED and _status(error) == _NOT_FOUND:
            return
        raise ClusterUnreadable(f"cannot list {info.kind}: {error}") from error
