"""The series that dashboards may ask for, each with the labels that the platform's scrapes give it.

Those of the model server come out of its catalog, those of rules out of the rules. Of all others the
names and labels are the upstreams': kube-state-metrics' docs/metrics, kubelet's pkg/kubelet/metrics,
node_exporter's collectors, Prometheus' /metrics, KEDA's pkg/metricscollector/prommetrics.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml

import endpoint_stories
import platform_stories
from mlops_serving.metrics import catalog
from pulumi_mlops.alerts import render, render_platform
from pulumi_mlops.alerts.rules import all_rules
from rule_stories import name

MINUTES = 180
RULES = {
    "endpoint.yaml": render(endpoint_stories.ALERTS),
    "platform.yaml": render_platform(platform_stories.ALERTS),
}

FROM_THE_START = frozenset(
    {
        "mlops_batch_rows",
        "mlops_in_flight",
        "mlops_last_request_timestamp_seconds",
        "mlops_listening",
        "mlops_model_info",
        "mlops_model_ready",
        "mlops_queue_bytes",
        "mlops_queue_rows",
        "mlops_ready",
        "mlops_release_applied",
        "mlops_request_seconds",
        "mlops_requests_total",
        "mlops_stage_seconds",
        "mlops_start_seconds",
        "mlops_store_up",
        "mlops_workers",
        "mlops_worker_restarts_total",
    }
)
"""Of the server, before anybody has asked it anything; `tests/serving/test_first_metrics.py` compares."""

_KUBE, _NODE, _OWN, _KEDA = (
    'job="kube-state-metrics",instance="ksm:8080"',
    'job="node-exporter",instance="10.0.0.1:9100"',
    'job="prometheus",instance="prometheus:9090"',
    'job="keda",instance="10.0.0.9:8080",namespace="mlops-keda"',
)
_DEPLOYMENT = f'{_KUBE},namespace="mlops-models",deployment="mortgage"'
_SET = f'{_KUBE},namespace="mlops-system",statefulset="object-store"'
_JOB = f'{_KUBE},namespace="mlops-models",job_name="approval-pipeline-1"'
_VOLUME = 'job="kubelet",instance="10.0.0.1:10250",namespace="mlops-system",persistentvolumeclaim="data-0"'
_SCALED = f'{_KEDA},scaledObject="mortgage",scaler="s0",metric="s0",triggerIndex="0",type="scaledobject"'

ALWAYS_ELSEWHERE: Mapping[str, tuple[str, str]] = {
    "kube_deployment_spec_replicas": (_DEPLOYMENT, "1x200"),
    "kube_deployment_status_replicas_ready": (_DEPLOYMENT, "1x200"),
    "kube_statefulset_replicas": (_SET, "1x200"),
    "kube_statefulset_status_replicas_ready": (_SET, "1x200"),
    "kube_pod_container_status_restarts_total": (
        f'{_KUBE},namespace="mlops-models",pod="mortgage-7-a",container="server",uid="u"',
        "0x200",
    ),
    "node_cpu_seconds_total": (f'{_NODE},cpu="0",mode="idle"', "0+30x200"),
    "node_memory_MemAvailable_bytes": (_NODE, "5x200"),
    "node_memory_MemTotal_bytes": (_NODE, "9x200"),
    "process_resident_memory_bytes": (_OWN, "9x200"),
    "prometheus_tsdb_head_samples_appended_total": (_OWN, "0+60x200"),
    "prometheus_tsdb_head_series": (_OWN, "900x200"),
    "up": (f'{endpoint_stories.POD},job="model-endpoint",instance="10.0.0.5:8081"', "1x200"),
}
"""Name, labels and values of what a platform has from its first minutes."""

SOMETIMES_ELSEWHERE: Mapping[str, tuple[str, str]] = {
    "keda_scaled_object_errors_total": (f'{_KEDA},scaledObject="mortgage"', "0x200"),
    "keda_scaler_metrics_value": (_SCALED, "2x200"),
    "kube_cronjob_next_schedule_time": (
        f'{_KUBE},namespace="mlops-models",cronjob="approval-pipeline"',
        "9000x200",
    ),
    "kube_job_failed": (f'{_JOB},condition="true"', "1x200"),
    "kube_job_status_completion_time": (_JOB, "90x200"),
    "kube_job_status_start_time": (_JOB, "30x200"),
    "kubelet_volume_stats_available_bytes": (_VOLUME, "5x200"),
    "kubelet_volume_stats_capacity_bytes": (_VOLUME, "9x200"),
}

_TARGET = 'job="model-endpoint",instance="10.0.0.5:8081",namespace="mlops-models",pod="mortgage-7-a"'
_VALUES = {
    "endpoint": ("mortgage",),
    "model": ("mortgage",),
    "version": ("1",),
    "role": ("stable",),
    "code": ("200", "500"),
    "stage": ("queue", "predict"),
    "feature": ("income", "label"),
    "bin": ("<1", ">=1", "missing", "below"),
}
_PARTS = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def names() -> frozenset[str]:
    """Every name that a query may ask for."""
    served = {f"{spec.name}{part}" for spec in catalog.SPECS for part in _PARTS[spec.kind]}
    rules = [rule for text in RULES.values() for rule in all_rules(yaml.safe_load(text))]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    return frozenset(served | recorded | {*ALWAYS_ELSEWHERE, *SOMETIMES_ELSEWHERE, "ALERTS"})


def at_first() -> dict[str, str]:
    """The series of a platform that nobody has used yet, by minute."""
    specs = [spec for spec in catalog.SPECS if spec.name in FROM_THE_START]
    return dict(_served(specs, used=False)) | dict(_elsewhere(ALWAYS_ELSEWHERE))


def in_use() -> dict[str, str]:
    """All series there can be, by minute."""
    elsewhere = _elsewhere({**ALWAYS_ELSEWHERE, **SOMETIMES_ELSEWHERE})
    return dict(_served(list(catalog.SPECS), used=True)) | dict(elsewhere)


def _elsewhere(wanted: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for metric, (labels, values) in wanted.items():
        yield name(metric, labels), values


def _served(specs: list[catalog.Spec], used: bool) -> Iterator[tuple[str, str]]:
    for spec in specs:
        # An exposed label `endpoint` wins over the target's, which is the same.
        own = () if "endpoint" in spec.labels else ("endpoint",)
        for labels in _combinations((*own, *spec.labels), used):
            for part, pace in _parts(spec):
                grows = f"0+{pace if used else 0}x{MINUTES}"
                values = f"1x{MINUTES}" if spec.kind == "gauge" else grows
                yield name(f"{spec.name}{part[0]}", f"{_TARGET},{labels}{part[1]}"), values


def _parts(spec: catalog.Spec) -> Iterator[tuple[tuple[str, str], int]]:
    """The endings of a metric's name and labels, and by how much each grows in a minute."""
    if spec.kind != "histogram":
        yield ("", ""), 60
        return
    bounds = [*(f"{one:g}" for one in spec.bounds), "+Inf"]
    yield from ((("_bucket", f',le="{bound}"'), number * 10) for number, bound in enumerate(bounds, 1))
    yield ("_sum", ""), 9
    yield ("_count", ""), 10 * len(bounds)


def _combinations(labels: tuple[str, ...], used: bool) -> list[str]:
    found = [""]
    for label in labels:
        values = _VALUES.get(label, ("some",))
        values = values if used else values[:1]
        found = [f'{before},{label}="{value}"'.lstrip(",") for before in found for value in values]
    return found
