"""Values that a model's manifest does not expect. All pure.

`check` says which there are. `Gate` stands before a strict model: it compares whole tensors with their
bounds, and looks closer only when something is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlops_serving.artifact import Expectation, Manifest
from mlops_serving.errors import ModelError, UnexpectedData
from mlops_serving.observe.features import MISSING, Codes, Misplaced, Place, place
from mlops_serving.protocol.datatypes import Array

Mask = NDArray[np.bool_]

_KINDS: Final = {
    "missing": "has no value",
    "not_finite": "is infinite",
    "below": "is below the minimum",
    "above": "is above the maximum",
    "unknown": "is none of the known categories",
}


class Check(NamedTuple):
    """What is expected of one feature, ready to be applied."""

    place: Place
    expected: Expectation
    codes: Codes | None


class Problem(NamedTuple):
    """So many rows of a feature have this problem; `first` is the number of the first, from 0."""

    feature: str
    kind: str
    rows: int
    first: int


def checks(manifest: Manifest) -> tuple[Check, ...]:
    """What the manifest expects; `ModelError` if a feature cannot be found by rows."""
    try:
        return tuple(_check(manifest, expected) for expected in manifest.expectations)
    except Misplaced as error:
        raise ModelError(
            f"what version {manifest.version} of {manifest.name} expects of its inputs cannot be checked: "
            f"{error}; correct the expectations and register the model again"
        ) from error


def check(all_checks: Sequence[Check], values: Callable[[Place], Array | None]) -> Iterator[Problem]:
    """What is wrong with the values [rows] of each place; every row has one problem a feature at most."""
    for one in all_checks:
        column = values(one.place)
        if column is None:
            continue
        for kind, mask in _masks(one, column):
            if rows := int(np.count_nonzero(mask)):
                yield Problem(one.place.feature, kind, rows, int(np.argmax(mask)))


class Gate:
    """The checks of a strict model, arranged for speed: bounds of all columns of a tensor at once."""

    def __init__(self, all_checks: Sequence[Check]) -> None:
        self._checks = tuple(all_checks)
        self._coded = tuple(one for one in all_checks if one.codes or one.place.datatype == "BYTES")
        self._bounds = tuple(_bounds([one for one in all_checks if one not in self._coded]))

    def problems(self, inputs: Mapping[str, Array]) -> tuple[Problem, ...]:
        """What is wrong with a request; nothing for most."""

        def values(place: Place) -> Array:
            return place.of(inputs[place.tensor])

        if all(bounds.hold(inputs) for bounds in self._bounds) and not any(check(self._coded, values)):
            return ()
        return tuple(check(self._checks, values))


def gate(manifest: Manifest) -> Gate | None:
    """What stands before a strict model; None for any other. Raises `ModelError` as `checks` does."""
    found = checks(manifest)
    return Gate(found) if manifest.strict and found else None


def refusal(problems: Sequence[Problem]) -> UnexpectedData:
    """Names each feature with its first row, and never a value."""
    texts = [f"{one.feature!r} {_KINDS[one.kind]} in row {one.first}" for one in problems]
    return UnexpectedData(
        f"the model does not take such values: {'; '.join(texts)} (rows count from 0); correct them"
    )


class Bounds(NamedTuple):
    """Bounds of some columns of a tensor of numbers; `low` and `high` leave no room for infinities."""

    tensor: str
    columns: NDArray[np.int64] | None
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    may_be_missing: Mask

    def hold(self, inputs: Mapping[str, Array]) -> bool:
        """Whether every value is within its bounds, or missing where it may be."""
        array = inputs[self.tensor]
        if self.columns is not None:
            array = array[:, self.columns]
        good = (array >= self.low) & (array <= self.high)
        if not good.all():
            good |= np.isnan(array.astype(np.float64, copy=False)) & self.may_be_missing
        return bool(good.all())


def _check(manifest: Manifest, expected: Expectation) -> Check:
    found = place(manifest, expected)
    bounded = expected.minimum is not None or expected.maximum is not None
    if bounded and found.datatype == "BYTES":
        raise Misplaced(f"{expected.feature!r} has bounds, but tensor {found.tensor!r} is text")
    codes = None
    if expected.categories is not None:
        codes = Codes(expected.categories, found.datatype)
    return Check(found, expected, codes)


def _masks(one: Check, values: Array) -> Iterator[tuple[str, Mask]]:
    expected = one.expected
    codes = one.codes
    if codes is None and values.dtype == np.object_:
        codes = Codes((), "BYTES")
    if codes is not None:
        found = codes.find(values)
        if not expected.missing:
            yield "missing", found == MISSING
        if expected.categories is not None:
            yield "unknown", found == codes.others
        return
    numbers = values.astype(np.float64, copy=False)
    if not expected.missing:
        yield "missing", np.isnan(numbers)
    infinite = np.isinf(numbers)
    yield "not_finite", infinite
    if expected.minimum is not None:
        yield "below", (numbers < expected.minimum) & ~infinite
    if expected.maximum is not None:
        yield "above", (numbers > expected.maximum) & ~infinite


def _bounds(all_checks: Sequence[Check]) -> Iterator[Bounds]:
    largest = np.finfo(np.float64).max
    for tensor in dict.fromkeys(one.place.tensor for one in all_checks):
        found = [one for one in all_checks if one.place.tensor == tensor]
        columns = [one.place.column for one in found]
        low = [one.expected.minimum for one in found]
        high = [one.expected.maximum for one in found]
        yield Bounds(
            tensor,
            None if columns[0] is None else np.array(columns),
            np.array([-largest if bound is None else bound for bound in low]),
            np.array([largest if bound is None else bound for bound in high]),
            np.array([one.expected.missing for one in found]),
        )
