"""Prometheus' answers as what the page shows of one endpoint: charts, and drift. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlops_cli.dashboard.queries import QUANTILES, Over
from mlops_cli.dashboard.views import Answers, rounded
from mlops_cli.monitoring.drift import Verdict, place, verdict
from mlops_cli.monitoring.prometheus import Labels, Sample, Series

Values = tuple[float | None, ...]
_Feature = tuple[str, str, str]


@dataclass(frozen=True)
class Line:
    """One line of a chart; its values stand beside the chart's `times`, None where there is none."""

    label: str
    values: Values


@dataclass(frozen=True)
class Chart:
    """Lines over `times` (Unix seconds)."""

    times: tuple[float, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Bin:
    """Shares of the rows in one bin: of the last hour (None without rows), and of the training data."""

    label: str
    observed: float | None
    reference: float


@dataclass(frozen=True)
class Feature:
    """Drift of one feature in the last hour; `index` and `threshold` are None without rows."""

    feature: str
    model: str
    version: str
    bins: tuple[Bin, ...]
    rows: float
    index: float | None
    threshold: float | None
    verdict: Verdict


@dataclass(frozen=True)
class Drift:
    """Of all features, the most drifted first; `left_out` of them are not counted."""

    features: tuple[Feature, ...]
    left_out: int
    least_rows: int


@dataclass(frozen=True)
class Detail:
    """The view of one endpoint; a name that no endpoint has is not `known`, and the rest is empty then."""

    name: str
    known: bool
    span: str
    charts: Mapping[str, Chart]
    drift: Drift | None


def unknown(name: str, span: str) -> Detail:
    """Of a name that no endpoint has."""
    return Detail(name, False, span, {}, None)


def detail(name: str, span: str, question: Over, answers: Answers, least_rows: int) -> Detail:
    """The charts over the times of `question`, and the drift of the last hour."""
    times = _times(question)

    def chart(lines: Iterable[tuple[str, Sequence[Series]]]) -> Chart:
        return Chart(times, tuple(_line(label, series, times) for label, series in lines))

    over = answers.over
    codes = sorted((each.labels.get("code", ""), each) for each in over["requests"] if _moved(each))
    charts = {
        "requests": chart((code, [each]) for code, each in codes),
        "latency": chart((quantile, over[quantile]) for quantile in QUANTILES),
        "load": chart([("in flight", over["in_flight"]), ("rows waiting", over["queue"])]),
        "replicas": chart([("wanted", over["wanted"]), ("ready", over["ready"])]),
    }
    return Detail(name, True, span, charts, drift(answers.now, least_rows))


def drift(now: Mapping[str, Sequence[Sample]], least_rows: int) -> Drift:
    """Each feature's shares per bin against its reference, and the verdict that the alerts would give."""
    observed, reference = _by_feature(now["bins"]), _by_feature(now["reference"])
    index = {_feature(each.labels): rounded(each.value) for each in now["index"]}
    threshold = {_feature(each.labels): rounded(each.value) for each in now["threshold"]}
    features = [
        _one(one, observed.get(one, {}), bins, index.get(one), threshold.get(one), least_rows)
        for one, bins in reference.items()
    ]
    features.sort(key=lambda each: (-_excess(each), each.feature, each.model, each.version))
    left_out = sum(round(each.value) for each in now["left_out"])
    return Drift(tuple(features), left_out, least_rows)


def _one(
    one: _Feature,
    observed: Mapping[str, float],
    reference: Mapping[str, float],
    index: float | None,
    threshold: float | None,
    least_rows: int,
) -> Feature:
    rows, trained = sum(observed.values()), sum(reference.values())
    labels = sorted(observed.keys() | reference.keys(), key=place)
    bins = tuple(
        Bin(
            label,
            rounded(observed.get(label, 0.0) / rows) if rows else None,
            rounded(reference.get(label, 0.0) / trained) or 0.0 if trained else 0.0,
        )
        for label in labels
    )
    model, version, feature = one
    decided = verdict(index, threshold, rows, least_rows)
    return Feature(feature, model, version, bins, rounded(rows) or 0.0, index, threshold, decided)


def _excess(feature: Feature) -> float:
    if feature.index is None or not feature.threshold:
        return 0.0
    return feature.index / feature.threshold


def _by_feature(samples: Iterable[Sample]) -> dict[_Feature, dict[str, float]]:
    found: dict[_Feature, dict[str, float]] = defaultdict(dict)
    for sample in samples:
        if math.isfinite(sample.value):
            found[_feature(sample.labels)][sample.labels.get("bin", "")] = sample.value
    return found


def _feature(labels: Labels) -> _Feature:
    return (labels.get("model", ""), labels.get("version", ""), labels.get("feature", ""))


def _times(question: Over) -> tuple[float, ...]:
    count = int((question.end - question.start) / question.step) + 1
    start, step = question.start.timestamp(), question.step.total_seconds()
    return tuple(start + number * step for number in range(count))


def _line(label: str, series: Sequence[Series], times: Sequence[float]) -> Line:
    points = dict(series[0].points) if series else {}
    return Line(label, tuple(rounded(points.get(time, math.nan)) for time in times))


def _moved(series: Series) -> bool:
    """False for an answer that nobody got in all that time: the server names some beforehand."""
    return any(value > 0 for _, value in series.points)
