"""The pods of ModelEndpoint and what keeps them running: Deployment, autoscaler, disruption budget. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_mlops import pod
from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement

PORT = 8080
ADMIN_PORT = 8081
"""Metrics, for whoever collects them inside the cluster; no Service leads there."""
GRPC_PORT = 9000
REQUEST_SECONDS = 30
"""Longest time one request may take, and so the longest wait for the last ones after a drain."""
MOUNTED = "/etc/mlops"
OWNER = "mlops.dev/owner"
"""Annotation of the Deployment: who answers for the model. A label could not hold an address."""
_SLACK_SECONDS = 10
"""For the request log, which has five seconds to reach the store, and the end of the process."""
_START_SECONDS = 180


def grace_seconds(drain_seconds: int) -> int:
    """How long Kubernetes must wait before it kills a pod that drains for `drain_seconds`.

    A stopping server says not ready and serves on while it drains, so that proxies forget it first; then
    it finishes the requests it has.
    """
    return drain_seconds + REQUEST_SECONDS + _SLACK_SECONDS


@dataclass(frozen=True)
class Secrets:
    """Names of settings that the endpoint's own Secret holds, and Secrets to show as folders of files."""

    settings: Sequence[str] = ()
    folders: Mapping[str, Any] = field(default_factory=dict)


def deployment(
    place: Placement,
    image: Any,
    env: Mapping[str, Any],
    grace: Any,
    resources: Object,
    ports: Mapping[str, int],
    secrets: Secrets,
    owner: Any,
) -> Object:
    """The Deployment of model servers.

    It has no `replicas`: the autoscaler owns that field, and naming it here would fight over it at every
    update. A new pod is ready before an old one goes.
    """
    cache, cache_mount = pod.scratch("cache", "/var/cache/mlops", "4Gi")
    scratch, scratch_mount = pod.temporary("256Mi")
    folders = [
        pod.secret_files(name, secret, f"{MOUNTED}/{name}") for name, secret in secrets.folders.items()
    ]
    # A kubelet has no certificate to show on the port of predictions; the operators' port tells the same.
    probed = "admin" if "MLOPS_TLS_CERT_FILE" in env else "http"
    container = pod.container(
        "server",
        image,
        env=[
            *(pod.env_value(name, value) for name, value in env.items()),
            *(pod.env_secret(name, place.name) for name in secrets.settings),
        ],
        ports=list(ports.items()),
        mounts=[cache_mount, scratch_mount, *(mount for _, mount in folders)],
        probes=pod.probes(
            pod.http_check("/v2/health/live", probed),
            startup_seconds=_START_SECONDS,
            ready=pod.http_check("/v2/health/ready", probed),
        ),
        resources=resources,
    )
    template = pod.pod_template(
        place.labels,
        [container],
        service_account=place.name,
        volumes=[cache, scratch, *(volume for volume, _ in folders)],
        spread_over=place.selector,
        grace_seconds=grace,
    )
    spec = {
        "selector": {"matchLabels": place.selector},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "progressDeadlineSeconds": 300,
        "revisionHistoryLimit": 5,
        "template": template,
    }
    return {"metadata": {**place.metadata(), "annotations": {OWNER: owner}}, "spec": spec}


def disruption_budget(place: Placement) -> Object:
    """The PodDisruptionBudget: one pod at a time may be evicted, so that nodes can always be drained."""
    return {
        "metadata": place.metadata(),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": place.selector}},
    }
