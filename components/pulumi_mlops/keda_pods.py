"""KEDA's pods and what they may do: operator, metrics adapter, roles, certificates' place. Pure.

The operator turns ScaledObjects into HorizontalPodAutoscalers and asks Prometheus for them; the adapter hands
its answers to the API server as external metrics. The operator makes both their certificates.
"""

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from pulumi_mlops import manifests, pod
from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement
from pulumi_mlops.rights import READ, rule

API_SERVICE = "v1beta1.external.metrics.k8s.io"
GRPC_PORT = 9666
METRICS_PORT = 8080
SERVING_PORT = 6443
CERTIFICATES = "/certs"
CERTIFICATE_SECRET = "kedaorg-certs"  # noqa: S105 - a name, the operator's default
_START_SECONDS = 120


def custom_resource_definitions() -> list[Object]:
    """Arguments of the definitions that the operator must find; `components/keda_crds.py` writes them."""
    folder = files("pulumi_mlops").joinpath("crds")
    texts = [
        path.read_text()
        for path in sorted(folder.iterdir(), key=lambda path: path.name)
        if path.name.endswith(".json")
    ]
    found = [json.loads(text) for text in texts]
    return [{"metadata": {"name": crd["name"]}, "spec": crd["spec"]} for crd in found]


def operator(place: Placement, image: Any, watched: Any, adapter: str, resources: Object) -> Object:
    """The operator's Deployment; `watched` are the namespaces to scale in, with commas between.

    One pod, and never two at once, so it needs no lease. Its own Secret does not exist at its first start:
    it writes the certificates and starts again.
    """
    token, token_mount = pod.api_token()
    volume, mount = pod.secret_files("certificates", CERTIFICATE_SECRET, CERTIFICATES)
    volume["secret"]["optional"] = True
    container = pod.container(
        "operator",
        image,
        args=[
            "--enable-cert-rotation=true",
            "--enable-webhook-patching=false",
            f"--cert-dir={CERTIFICATES}",
            f"--operator-service-name={place.name}",
            f"--metrics-server-service-name={adapter}",
            f"--metrics-bind-address=:{METRICS_PORT}",
            f"--metrics-service-bind-address=:{GRPC_PORT}",
            "--health-probe-bind-address=:8081",
            "--zap-log-level=info",
            "--zap-encoder=json",
            "--zap-time-encoding=rfc3339",
        ],
        env=[
            *_common_env(watched),
            # The scaled pods' variables come from Secrets, which are none of its business.
            pod.env_value("KEDA_RESTRICT_SECRET_ACCESS", "true"),
            pod.env_value("KEDA_HTTP_DEFAULT_TIMEOUT", "3000"),
        ],
        ports=[("metrics", METRICS_PORT), ("grpc", GRPC_PORT), ("health", 8081)],
        mounts=[token_mount, mount],
        probes=pod.probes(
            pod.http_check("/healthz", "health"),
            startup_seconds=_START_SECONDS,
            ready=pod.http_check("/readyz", "health"),
        ),
        resources=resources,
    )
    return _deployment(place, container, [token, volume])


def adapter(place: Placement, image: Any, operator_service: str, resources: Object) -> Object:
    """The adapter's Deployment; its pod waits for the certificates that the operator makes."""
    token, token_mount = pod.api_token()
    volume, mount = pod.secret_files("certificates", CERTIFICATE_SECRET, CERTIFICATES)
    # Naming the files keeps the pod waiting until the Secret has them, where it would start and fail.
    volume["secret"]["items"] = [{"key": key, "path": key} for key in ("ca.crt", "tls.crt", "tls.key")]
    check = {"httpGet": {"path": "/healthz", "port": "https", "scheme": "HTTPS"}}
    ready = {"httpGet": {"path": "/readyz", "port": "https", "scheme": "HTTPS"}}
    container = pod.container(
        "adapter",
        image,
        args=[
            f"--secure-port={SERVING_PORT}",
            f"--port={METRICS_PORT}",
            f"--metrics-service-address={operator_service}:{GRPC_PORT}",
            f"--cert-dir={CERTIFICATES}",
            f"--tls-cert-file={CERTIFICATES}/tls.crt",
            f"--tls-private-key-file={CERTIFICATES}/tls.key",
            "--zap-log-level=info",
            "--zap-encoder=json",
            "--zap-time-encoding=rfc3339",
        ],
        env=_common_env(place.namespace),
        ports=[("https", SERVING_PORT), ("metrics", METRICS_PORT)],
        mounts=[token_mount, mount],
        probes=pod.probes(check, startup_seconds=_START_SECONDS, ready=ready),
        resources=resources,
    )
    return _deployment(place, container, [token, volume])


def _common_env(watched: Any) -> list[Object]:
    return [
        {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        pod.env_value("WATCH_NAMESPACE", watched),
    ]


def _deployment(place: Placement, container: Object, volumes: Sequence[Object]) -> Object:
    template = pod.pod_template(
        place.labels, [container], service_account=place.name, volumes=volumes, grace_seconds=10
    )
    return manifests.single_deployment(place.metadata(), place.selector, template)


def api_service(place: Placement) -> Object:
    """Where the API server asks for external metrics; the operator writes the CA of the answers into it."""
    return {
        "metadata": {"name": API_SERVICE, "labels": place.labels},
        "spec": {
            "group": "external.metrics.k8s.io",
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "service": {"name": place.name, "namespace": place.namespace, "port": 443},
        },
    }


def operator_cluster_rules() -> list[Object]:
    """What the operator may do with objects of no namespace: read, and fill in the APIService's CA."""
    return [
        rule("keda.sh", ["clustertriggerauthentications"], READ),
        rule("eventing.keda.sh", ["clustercloudeventsources"], READ),
        rule("apiregistration.k8s.io", ["apiservices"], READ),
        rule("apiregistration.k8s.io", ["apiservices"], ["patch", "update"], [API_SERVICE]),
    ]


def operator_rules() -> list[Object]:
    """What the operator may do in its own namespace: keep its certificates."""
    return [
        rule("", ["secrets"], ["create", "list", "watch"]),
        rule("", ["secrets"], ["get", "patch", "update"], [CERTIFICATE_SECRET]),
    ]


def scaling_rules() -> list[Object]:
    """What the operator may do where it scales: ScaledObjects of Deployments; no pod and no Secret."""
    return [
        rule("keda.sh", ["scaledobjects"], [*READ, "patch", "update"]),
        rule("keda.sh", ["scaledobjects/status", "scaledobjects/finalizers"], ["get", "patch", "update"]),
        rule("keda.sh", ["scaledjobs", "triggerauthentications"], READ),
        rule("eventing.keda.sh", ["cloudeventsources"], READ),
        rule("apps", ["deployments"], READ),
        rule("apps", ["deployments/scale"], ["get", "patch", "update"]),
        rule("autoscaling", ["horizontalpodautoscalers"], [*READ, "create", "delete", "patch", "update"]),
        rule("", ["events"], ["create", "patch"]),
    ]
