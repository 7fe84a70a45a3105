"""Where a feature is among a model's tensors, and the places of categories in a list of them.

A tensor that can be read by rows is a vector, or a matrix whose columns are features. All pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlops_serving.artifact import Feature, Manifest, TensorSpec
from mlops_serving.protocol.datatypes import Array

MISSING: Final = -1
_TRUTH: Final = {"true": 1.0, "false": 0.0}


class Place(NamedTuple):
    """A feature's tensor, and its column where that has several."""

    feature: str
    output: bool
    tensor: str
    column: int | None
    datatype: str

    def of(self, array: Array) -> Array:
        """The feature's values [rows] in its tensor [rows] or [rows, columns]."""
        return array if array.ndim == 1 else array[:, self.column or 0]


class Misplaced(ValueError):
    """A feature that cannot be found by rows; the message says why."""


def place(manifest: Manifest, feature: Feature) -> Place:
    """Where a feature is; raises `Misplaced`."""
    name = feature.tensor or feature.feature
    for output, specs in ((False, manifest.inputs), (True, manifest.outputs)):
        for spec in specs:
            if spec.name == name:
                column = _column(manifest, spec, feature.column)
                return Place(feature.feature, output, name, column, spec.datatype)
    raise Misplaced(f"the model has no tensor {name!r}")


def by_rows(manifest: Manifest, spec: TensorSpec) -> bool:
    """Whether a tensor is a vector or matrix with one line for each row of a request."""
    batchable = all(tensor.shape[:1] == (-1,) for tensor in (*manifest.inputs, *manifest.outputs))
    return len(spec.shape) in (1, 2) and spec.shape[0] == (-1 if batchable else 1)


def _column(manifest: Manifest, spec: TensorSpec, column: int | None) -> int | None:
    if not by_rows(manifest, spec):
        raise Misplaced(f"tensor {spec.name!r} {list(spec.shape)} cannot be read by rows and columns")
    if len(spec.shape) == 1:
        if column:
            raise Misplaced(f"tensor {spec.name!r} has no columns")
        return None
    width = spec.shape[1]
    if column is None and width != 1:
        raise Misplaced(f"tensor {spec.name!r} has {width} columns (-1 is any number) and none is named")
    if (column or 0) >= width:
        raise Misplaced(
            f"tensor {spec.name!r} has {width} columns (-1 is any number), none with number {column}"
        )
    return column or 0


class Codes:
    """The categories of a feature, numbered from 0 in the order given."""

    def __init__(self, categories: Sequence[str], datatype: str) -> None:
        self.others = len(categories)
        self._by_text: dict[str | bytes, int] = {}
        self._numbers = np.empty(0)
        self._order = np.empty(0, np.int64)
        if datatype == "BYTES":
            self._by_text = {"": MISSING, b"": MISSING}
            for number, category in enumerate(categories):
                self._by_text |= {category: number, category.encode(): number}
        else:
            numbers = np.array([_number(category, datatype) for category in categories])
            self._order = np.argsort(numbers, kind="stable")
            self._numbers = numbers[self._order]

    def find(self, values: Array) -> NDArray[np.int64]:
        """The number of each value's category: `MISSING` for NaN and empty text, `others` for the unknown."""
        if values.dtype == np.object_:
            # One dictionary look-up a value, all in C. Fixed-width text arrays would let one long value
            # take its length for every row.
            found = map(self._by_text.get, values.tolist(), repeat(self.others))
            return np.fromiter(found, np.int64, len(values))
        numbers = values.astype(np.float64, copy=False)
        codes = np.full(len(numbers), self.others, np.int64)
        if self.others:
            places = np.searchsorted(self._numbers, numbers)
            places[places == self.others] = 0
            known = self._numbers[places] == numbers
            codes[known] = self._order[places[known]]
        codes[np.isnan(numbers)] = MISSING
        return codes


def _number(category: str, datatype: str) -> float:
    try:
        return _TRUTH[category.lower()] if category.lower() in _TRUTH else float(category)
    except ValueError as error:
        raise Misplaced(f"category {category!r} is no number, but the tensor is {datatype}") from error
