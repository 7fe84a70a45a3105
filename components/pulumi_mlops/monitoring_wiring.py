"""What watches a platform, and which parts let themselves be watched."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi

from pulumi_mlops import inputs, keda_pods, model_endpoint_pods, monitoring_adopt
from pulumi_mlops import monitoring_config as config
from pulumi_mlops.labels import selector
from pulumi_mlops.monitoring_args import MonitoringArgs, MonitoringSource
from pulumi_mlops.platform_args import PlatformArgs, PlatformMonitoringArgs
from pulumi_mlops.platform_site import Site
from pulumi_mlops.shared_args import FlowArgs
from pulumi_mlops.tracing_args import TracingArgs

_GIVEN = (
    "prometheus",
    "receivers",
    "routes",
    "pace",
    "otlp_endpoint",
    "api_server_cidrs",
    "prometheus_url",
    "operator_labels",
    "dashboards",
)


def is_adopted(args: PlatformArgs) -> bool:
    """Whether the platform is watched by the cluster's own Prometheus."""
    wanted = args.get("monitoring")
    return wanted is not None and MonitoringSource(wanted["source"]) is MonitoringSource.ADOPT


def is_run(args: PlatformArgs) -> bool:
    """Whether the platform runs a Prometheus of its own."""
    wanted = args.get("monitoring")
    return wanted is not None and MonitoringSource(wanted["source"]) is MonitoringSource.RUN


def monitoring(
    site: Site,
    wanted: PlatformMonitoringArgs,
    keda_namespace: pulumi.Output[str] | None,
    rules: Mapping[str, pulumi.Input[str]],
) -> MonitoringArgs:
    """Monitoring looks at the platform's namespaces, and KEDA asks its Prometheus."""
    run = is_run(site.args)
    args: dict[str, Any] = {
        "source": MonitoringSource(wanted["source"]),
        "namespace": site.system,
        "images": _images(site.args["images"]) if run else None,
        "models_namespaces": [site.models],
        "keda_namespace": keda_namespace,
        "rules": dict(rules),
        "storage_class": site.args["cluster"].get("storage_class") if run else None,
        **{key: wanted.get(key) for key in _GIVEN},
    }
    if run and keda_namespace is not None:
        asking = selector("keda-operator", "keda-operator")
        args["allowed_ingress"] = [
            {"name": "KEDA", "port": config.PROMETHEUS_PORT, "namespace": keda_namespace, "pods": asking}
        ]
    return cast(MonitoringArgs, {key: value for key, value in args.items() if value is not None})


def endpoint_ingress(site: Site) -> list[FlowArgs]:
    """Who collects an endpoint's metrics."""
    if site.args.get("monitoring") is None:
        return []
    return [_collected(site, model_endpoint_pods.ADMIN_PORT)]


def keda_ingress(site: Site) -> list[FlowArgs]:
    """Who collects KEDA's metrics."""
    return [_collected(site, keda_pods.METRICS_PORT)]


def endpoint_tracing(site: Site) -> TracingArgs | None:
    """Where an endpoint's traces go, if the platform takes them.

    Raises `pulumi.InputPropertyError` where there is no collector to take them.
    """
    wanted = site.args.get("monitoring")
    tracing = None if wanted is None else wanted.get("tracing")
    if tracing is None:
        return None
    if not is_run(site.args):
        raise pulumi.InputPropertyError(
            "monitoring.tracing",
            "no collector runs where monitoring is adopted; name the cluster's in the `tracing` of each "
            "endpoint, or run monitoring",
        )
    url = pulumi.Output.concat("http://", config.COLLECTOR, ".", site.system, f".svc:{config.OTLP_HTTP_PORT}")
    return {**tracing, "endpoint": url}


def scrape_seconds(args: PlatformArgs) -> Any:
    """How often endpoints are asked; None for the default."""
    wanted: Mapping[str, Any] = args.get("monitoring") or {}
    return (wanted.get("prometheus") or {}).get("scrape_seconds")


def _collected(site: Site, port: int) -> FlowArgs:
    if is_adopted(site.args):
        wanted = inputs.section(site.args, "monitoring")
        namespace = inputs.text(wanted, "prometheus_namespace", inputs.any_text, within="monitoring")
        return monitoring_adopt.collecting(namespace, port)
    return {"name": "metrics", "port": port, "namespace": site.system, "pods": collecting()}


def collecting() -> dict[str, pulumi.Input[str]]:
    """Labels of the Prometheus that runs with the platform."""
    return {**selector(config.PROMETHEUS, config.PROMETHEUS)}


def _images(images: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("prometheus", "alertmanager", "kube_state_metrics", "node_exporter", "otel_collector")
    return {key: inputs.text(images, key, inputs.any_text, within="images") for key in keys}
