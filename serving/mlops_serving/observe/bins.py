"""Counting a feature's values into the bins of its training data. Pure, and vectorised.

Bins of numbers are labelled `<1`, `[1,2)`, `>=2`, categories by their names. Apart from them are counted:
`missing` (NaN, empty text), `below` and `above` (beyond what training saw), `unknown` (any other category).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlops_serving.artifact import Manifest, ReferenceBins
from mlops_serving.observe.features import Codes, Misplaced, Place, place
from mlops_serving.protocol.datatypes import Array

APART: Final = ("missing", "below", "above", "unknown")
_MOST_BINS: Final = 64
_LABEL_LENGTH: Final = 48

Counts = NDArray[np.int64]


class NumberBins:
    """Bins between edges. `labels` and `reference` are in the order of what `count` gives."""

    def __init__(self, bins: ReferenceBins) -> None:
        self._edges = np.array(bins.edges, np.float64)
        self._smallest = -np.inf if bins.smallest is None else bins.smallest
        self._largest = np.inf if bins.largest is None else bins.largest
        labels = [*_between(bins.edges), "below", "above", "missing"]
        reference = [*bins.counts, 0, 0, bins.missing]
        none_before = bool(bins.edges) and self._smallest >= bins.edges[0]
        possible = [True] * len(labels)
        possible[0] = not none_before
        possible[-3:-1] = [bins.smallest is not None, bins.largest is not None]
        self._possible = np.flatnonzero(possible)
        self.labels = tuple(labels[at] for at in self._possible)
        self.reference = tuple(reference[at] for at in self._possible)

    def count(self, values: Array) -> Counts:
        """How many of values [rows] fall into each bin."""
        numbers = values.astype(np.float64, copy=False)
        bins = len(self._edges) + 1
        codes = np.searchsorted(self._edges, numbers, side="right")
        codes[numbers < self._smallest] = bins
        codes[numbers > self._largest] = bins + 1
        codes[np.isnan(numbers)] = bins + 2
        counts: Counts = np.bincount(codes, minlength=bins + 3)[self._possible]
        return counts


class CategoryBins:
    """One bin a category. `labels` and `reference` are in the order of what `count` gives."""

    def __init__(self, bins: ReferenceBins, datatype: str) -> None:
        self._codes = Codes(bins.categories, datatype)
        self.labels = ("missing", *_names(bins.categories), "unknown")
        self.reference = (bins.missing, *bins.counts)

    def count(self, values: Array) -> Counts:
        """How many of values [rows] are of each category."""
        return np.bincount(self._codes.find(values) + 1, minlength=len(self.labels))


class Counted(NamedTuple):
    """A feature whose values are counted."""

    place: Place
    bins: NumberBins | CategoryBins


class Plan(NamedTuple):
    """What of a model is counted, and why the rest is not, by feature."""

    counted: tuple[Counted, ...]
    left_out: dict[str, str]


def plan(manifest: Manifest, most: int) -> Plan:
    """The first `most` features that have bins and a place, in the manifest's order."""
    counted: dict[str, Counted] = {}
    left_out: dict[str, str] = {}
    for bins in manifest.reference_bins:
        try:
            found = _counted(manifest, bins)
        except Misplaced as why:
            left_out[bins.feature] = str(why)
            continue
        if len(counted) >= most:
            left_out[bins.feature] = f"only {most} features are counted, set MLOPS_DRIFT_FEATURES for more"
        elif bins.feature in counted:
            left_out[bins.feature] = "its name is there twice, the first counts"
        else:
            counted[bins.feature] = found
    return Plan(tuple(counted.values()), left_out)


def _counted(manifest: Manifest, bins: ReferenceBins) -> Counted:
    found = place(manifest, bins)
    if len(bins.counts) > _MOST_BINS:
        raise Misplaced(f"it has {len(bins.counts)} bins, at most {_MOST_BINS} are counted")
    if bins.kind == "categorical":
        return Counted(found, CategoryBins(bins, found.datatype))
    if found.datatype == "BYTES":
        raise Misplaced(f"its bins are of numbers, but tensor {found.tensor!r} is text")
    return Counted(found, NumberBins(bins))


def _between(edges: Sequence[float]) -> Iterable[str]:
    if not edges:
        return ["any"]
    short = [f"{edge:.6g}" for edge in edges]
    texts = short if len(set(short)) == len(short) else [repr(edge) for edge in edges]
    inner = [f"[{low},{high})" for low, high in pairwise(texts)]
    return [f"<{texts[0]}", *inner, f">={texts[-1]}"]


def _names(categories: Sequence[str]) -> Iterable[str]:
    """Short printable labels, no two the same."""
    given: set[str] = set()
    for number, category in enumerate(categories):
        name = category if category.isprintable() and category not in APART else json.dumps(category)
        if len(name) > _LABEL_LENGTH or name in given:
            name = f"{name[:_LABEL_LENGTH]}#{number}"
        given.add(name)
        yield name
