"""`mlops drift`: each feature of an endpoint beside its threshold, decided as its alert decides."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from mlops_cli.environment import Environment
from mlops_cli.errors import UnknownFeature
from mlops_cli.monitoring.endpoints import endpoint_settings
from mlops_cli.monitoring.prometheus import Prometheus, Sample, matching, prometheus_of
from mlops_stacks.settings import EndpointSettings
from pulumi_mlops.alerts import Drift, validated

Verdict = Literal["drifted", "no", "too few rows"]
Kind = Literal["input", "prediction"]
Key = tuple[str, str]
"""Version and feature."""


@dataclass(frozen=True)
class Feature:
    """The last hour of one feature; `index` and `threshold` are None when no row of it was answered."""

    version: str
    feature: str
    kind: Kind
    index: float | None
    threshold: float | None
    rows: float
    verdict: Verdict

    @property
    def ratio(self) -> float:
        """How many times the threshold; -1 without an index."""
        return self.index / self.threshold if self.index is not None and self.threshold else -1.0


@dataclass(frozen=True)
class Bin:
    """The shares of one bin, half a row added to each as the index does; `observed` is None without rows."""

    label: str
    training: float
    observed: float | None

    @property
    def adds(self) -> float:
        """What the bin adds to the index."""
        p, q = self.observed, self.training
        return 0.0 if p is None else (p - q) * math.log(p / q)


@dataclass(frozen=True)
class Report:
    """One endpoint; `left_out` is the number of features that are not counted, by version."""

    endpoint: str
    least_rows: int
    features: tuple[Feature, ...]
    left_out: Mapping[str, int]
    asked: str | None
    """The feature whose `bins` were asked for."""
    bins: Mapping[str, tuple[Bin, ...]]
    """By version."""


def gather(environment: Environment, endpoint: str, feature: str | None = None) -> Report:
    """Ask Prometheus for the figures of the endpoint's rules, all at one time.

    Raises:
        NotServing: the environment's settings have no such endpoint.
        UnknownFeature: `feature` is not watched.
        MonitoringError: Prometheus did not answer.
    """
    settings = endpoint_settings(environment, endpoint)
    with prometheus_of(environment) as prometheus:
        return ask(prometheus, settings, datetime.now(UTC), feature)


def decision_of(settings: EndpointSettings) -> Drift:
    """What the alerts on drift of this endpoint go by."""
    return validated(Drift, settings.drift.model_dump() if settings.drift else {})


def ask(prometheus: Prometheus, settings: EndpointSettings, now: datetime, feature: str | None) -> Report:
    """The same of a Prometheus at hand."""
    ours = matching(endpoint=settings.name, model=settings.model)

    def figures(metric: str) -> list[Sample]:
        return prometheus.query(metric + ours, now)

    drift = decision_of(settings)
    features = judged(
        drift,
        watched=figures("mlops:drift_bins:count"),
        indices=figures("mlops:drift_psi:1h"),
        thresholds=figures("mlops:drift_threshold:1h"),
        rows=figures("mlops:drift_rows:1h"),
    )
    left_out = prometheus.query(f"max by (version) (mlops_drift_left_out{ours}) > 0", now)
    bins: Mapping[str, tuple[Bin, ...]] = {}
    if feature is not None:
        known = sorted({each.feature for each in features})
        if feature not in known:
            raise UnknownFeature(
                f"endpoint {settings.name!r} has no watched feature {feature!r}; it has: "
                f"{', '.join(known) or 'none'}"
            )
        one = matching(endpoint=settings.name, model=settings.model, feature=feature)
        bins = beside(
            prometheus.query(f"mlops:drift_reference:share{one}", now),
            prometheus.query(f"mlops:drift_share:1h{one}", now),
        )
    return Report(
        settings.name,
        drift.least_rows,
        features,
        {each.labels["version"]: int(each.value) for each in left_out},
        feature,
        bins,
    )


def judged(
    drift: Drift,
    watched: Iterable[Sample],
    indices: Iterable[Sample],
    thresholds: Iterable[Sample],
    rows: Iterable[Sample],
) -> tuple[Feature, ...]:
    """Every feature that is watched: by version, inputs first, the furthest beyond its threshold first.

    A prediction is what the alert MlopsPredictionDrift takes for one.
    """
    index, threshold, counted = _by_key(indices), _by_key(thresholds), _by_key(rows)
    outputs = re.compile(drift.outputs_pattern) if drift.outputs else None
    found = [
        Feature(
            version=key[0],
            feature=key[1],
            kind="prediction" if outputs and outputs.fullmatch(key[1]) else "input",
            index=index.get(key),
            threshold=threshold.get(key),
            rows=counted.get(key, 0.0),
            verdict=verdict(index.get(key), threshold.get(key), counted.get(key, 0.0), drift.least_rows),
        )
        for key in sorted({*_by_key(watched), *index})
    ]
    return tuple(sorted(found, key=lambda each: (_version(each.version), each.kind, -each.ratio)))


def verdict(index: float | None, threshold: float | None, rows: float, least_rows: int) -> Verdict:
    """The condition of the alerts on drift; the least effect is in the threshold already."""
    if rows < least_rows:
        return "too few rows"
    if index is None or threshold is None:
        return "no"
    return "drifted" if index > threshold else "no"


def beside(training: Iterable[Sample], observed: Iterable[Sample]) -> dict[str, tuple[Bin, ...]]:
    """The bins of each version, numbers ascending, what lies apart last."""
    live = {(each.labels["version"], each.labels["bin"]): each.value for each in observed}
    found: dict[str, list[Bin]] = {}
    for each in training:
        version, label = each.labels["version"], each.labels["bin"]
        found.setdefault(version, []).append(Bin(label, each.value, live.get((version, label))))
    return {
        version: tuple(sorted(bins, key=lambda one: place(one.label)))
        for version, bins in sorted(found.items(), key=lambda item: _version(item[0]))
    }


def place(label: str) -> tuple[int, float, str]:
    """Where a bin belongs: those of numbers by their lower edge, categories by name, the rest after them."""
    apart = {"below": (0, -math.inf), "above": (2, math.inf), "missing": (3, 0.0), "unknown": (4, 0.0)}
    if label in apart:
        return (*apart[label], label)
    edge = re.match(r"(?:<|>=|\[)([-+0-9.e]+)", label)
    try:
        number = float(edge[1]) if edge else 0.0
    except ValueError:
        number = 0.0
    return (1, math.nextafter(number, -math.inf) if label.startswith("<") else number, label)


def document(report: Report) -> dict[str, Any]:
    """What `--json` prints."""
    bins = {
        version: [
            {"bin": one.label, "training": one.training, "observed": one.observed, "adds": one.adds}
            for one in each
        ]
        for version, each in report.bins.items()
    }
    return {
        "endpoint": report.endpoint,
        "leastRows": report.least_rows,
        "features": [
            {
                "version": each.version,
                "kind": each.kind,
                "feature": each.feature,
                "index": each.index,
                "threshold": each.threshold,
                "rows": round(each.rows),
                "verdict": each.verdict,
            }
            for each in report.features
        ],
        "leftOut": dict(report.left_out),
        **({"bins": bins} if bins else {}),
    }


def _by_key(samples: Iterable[Sample]) -> dict[Key, float]:
    return {(each.labels["version"], each.labels["feature"]): each.value for each in samples}


def _version(version: str) -> tuple[int, str]:
    return (int(version) if version.isdecimal() else 0, version)
