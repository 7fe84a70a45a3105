"""What the page asks Prometheus. Pure.

The metrics are in docs/serving-reference.md, the rules `mlops:...` in docs/drift.md, replicas are
kube-state-metrics'.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mlops_cli.monitoring.prometheus import matching, quoted
from mlops_cli.monitoring.reach import MODELS

WINDOW = "2m"
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
_REMEMBERED = "last_over_time(mlops_model_info[1h])"


@dataclass(frozen=True)
class Span:
    """How far back charts go, and the time between two values."""

    length: timedelta
    step: timedelta


SPANS = {
    "15m": Span(timedelta(minutes=15), timedelta(seconds=15)),
    "1h": Span(timedelta(hours=1), timedelta(seconds=30)),
    "6h": Span(timedelta(hours=6), timedelta(minutes=2)),
}
SPARK = Span(timedelta(minutes=15), timedelta(seconds=30))


@dataclass(frozen=True)
class Now:
    """A query of one value a series."""

    promql: str


@dataclass(frozen=True)
class Over:
    """A query of values from `start` to `end`, both multiples of `step`."""

    promql: str
    start: datetime
    end: datetime
    step: timedelta


Question = Now | Over


def over(promql: str, span: Span, now: float) -> Over:
    """The last `span` before `now` (Unix seconds), on steps that stay where they are from query to query."""
    step = int(span.step.total_seconds())
    end = datetime.fromtimestamp(int(now) // step * step, UTC)
    return Over(promql, end - span.length, end, span.step)


def overview(expected: Collection[str], now: float) -> dict[str, Question]:
    """Of all endpoints. `expected` are those of the environment's settings, which may give no metrics yet."""
    rate = f"rate(mlops_requests_total[{WINDOW}])"
    return {
        "models": Now("max by (namespace, endpoint, model, version, role) (mlops_model_info == 1)"),
        "seen": Now(f"max by (namespace, endpoint) ({_REMEMBERED})"),
        "release": Now("min by (endpoint) (mlops_release_number)"),
        "candidate": Now("max by (endpoint, mode) (mlops_candidate_weight_percent) > 0"),
        "requests": Now(f"sum by (endpoint, code) ({rate})"),
        **{name: Now(_quantile(share, "endpoint, ", "")) for name, share in QUANTILES.items()},
        "in_flight": Now("sum by (endpoint) (mlops_in_flight)"),
        "queue": Now("sum by (endpoint) (mlops_queue_rows)"),
        "wanted": Now(_replicas("kube_deployment_spec_replicas", expected)),
        "ready": Now(_replicas("kube_deployment_status_replicas_ready", expected)),
        "spark": over(f"sum by (endpoint) ({rate})", SPARK, now),
    }


def charts(endpoint: str, namespace: str, span: Span, now: float) -> dict[str, Over]:
    """What one endpoint did."""
    ours = matching(endpoint=endpoint)
    deployment = matching(namespace=namespace, deployment=endpoint)
    asked = {
        "requests": f"sum by (code) (rate(mlops_requests_total{ours}[{WINDOW}]))",
        **{name: _quantile(share, "", ours) for name, share in QUANTILES.items()},
        "in_flight": f"sum(mlops_in_flight{ours})",
        "queue": f"sum(mlops_queue_rows{ours})",
        "wanted": f"max(kube_deployment_spec_replicas{deployment})",
        "ready": f"max(kube_deployment_status_replicas_ready{deployment})",
    }
    return {name: over(promql, span, now) for name, promql in asked.items()}


def drift(endpoint: str) -> dict[str, Now]:
    """The rows of one endpoint's last hour and of its training data, by bin."""
    ours = matching(endpoint=endpoint)
    one = "model, version, feature"
    return {
        "bins": Now(f"mlops:drift_bin_rows:1h{ours}"),
        "reference": Now(f"max by ({one}, bin) (mlops_drift_reference_rows{ours})"),
        "index": Now(f"mlops:drift_psi:1h{ours}"),
        "threshold": Now(f"mlops:drift_threshold:1h{ours}"),
        "left_out": Now(f"max by (model, version) (mlops_drift_left_out{ours}) > 0"),
    }


def _quantile(share: float, by: str, ours: str) -> str:
    buckets = f"rate(mlops_request_seconds_bucket{ours}[{WINDOW}])"
    return f"histogram_quantile({share}, sum by ({by}le) ({buckets}))"


def _replicas(metric: str, expected: Collection[str]) -> str:
    """Of Deployments that are endpoints only: a cluster may have thousands of others."""
    known = f'label_replace({_REMEMBERED}, "deployment", "$1", "endpoint", "(.+)")'
    seen = f"max by (namespace, deployment) ({metric} and on (namespace, deployment) {known})"
    if not expected:
        return seen
    names = quoted("|".join(re.escape(name) for name in sorted(expected)))
    wanted = f"{metric}{{namespace={quoted(MODELS)},deployment=~{names}}}"
    return f"{seen} or max by (namespace, deployment) ({wanted})"
