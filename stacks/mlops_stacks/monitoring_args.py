"""From the settings of monitoring to the platform's arguments. Pure; secrets stay as they are."""

from collections.abc import Sequence
from typing import Any, cast

from pydantic import SecretStr

from mlops_stacks.monitoring_settings import MonitoringSettings
from mlops_stacks.setting_types import Section
from pulumi_mlops import MonitoringSource, checks
from pulumi_mlops.platform_args import PlatformMonitoringArgs

IMAGES = ("prometheus", "alertmanager", "kube_state_metrics", "node_exporter", "otel_collector")


def monitoring(settings: MonitoringSettings, cluster_cidrs: Sequence[str] | None) -> PlatformMonitoringArgs:
    """What watches the platform.

    `cluster_cidrs` is where the API server's requests come from, unless the settings say it; None if unknown.
    """
    interval, tracing = settings.scrape_interval, settings.tracing
    resources = {"cpu": settings.cpu, "memory": settings.memory, "memory_limit": settings.memory_limit}
    prometheus = {
        "size": settings.size,
        "retention": settings.retention,
        "retention_size": settings.retention_size,
        "scrape_seconds": None if interval is None else checks.seconds_of(interval),
        "verify_kubelets": settings.verify_kubelets,
        "resources": _given(resources),
    }
    pace = {
        "group_wait": settings.group_wait,
        "group_interval": settings.group_interval,
        "repeat_interval": settings.repeat_interval,
    }
    wanted = {
        "prometheus": _given(prometheus),
        "receivers": [_in_clear(receiver) for receiver in settings.receivers],
        "routes": [_in_clear(route) for route in settings.routes],
        "pace": _given(pace),
        "otlp_endpoint": settings.otlp_endpoint,
        "tracing": None if tracing is None else tracing.model_dump(),
        "prometheus_url": settings.prometheus_url,
        "prometheus_namespace": settings.prometheus_namespace,
        "dashboards": settings.dashboards and settings.dashboards.model_dump(exclude_none=True),
    }
    # No labels are a choice too: the operator selects all.
    labels = {} if settings.operator_labels is None else {"operator_labels": settings.operator_labels}
    source = MonitoringSource(settings.mode)
    return cast(
        PlatformMonitoringArgs,
        {"source": source, **_given(wanted), **labels, **_api_server(settings, cluster_cidrs)},
    )


def _api_server(settings: MonitoringSettings, cluster_cidrs: Sequence[str] | None) -> dict[str, list[str]]:
    """No address is a choice too: then nobody comes through the API server."""
    cidrs = cluster_cidrs if settings.api_server_cidrs is None else settings.api_server_cidrs
    return {"api_server_cidrs": list(cidrs)} if settings.mode == "run" and cidrs is not None else {}


def _in_clear(section: Section) -> dict[str, Any]:
    """The component marks each secret before it goes anywhere."""
    values = section.model_dump(exclude_none=True)
    return {
        key: value.get_secret_value() if isinstance(value, SecretStr) else value
        for key, value in values.items()
    }


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None and value not in ({}, [])}
