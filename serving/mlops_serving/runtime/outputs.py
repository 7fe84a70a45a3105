"""What a model in Python gave, held against its manifest: names, datatypes, shapes, rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from mlops_serving.artifact import TensorSpec
from mlops_serving.errors import ModelError
from mlops_serving.protocol.datatypes import NUMPY, Array
from mlops_serving.protocol.requests import Signature

_MAY_BECOME: Final = {"b": "biuf", "i": "iuf", "u": "iuf", "f": "f", "O": "O", "U": "O", "S": "O"}
"""numpy kinds; a fraction never becomes an integer, and a number never a string."""


def fit_outputs(
    expected: Signature, given: object, inputs: Mapping[str, Array], outputs: Sequence[str]
) -> list[Array]:
    """The asked outputs of a dictionary that must hold every output of the manifest and no other.

    Raises `ModelError` as `fit_output` does.
    """
    if not isinstance(given, Mapping):
        raise ModelError(f"predict gave a {type(given).__name__}; it must give a dictionary of arrays")
    if given.keys() != expected.outputs.keys():
        raise ModelError(
            f"predict gave outputs {sorted(map(str, given))}, the manifest lists {sorted(expected.outputs)}; "
            "make them agree"
        )
    rows = rows_of(expected, inputs)
    return [fit_output(expected.outputs[name], given[name], rows) for name in outputs]


def rows_of(expected: Signature, inputs: Mapping[str, Array]) -> int | None:
    """How many rows each output must have; None when the model does not count rows."""
    return len(next(iter(inputs.values()))) if expected.batchable else None


def fit_output(spec: TensorSpec, value: object, rows: int | None) -> Array:
    """An output as the array that the manifest promises, converted where no value changes its meaning.

    Floats may lose digits (float64 to FP32), integers may change their width; `ModelError` for other
    conversions, for values out of range, and for a shape that is not the manifest's.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ModelError(f"output {spec.name!r} is no array: {error}; give equally long rows") from error
    _check_shape(spec, array, rows)
    wanted = NUMPY[spec.datatype]
    if array.dtype == wanted:
        return array
    if wanted.kind not in _MAY_BECOME.get(array.dtype.kind, ""):
        raise ModelError(
            f"output {spec.name!r} is {array.dtype}, the manifest says {spec.datatype}; "
            "convert it in the model, or write what it gives into the manifest"
        )
    with np.errstate(over="ignore"):
        converted: Array = array.astype(wanted)
    if not np.can_cast(array.dtype, wanted) and not _same(array, converted):
        raise ModelError(f"output {spec.name!r} has values that {spec.datatype} of the manifest cannot hold")
    return converted


def _check_shape(spec: TensorSpec, array: Array, rows: int | None) -> None:
    fits = array.ndim == len(spec.shape) and all(
        want in (-1, size) for size, want in zip(array.shape, spec.shape, strict=True)
    )
    if not fits:
        raise ModelError(
            f"output {spec.name!r} has shape {list(array.shape)}, the manifest says {list(spec.shape)} "
            "(-1 is any size); make them agree"
        )
    if rows is not None and len(array) != rows:
        raise ModelError(f"output {spec.name!r} has {len(array)} rows for {rows} rows of input")


def _same(before: Array, after: Array) -> bool:
    """Whether a narrower datatype holds the same values; of floats only the digits may differ."""
    if before.dtype.kind == "f":
        return bool(np.array_equal(np.isfinite(before), np.isfinite(after)))
    return bool(np.array_equal(before, after))
