"""Tensors as bytes: little-endian, row-major, without padding, as in binary REST and gRPC raw contents.

BYTES elements are each a 32-bit length and so many bytes, which are text in UTF-8, as in JSON and in ONNX.
Numbers are read in place; only those that do not lie where their type may lie in memory are copied.
Source: Triton, docs/protocol/extension_binary_data.md; Open Inference Protocol, inference_grpc.md.
"""

from __future__ import annotations

import struct
from math import prod
from typing import Any, Final, cast

import numpy as np

from mlops_serving.errors import RequestError
from mlops_serving.protocol.datatypes import Array, numpy_dtype

_LENGTH: Final = struct.Struct("<I")
_BYTE: Final = np.dtype(np.uint8)


def from_raw(name: str, datatype: str, shape: tuple[int, ...], data: bytes | memoryview) -> Array:
    """A read-only array over `data` (for BYTES, an array of `str`).

    Raises `RequestError` when the bytes are more or fewer than the shape needs, or mean nothing.
    """
    if datatype == "BYTES":
        return _strings(name, shape, memoryview(data))
    dtype = numpy_dtype(datatype)
    needed = prod(shape) * dtype.itemsize
    if len(data) != needed:
        raise RequestError(
            f"tensor {name!r} has {len(data)} bytes but {datatype} with shape {list(shape)} needs {needed}"
        )
    if datatype == "BOOL" and needed and np.ndarray(needed, _BYTE, data).max() > 1:
        raise RequestError(f"tensor {name!r} is BOOL: each of its bytes may be 0 or 1")
    array: Array = np.ndarray(shape, dtype, data) if needed else np.empty(shape, dtype)
    # Compiled loops may trap on numbers that are not aligned to their size.
    return array if array.flags.aligned else array.copy()


def to_raw(datatype: str, array: Array) -> bytes | memoryview:
    """The bytes of an array, without a copy where it is contiguous."""
    if datatype == "BYTES":
        return b"".join(_LENGTH.pack(len(item)) + item for item in map(_encoded, array.ravel().tolist()))
    return array.ravel().view(_BYTE).data


def text(name: str, data: bytes | memoryview) -> str:
    """One BYTES element; raises `RequestError` for what is not UTF-8."""
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(
            f"tensor {name!r} is BYTES: {error.reason} at byte {error.start} of an element; its elements are "
            "text in UTF-8"
        ) from error


def _strings(name: str, shape: tuple[int, ...], data: memoryview) -> Array:
    count, place, items = prod(shape), 0, list[str]()
    while place + _LENGTH.size <= len(data) and len(items) < count:
        start = place + _LENGTH.size
        place = start + _LENGTH.unpack_from(data, place)[0]
        items.append(text(name, data[start:place]))
    if place != len(data) or len(items) != count:
        raise RequestError(
            f"tensor {name!r} has {len(data)} bytes that are not {count} strings, each after its length in "
            "4 bytes, little-endian"
        )
    array = np.empty(count, np.object_)
    array[:] = items
    return cast(Array, array.reshape(shape))


def _encoded(item: Any) -> bytes:
    return item if isinstance(item, bytes) else str(item).encode()
