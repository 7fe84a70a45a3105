"""V2 datatypes and their numpy counterparts, and the JSON form of one tensor's values.

Numbers are checked for what they are: a string, a boolean or a fraction never becomes an integer by
silent conversion. `null` in a floating tensor is a missing value (NaN), in requests and in replies.
BF16 has no JSON form on the wire; in memory it is `ml_dtypes.bfloat16`, imported when first needed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
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
BF16: Final = "BF16"
DATATYPES: Final = (*NUMPY, BF16)

_FLOAT: Final[frozenset[type]] = frozenset({float, int, type(None)})
_JSON_TYPES: Final[dict[str, frozenset[type]]] = {
    **{name: _FLOAT if name.startswith("FP") else frozenset({int}) for name in NUMPY},
    "BOOL": frozenset({bool}),
    "BYTES": frozenset({str}),
    BF16: _FLOAT,
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


def numpy_dtype(datatype: str) -> np.dtype[Any]:
    """The numpy type of a V2 datatype, BF16 among them."""
    return NUMPY.get(datatype) or _bfloat16()


def from_json(name: str, datatype: str, shape: tuple[int, ...], data: object) -> Array:
    """Values of one tensor, flat or nested as its shape, as a C-contiguous array, read-only.

    Raises `RequestError` for ragged or miscounted data, wrong value types and numbers out of range.
    """
    if type(data) is not list:
        raise RequestError(f"data of tensor {name!r} must be a list, flat or nested as its shape")
    flat = _flatten(name, shape, data) if data and type(data[0]) is list else data
    count = prod(shape)
    if len(flat) != count:
        raise RequestError(
            f"tensor {name!r} has {len(flat)} values but shape {list(shape)} needs {count}; "
            "send them flat or nested as the shape"
        )
    if not _JSON_TYPES[datatype].issuperset(map(type, flat)):
        raise RequestError(f"tensor {name!r} is {datatype}: {_explain(datatype, set(map(type, flat)))}")
    if datatype == "BYTES":
        return np.array(flat, np.object_).reshape(shape)
    if datatype == BF16:
        return narrowed(name, datatype, from_json(name, "FP64", shape, flat))
    try:
        return np.ndarray(shape, NUMPY[datatype], _packer(datatype, count)(*flat))
    except (struct.error, OverflowError) as error:
        if None in flat:
            return narrowed(name, datatype, np.array(flat, np.float64)).reshape(shape)
        raise out_of_range(name, datatype) from error


def to_json(array: Array) -> Array | list[Any]:
    """Values in the flat row-major form that orjson writes (numpy arrays of numbers, lists of strings)."""
    flat: Array = array.ravel()
    if flat.dtype.kind in "biuf":
        return flat
    return [value.decode() if isinstance(value, bytes) else str(value) for value in flat.tolist()]


def narrowed(name: str, datatype: str, wide: Array) -> Array:
    """Finite 64-bit numbers in a narrower type; raises `RequestError` for those that do not fit."""
    dtype = numpy_dtype(datatype)
    if dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        if wide.size and (wide.min() < bounds.min or wide.max() > bounds.max):
            raise out_of_range(name, datatype)
        return wide.astype(dtype, copy=False)
    with np.errstate(over="ignore"):
        array = wide.astype(dtype, copy=False)
    if array is not wide and np.isinf(array).any():
        raise out_of_range(name, datatype)
    return array


def out_of_range(name: str, datatype: str) -> RequestError:
    """What is raised for a number that its datatype cannot hold."""
    return RequestError(f"tensor {name!r} has a value out of range for {datatype}")


@lru_cache(maxsize=1)
def _bfloat16() -> np.dtype[Any]:
    from ml_dtypes import bfloat16

    dtype: np.dtype[Any] = np.dtype(bfloat16)
    return dtype


@lru_cache(maxsize=1024)
def _packer(datatype: str, count: int) -> Callable[..., bytes]:
    """Packs so many numbers, checking the range of each; numpy takes four times as long on a small row."""
    code = NUMPY[datatype].char
    # numpy's codes for 64-bit integers are those of a C long, whose size in `struct` is 32 bits.
    return struct.Struct(f"<{count}{code.replace('l', 'q').replace('L', 'Q')}").pack


def _flatten(name: str, shape: tuple[int, ...], data: list[Any]) -> list[Any]:
    """Unnest level by level, each list having to be as long as the shape says."""
    if len(data) != (shape[0] if shape else 1):
        raise RequestError(f"tensor {name!r} has {len(data)} rows but shape {list(shape)}; make them agree")
    for length in shape[1:]:
        for item in data:
            if type(item) is not list or len(item) != length:
                raise RequestError(
                    f"data of tensor {name!r} is ragged or not nested as its shape {list(shape)}; "
                    "send it flat, or nested exactly as the shape"
                )
        data = data[0] if len(data) == 1 else list(chain.from_iterable(data))
    return data


def _explain(datatype: str, found: set[type]) -> str:
    allowed = _JSON_TYPES[datatype]
    wrong = sorted(_JSON_NAMES[kind] for kind in found - allowed)
    right = sorted(_JSON_NAMES[kind] for kind in allowed)
    return f"its values may be {' or '.join(right)}, not {' or '.join(wrong)}"
