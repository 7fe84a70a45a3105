"""The metrics that rules may ask for, and which of them a text of PromQL names. Pure.

The server's own list is in `mlops_serving.metrics.catalog`, which components do not import; a test
compares the two.
"""

import re

from pulumi_mlops.errors import InvalidValue

REQUEST_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds of the buckets of mlops_request_seconds and mlops_stage_seconds."""

SERVER = frozenset(
    {
        "mlops_batch_rows_sum",
        "mlops_data_problems_total",
        "mlops_drift_left_out",
        "mlops_drift_reference_rows",
        "mlops_drift_rows_total",
        "mlops_model_info",
        "mlops_rejected_total",
        "mlops_release_applied",
        "mlops_release_number",
        "mlops_request_seconds_bucket",
        "mlops_request_seconds_count",
        "mlops_requests_total",
        "mlops_shadow_total",
        "mlops_stage_seconds_bucket",
        "mlops_store_up",
        "mlops_tls_not_after_seconds",
        "mlops_unobserved_total",
        "process_start_time_seconds",
    }
)
"""Of the model server."""

GATE = frozenset({"mlops_gate_refused_total"})
"""Of the gate of an endpoint that scales to zero."""

CLUSTER = frozenset(
    {
        "kube_cronjob_next_schedule_time",
        "kube_cronjob_spec_suspend",
        "kube_deployment_spec_replicas",
        "kube_deployment_status_replicas_ready",
        "kube_job_failed",
        "kube_job_status_completion_time",
        "kube_job_status_start_time",
        "kube_pod_container_status_restarts_total",
        "kube_statefulset_replicas",
        "kube_statefulset_status_replicas_ready",
        "kubelet_volume_stats_available_bytes",
        "kubelet_volume_stats_capacity_bytes",
    }
)
"""Of kube-state-metrics and the kubelet."""

_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'")
_LABELS = re.compile(r"\b(?:by|on|ignoring|without|group_left|group_right)\s*\([^)]*\)|\{[^}]*\}")
_NAME = re.compile(r"\b(?:mlops|kube|kubelet|process|node)_\w+|\bmlops:[\w:]+")


def refuse_unknown(expression: str, recorded: frozenset[str] = frozenset()) -> None:
    """Raise `InvalidValue` if a query asks for a metric nobody has; `recorded` are those that rules make.

    An unknown name is no error to Prometheus: the alert would never fire, and nobody would know.
    """
    plain = _LABELS.sub("", _TEXT.sub("", expression))
    unknown = sorted(set(_NAME.findall(plain)) - SERVER - GATE - CLUSTER - recorded)
    if unknown:
        raise InvalidValue(
            f"no metric is called {unknown[0]}, so a rule on it would never fire; metrics are listed in "
            "docs/serving-reference.md and in pulumi_mlops/alerts/metrics.py"
        )
