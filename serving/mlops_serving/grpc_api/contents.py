"""The typed form of one tensor's values: one repeated field of `InferTensorContents`."""

from __future__ import annotations

from math import prod
from typing import Any, Final

import numpy as np

from mlops_serving.errors import RequestError
from mlops_serving.grpc_api.messages import InferTensorContents
from mlops_serving.grpc_api.wire import head
from mlops_serving.protocol.datatypes import NUMPY, Array

FIELDS: Final = {
    "BOOL": "bool_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
"""The field of each datatype; one that is not here can only be sent raw."""

_NUMBERS: Final = {field.name: field.number for field in InferTensorContents.DESCRIPTOR.fields}
_AS_BYTES: Final = frozenset({"BOOL", "FP32", "FP64"})
"""Packed as numpy has them: the wire carries the array's own bytes. Integers are varints there."""


def from_contents(name: str, datatype: str, shape: tuple[int, ...], contents: Any) -> Array:
    """An array of the values (for BYTES, of `str`); raises `RequestError`."""
    field = FIELDS.get(datatype)
    if field is None:
        raise RequestError(f"input {name!r} is {datatype}, which has no typed contents; send it raw")
    given = contents.ListFields()
    others = [one.name for one, _ in given if one.name != field]
    if others:
        raise RequestError(f"input {name!r} is {datatype}: its values go into {field}, not {others}")
    values, count = getattr(contents, field), prod(shape)
    if len(values) != count:
        raise RequestError(f"{field} of input {name!r} has {len(values)} values, its shape needs {count}")
    if datatype in _AS_BYTES:
        return _packed(name, datatype, field, count, contents).reshape(shape)
    if datatype == "BYTES":
        return as_text(name, values[:]).reshape(shape)
    try:
        return np.array(values[:], NUMPY[datatype]).reshape(shape)
    except OverflowError as error:
        raise RequestError(f"input {name!r} has a value out of range for {datatype}") from error


def fill(contents: Any, datatype: str, array: Array) -> None:
    """Write an output's values into its typed contents."""
    field = FIELDS[datatype]
    if datatype in _AS_BYTES:
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        contents.MergeFromString(head(_NUMBERS[field], flat.nbytes) + flat.tobytes())
        return
    values = array.reshape(-1).tolist()
    if datatype == "BYTES":
        values = [item if isinstance(item, bytes) else str(item).encode() for item in values]
    getattr(contents, field).extend(values)


def as_text(name: str, values: list[Any]) -> Array:
    """A flat array of `str`, which is what models take strings as."""
    array = np.empty(len(values), np.object_)
    try:
        array[:] = [item if isinstance(item, str) else item.decode() for item in values]
    except UnicodeDecodeError as error:
        raise RequestError(f"input {name!r} has a string that is not UTF-8: {error}") from error
    return array


def _packed(name: str, datatype: str, field: str, count: int, contents: Any) -> Array:
    """The values of the only field that is set, from its bytes on the wire."""
    dtype = NUMPY[datatype]
    wire, size = contents.SerializeToString(), count * dtype.itemsize
    before = len(wire) - size
    if count and before != len(head(_NUMBERS[field], size)):
        raise RequestError(f"contents of input {name!r} have fields that this server does not know")
    return np.frombuffer(wire[before:], dtype)
