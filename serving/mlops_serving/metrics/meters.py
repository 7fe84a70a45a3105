"""Counters, gauges and histograms over a segment.

`labels(...)` is looked up once and kept where requests are fast; a series that no longer fits into the
segment counts into cells that nobody reads, so a flood of labels can never fail a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from mlops_serving.metrics.segment import Labels, Segment

if TYPE_CHECKING:
    from mlops_serving.metrics.distribution import Distribution

Kind = Literal["counter", "gauge", "histogram"]
Merge = Literal["sum", "max", "min"]

SEPARATOR: Final = "\n"


@dataclass(frozen=True, slots=True)
class Spec:
    """A metric's name, kind, help text and label names; `bounds` are a histogram's upper bucket bounds.

    `merge` says how the numbers of several worker processes become one. Of a `block` metric many series
    are kept as one, which takes less room: the values of the last label, joined by `SEPARATOR`.
    """

    name: str
    kind: Kind
    text: str
    labels: Labels = ()
    bounds: tuple[float, ...] = ()
    merge: Merge = "sum"
    block: bool = False

    @property
    def cells(self) -> int:
        """Numbers of one series: a histogram has its buckets, the one above them, and the sum."""
        return len(self.bounds) + 2 if self.kind == "histogram" else 1


class Number:
    """One counter or gauge series."""

    __slots__ = ("_cells", "_first")

    def __init__(self, cells: memoryview[float] | list[float], first: int) -> None:
        self._cells, self._first = cells, first

    def add(self, by: float = 1.0) -> None:
        """Count."""
        self._cells[self._first] += by

    def set(self, value: float) -> None:
        """Set a gauge."""
        self._cells[self._first] = value

    def get(self) -> float:
        """The number now."""
        value: float = self._cells[self._first]
        return value


class Block:
    """Series that differ in their last label."""

    __slots__ = ("_cells", "_first")

    def __init__(self, cells: memoryview[float], first: int) -> None:
        self._cells, self._first = cells, first

    def add(self, counts: Iterable[float]) -> None:
        """Count on each series."""
        for place, count in enumerate(counts, self._first):
            if count:
                self._cells[place] += count

    def set(self, values: Iterable[float]) -> None:
        """Set each series."""
        for place, value in enumerate(values, self._first):
            self._cells[place] = value


class Meter:
    """One metric of this process: `labels(...)` gives the series to count on."""

    def __init__(self, spec: Spec, segment: Segment) -> None:
        self.spec, self._segment = spec, segment
        self._series: dict[Labels, Number] = {}
        self._distributions: dict[Labels, Distribution] = {}

    def labels(self, *values: str) -> Number:
        """The counter or gauge with these label values."""
        found = self._series.get(values)
        if found is None:
            found = self._series[values] = Number(*self._place(values))
        return found

    def distribution(self, *values: str) -> Distribution:
        """The histogram with these label values."""
        found = self._distributions.get(values)
        if found is None:
            # Needs numpy, which the supervisor can do without.
            from mlops_serving.metrics.distribution import Distribution

            found = self._distributions[values] = Distribution(*self._place(values), self.spec.bounds)
        return found

    def flush(self) -> None:
        """Count what the histograms have noted."""
        for distribution in list(self._distributions.values()):
            distribution.flush()

    def block(self, values: Labels, last: Sequence[str]) -> Block | None:
        """Series for each of `last`, the values of the last label; None when they would take up the half of
        the segment that is left to other metrics.
        """
        labels = (*values, SEPARATOR.join(last))
        first = self._segment.place(self.spec.name, labels, len(last), spare=0.5)
        return None if first is None else Block(self._segment.cells, first)

    def only(self, first: str, rest: Sequence[Labels]) -> None:
        """Make an info gauge: of the series whose first label is `first`, these are 1 and all others 0."""
        wanted = [(first, *values) for values in rest]
        for values, number in self._series.items():
            if values[0] == first and values not in wanted:
                number.set(0)
        for values in wanted:
            self.labels(*values).set(1)

    def _place(self, values: Labels) -> tuple[memoryview[float] | list[float], int]:
        first = self._segment.place(self.spec.name, values, self.spec.cells)
        if first is None:
            return [0.0] * self.spec.cells, 0
        if self.spec.kind == "gauge":
            self._segment.cells[first] = 0.0
        return self._segment.cells, first
