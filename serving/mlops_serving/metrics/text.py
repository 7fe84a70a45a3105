"""The Prometheus text format (exposition format 0.0.4), over the segments of all processes."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from mlops_serving.metrics.catalog import SPECS
from mlops_serving.metrics.meters import SEPARATOR, Spec
from mlops_serving.metrics.segment import Labels, Segment, Series

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_MERGE: Final[Mapping[str, Callable[[float, float], float]]] = {
    "sum": operator.add,
    "max": max,
    "min": min,
}

Merged = dict[str, dict[Labels, tuple[float, ...]]]


def merge(segments: Iterable[Segment]) -> Merged:
    """The numbers of all processes as one: by metric, then by label values."""
    merged: Merged = {spec.name: {} for spec in SPECS}
    how = {spec.name: _MERGE[spec.merge] for spec in SPECS}
    for series in (found for segment in segments for found in segment.series()):
        known = merged.get(series.metric, {})
        before = known.get(series.labels)
        known[series.labels] = (
            tuple(map(how[series.metric], before, series.values)) if before else series.values
        )
    return merged


def exposition(segments: Sequence[Segment], more: Iterable[tuple[Spec, Sequence[Series]]] = ()) -> bytes:
    """The text of `/metrics`; `more` are series that are in no segment."""
    merged = merge(segments)
    lines: list[str] = []
    for spec in SPECS:
        if merged[spec.name]:
            lines += _block(spec, merged[spec.name])
    for spec, series in more:
        lines += _block(spec, {one.labels: one.values for one in series})
    return ("\n".join(lines) + "\n").encode()


def _block(spec: Spec, series: Mapping[Labels, tuple[float, ...]]) -> Iterable[str]:
    yield f"# HELP {spec.name} {spec.text}"
    yield f"# TYPE {spec.name} {spec.kind}"
    for labels, values in sorted(series.items()):
        if spec.kind == "histogram":
            yield from _buckets(spec, labels, values)
        elif spec.block:
            for last, value in zip(labels[-1].split(SEPARATOR), values, strict=True):
                yield f"{spec.name}{_label_text(spec.labels, (*labels[:-1], last))} {_number(value)}"
        else:
            yield f"{spec.name}{_label_text(spec.labels, labels)} {_number(values[0])}"


def _buckets(spec: Spec, labels: Labels, values: tuple[float, ...]) -> Iterable[str]:
    total = 0.0
    for bound, count in zip((*spec.bounds, math.inf), values[:-1], strict=True):
        total += count
        text = _label_text((*spec.labels, "le"), (*labels, _number(bound)))
        yield f"{spec.name}_bucket{text} {_number(total)}"
    text = _label_text(spec.labels, labels)
    yield f"{spec.name}_sum{text} {values[-1]!r}"
    yield f"{spec.name}_count{text} {_number(total)}"


def _label_text(names: Labels, values: Labels) -> str:
    pairs = (f'{name}="{_escape(value)}"' for name, value in zip(names, values, strict=True))
    return "{" + ",".join(pairs) + "}" if names else ""


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(number: float) -> str:
    if math.isinf(number):
        return "+Inf"
    return str(int(number)) if number == int(number) else repr(number)
