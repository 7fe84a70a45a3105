"""V2 datatypes and their numpy counterparts, and the JSON form of one tensor's values.

Numbers are checked for what they are: a string, a boolean or a fraction never becomes an integer by
silent conversion. `null` in a floating tensor is a missing value (NaN), in requests and in replies.
"""

from __future__ import annotations

from itertools import chain
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mlops_serving.errors import RequestError

Array = NDArray[Any]

NUMPY: Final[dict[str, np.dtype[Any]]] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype(np.uint8),
    "UINT16": np.dtype(np.uint16),
    "UINT32": np.dtype(np.uint32),
    "UINT64": np.dtype(np.uint64),
    "INT8": np.dtype(np.int8),
    "INT16": np.dtype(np.int16),
    "INT32": np.dtype(np.int32),
    "INT64": np.dtype(np.int64),
    "FP16": np.dtype(np.float16),
    "FP32": np.dtype(np.float32),
    "FP64": np.dtype(np.float64),
    "BYTES": np.dtype(np.object_),
}
"""Every V2 datatype that has a JSON form (BF16 has none)."""

_FLOAT: Final[frozenset[type]] = frozenset({float, int, type(None)})
_JSON_TYPES: Final[dict[str, frozenset[type]]] = {
    **{name: _FLOAT if name.startswith("FP") else frozenset({int}) for name in NUMPY},
    "BOOL": frozenset({bool}),
    "BYTES": frozenset({str}),
}
_JSON_NAMES: Final = {
    bool: "true/false",
    int: "integers",
    float: "fractions",
    str: "strings",
    list: "nested lists",
    dict: "objects",
    type(None): "null",
}


def from_json(name: str, datatype: str, shape: tuple[int, ...], data: object) -> Array:
    """Values of one tensor, flat or nested as its shape, as a C-contiguous array.

    Raises `RequestError` for ragged or miscounted data, wrong value types and numbers out of range.
    """
    if type(data) is not list:
        raise RequestError(f"data of tensor {name!r} must be a list, flat or nested as its shape")
    flat = _flatten(name, shape, data)
    count = prod(shape)
    if len(flat) != count:
        raise RequestError(
            f"tensor {name!r} has {len(flat)} values but shape {list(shape)} needs {count}; "
            "send them flat or nested as the shape"
        )
    found = set(map(type, flat))
    if not found <= _JSON_TYPES[datatype]:
        raise RequestError(f"tensor {name!r} is {datatype}: {_explain(datatype, found)}")
    return _array(name, datatype, flat).reshape(shape)


def to_json(array: Array) -> Array | list[Any]:
    """Values in the flat row-major form that orjson writes (numpy arrays of numbers, lists of strings)."""
    flat = np.ascontiguousarray(array).reshape(-1)
    if flat.dtype.kind in "biuf":
        return flat
    return [value.decode() if isinstance(value, bytes) else str(value) for value in flat.tolist()]


def _array(name: str, datatype: str, flat: list[Any]) -> Array:
    try:
        with np.errstate(over="ignore"):
            array = np.array(flat, dtype=NUMPY[datatype])
    except OverflowError as error:
        raise RequestError(f"tensor {name!r} has a value out of range for {datatype}") from error
    if array.dtype.kind == "f" and np.isinf(array).any():
        raise RequestError(f"tensor {name!r} has a value out of range for {datatype}")
    return array


def _flatten(name: str, shape: tuple[int, ...], data: list[Any]) -> list[Any]:
    """Unnest level by level, each list having to be as long as the shape says."""
    if not data or type(data[0]) is not list:
        return data
    if len(data) != (shape[0] if shape else 1):
        raise RequestError(f"tensor {name!r} has {len(data)} rows but shape {list(shape)}; make them agree")
    for length in shape[1:]:
        if any(type(item) is not list or len(item) != length for item in data):
            raise RequestError(
                f"data of tensor {name!r} is ragged or not nested as its shape {list(shape)}; "
                "send it flat, or nested exactly as the shape"
            )
        data = list(chain.from_iterable(data))
    return data


def _explain(datatype: str, found: set[type]) -> str:
    allowed = _JSON_TYPES[datatype]
    wrong = sorted(_JSON_NAMES[kind] for kind in found - allowed)
    right = sorted(_JSON_NAMES[kind] for kind in allowed)
    return f"its values may be {' or '.join(right)}, not {' or '.join(wrong)}"
