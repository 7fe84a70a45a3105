"""Tensors as bytes: little-endian, row-major, without padding, as in binary REST and gRPC raw contents.

BYTES elements are each a 32-bit length and so many bytes. Numbers are read in place, never copied.
Source: Triton, docs/protocol/extension_binary_data.md; Open Inference Protocol, inference_grpc.md.
"""

from __future__ import annotations

import struct
from math import prod
from typing import Final

import numpy as np

from mlops_serving.errors import RequestError
from mlops_serving.protocol.datatypes import NUMPY, Array

_LENGTH: Final = struct.Struct("<I")


def from_raw(name: str, datatype: str, shape: tuple[int, ...], data: bytes | memoryview) -> Array:
    """A read-only array over `data` (for BYTES, an array of `bytes`).

    Raises `RequestError` when the bytes are more or fewer than the shape needs.
    """
    if datatype == "BYTES":
        return _strings(name, shape, memoryview(data))
    dtype = NUMPY[datatype]
    needed = prod(shape) * dtype.itemsize
    if len(data) != needed:
        raise RequestError(
            f"tensor {name!r} has {len(data)} bytes but {datatype} with shape {list(shape)} needs {needed}"
        )
    return np.frombuffer(data, dtype).reshape(shape)


def to_raw(datatype: str, array: Array) -> bytes | memoryview:
    """The bytes of an array, without a copy where it is contiguous."""
    if datatype == "BYTES":
        return b"".join(_LENGTH.pack(len(item)) + item for item in map(_encoded, array.reshape(-1).tolist()))
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _strings(name: str, shape: tuple[int, ...], data: memoryview) -> Array:
    count, place, items = prod(shape), 0, list[bytes]()
    while place + _LENGTH.size <= len(data) and len(items) < count:
        start = place + _LENGTH.size
        place = start + _LENGTH.unpack_from(data, place)[0]
        items.append(bytes(data[start:place]))
    if place != len(data) or len(items) != count:
        raise RequestError(
            f"tensor {name!r} has {len(data)} bytes that are not {count} strings, each after its length in "
            "4 bytes, little-endian"
        )
    array = np.empty(count, np.object_)
    array[:] = items
    return array.reshape(shape)


def _encoded(item: object) -> bytes:
    return item if isinstance(item, bytes) else str(item).encode()
