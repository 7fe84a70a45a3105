"""Where one process keeps its numbers, so that others can read them without asking it.

A segment is an anonymous memory file: where its directory ends, a 64-bit number that is 0 at first; the
directory, which only grows, one JSON line for each series (metric, label values, first cell, number of
cells); and the cells, 64-bit floats. One process writes, and numbers in one machine instruction each: a
reader may be one event behind but never sees half of one. A process that replaces a dead one attaches to
its segment and counts on.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from typing import Final, NamedTuple

import orjson

Labels = tuple[str, ...]

SIZE: Final = 1 << 22
_HEAD: Final = 8
_DIRECTORY: Final = SIZE // 2
_CELLS: Final = (SIZE - _DIRECTORY) // 8


class Series(NamedTuple):
    """One metric with one combination of label values, and its numbers."""

    metric: str
    labels: Labels
    values: tuple[float, ...]


def new_segment(name: str) -> int:
    """File descriptor of an empty segment, to be passed to the process that will write it."""
    handle = os.memfd_create(name, 0)
    os.ftruncate(handle, SIZE)
    return handle


class Segment:
    """A mapped segment. `cells[i]` reads and writes a number."""

    def __init__(self, handle: int) -> None:
        self._map = mmap.mmap(handle, SIZE)
        self.cells = memoryview(self._map)[_DIRECTORY:].cast("d")
        # Not by `struct`, which writes zeros before the number.
        self._end = memoryview(self._map)[:_HEAD].cast("Q")
        self._known: dict[tuple[str, Labels], tuple[int, int]] = {}
        self._used = 0
        self._read = _HEAD
        self._refresh()

    def place(self, metric: str, labels: Labels, count: int, spare: float = 0.0) -> int | None:
        """First cell of a series, which is new or was there before; None when the segment is full.

        A new series leaves that share of the segment, `spare`, to others.
        """
        key = (metric, labels)
        if key not in self._known and not self._append(key, count, 1 - spare):
            return None
        return self._known[key][0]

    def get(self, metric: str, labels: Labels = ()) -> float:
        """The first number of a series, 0 if there is none."""
        self._refresh()
        found = self._known.get((metric, labels))
        return self.cells[found[0]] if found else 0.0

    def series(self) -> Iterator[Series]:
        """Every series with its numbers now."""
        self._refresh()
        for (metric, labels), (first, count) in self._known.items():
            yield Series(metric, labels, tuple(self.cells[first : first + count]))

    def set(self, series: Series, value: float) -> None:
        """Overwrite the numbers of a series, for a process that writes no more."""
        first, count = self._known[series.metric, series.labels]
        for place in range(first, first + count):
            self.cells[place] = value

    def _append(self, key: tuple[str, Labels], count: int, share: float) -> bool:
        first = self._used
        line = orjson.dumps([key[0], key[1], first, count]) + b"\n"
        end = self._read + len(line)
        if end > _DIRECTORY * share or first + count > _CELLS * share:
            return False
        self._map[self._read : end] = line
        self._know(key, first, count)
        # The end is written last: a reader sees the whole line or none of it.
        self._end[0] = end
        self._read = end
        return True

    def _know(self, key: tuple[str, Labels], first: int, count: int) -> None:
        self._known[key] = (first, count)
        self._used = first + count

    def _refresh(self) -> None:
        end = self._end[0] or _HEAD
        for line in self._map[self._read : end].splitlines():
            metric, labels, first, count = orjson.loads(line)
            self._know((metric, tuple(labels)), first, count)
        self._read = end
