"""The pods of an endpoint's gate and what keeps them running. Pure."""

from collections.abc import Mapping
from typing import Any

from pulumi_mlops import pod
from pulumi_mlops.manifests import Object
from pulumi_mlops.model_endpoint_pods import REQUEST_SECONDS
from pulumi_mlops.placement import Placement

COMPONENT = "model-gate"
_START_SECONDS = 60
_SLACK_SECONDS = 10


def grace_seconds(drain_seconds: int, hold_seconds: int) -> int:
    """How long Kubernetes must wait before it kills a gate that holds requests."""
    return drain_seconds + hold_seconds + REQUEST_SECONDS + _SLACK_SECONDS


def deployment(
    place: Placement, image: Any, replicas: Any, env: Mapping[str, Any], grace: Any, ports: Mapping[str, int]
) -> Object:
    """The Deployment of gates; one is made before another goes."""
    own_address = {"name": "MLOPS_GATE_OWN_ADDRESS", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    scratch, scratch_mount = pod.temporary("16Mi")
    container = pod.container(
        "gate",
        image,
        args=["gate"],
        env=[*(pod.env_value(name, value) for name, value in env.items()), own_address],
        ports=list(ports.items()),
        mounts=[scratch_mount],
        probes=pod.probes(
            pod.http_check("/v2/health/live", "admin"),
            startup_seconds=_START_SECONDS,
            ready=pod.http_check("/v2/health/ready", "admin"),
        ),
        resources=pod.resources("20m", "64Mi", "256Mi"),
    )
    template = pod.pod_template(
        place.labels,
        [container],
        service_account=place.named("gate"),
        volumes=[scratch],
        spread_over=place.selector,
        grace_seconds=grace,
    )
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": place.selector},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "revisionHistoryLimit": 5,
        "template": template,
    }
    return {"metadata": place.metadata("gate"), "spec": spec}


def found_by_name(place: Placement, port: int) -> Object:
    """The Service that names every gate, also one that is leaving: it may still hold requests."""
    return {
        "metadata": place.metadata("gate"),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": place.selector,
            "ports": [{"name": "admin", "port": port, "targetPort": "admin", "protocol": "TCP"}],
        },
    }


def disruption_budget(place: Placement) -> Object:
    """The PodDisruptionBudget: one gate at a time may be evicted."""
    return {
        "metadata": place.metadata("gate"),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": place.selector}},
    }
