"""Histograms over a segment."""

from __future__ import annotations

import numpy as np


class Distribution:
    """One histogram series. `observe` only takes note; `flush` sorts what was noted into the buckets."""

    __slots__ = ("_bounds", "_cells", "_first", "_noted", "observe")

    def __init__(self, cells: memoryview[float] | list[float], first: int, bounds: tuple[float, ...]) -> None:
        self._cells, self._first, self._bounds = cells, first, np.array(bounds)
        self._noted: list[float] = []
        # A bound method, because it is called several times for each request.
        self.observe = self._noted.append

    def flush(self) -> None:
        """Count everything that was observed; other threads may observe meanwhile."""
        count = len(self._noted)
        if not count:
            return
        values = np.array(self._noted[:count])
        del self._noted[:count]
        places = np.bincount(np.searchsorted(self._bounds, values), minlength=len(self._bounds) + 1)
        for place in np.flatnonzero(places):
            self._cells[self._first + int(place)] += float(places[place])
        self._cells[self._first + len(places)] += float(values.sum())
