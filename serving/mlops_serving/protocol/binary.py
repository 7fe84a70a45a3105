"""The binary tensor extension: a JSON document and after it the bytes of tensors, in the document's order.

    Inference-Header-Content-Length: 87        87 bytes of JSON │ tensor │ tensor │ ...
    Inference-Header-Content-Length: 0         the only tensor, described by nothing but the model

Source: Triton, docs/protocol/extension_binary_data.md; its server for the raw body (header 0).
"""

from __future__ import annotations

from math import prod
from typing import Final

import numpy as np

from mlops_serving.artifact import TensorSpec
from mlops_serving.errors import RequestError
from mlops_serving.protocol.datatypes import Array, numpy_dtype
from mlops_serving.protocol.raw import from_raw, text

HEADER: Final = "inference-header-content-length"
"""The header's name, in the lower case in which RSGI gives and takes names."""
CONTENT_TYPE: Final = "application/octet-stream"
_DIGITS: Final = 18


def header_length(value: str) -> int:
    """The number in the header; raises `RequestError`."""
    if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS):
        raise RequestError(f"{HEADER} must be the length of the JSON in bytes, not {value[:40]!r}")
    return int(value)


class Tail:
    """The tensors after the JSON, handed out in order."""

    __slots__ = ("_bytes", "_place")

    def __init__(self, body: bytes, header: int) -> None:
        if header > len(body):
            raise RequestError(f"{HEADER} is {header}, but the body has only {len(body)} bytes")
        self._bytes, self._place = memoryview(body), header

    def take(self, name: str, size: int) -> memoryview:
        """The next tensor; raises `RequestError` when the body ends before it does."""
        start = self._place
        self._place = start + size
        if self._place > len(self._bytes):
            raise RequestError(
                f"input {name!r} has binary_data_size {size}, but the body has only "
                f"{len(self._bytes) - start} bytes left for it"
            )
        return self._bytes[start : self._place]

    def end(self) -> None:
        """Raises `RequestError` when bytes are left that belong to no tensor."""
        if rest := len(self._bytes) - self._place:
            raise RequestError(
                f"the body has {rest} bytes more than the JSON ({HEADER}) and every binary_data_size; "
                "make them add up"
            )


def whole_body(body: bytes, inputs: tuple[TensorSpec, ...]) -> Array:
    """The tensor that is all of the body; its free dimension, if it has one, follows from the size.

    A BYTES tensor has one element, the body itself. Raises `RequestError` when the model does not allow it.
    """
    if len(inputs) != 1:
        raise RequestError(
            f"a raw body ({HEADER}: 0) is for models with one input; this one has {len(inputs)}"
        )
    (spec,) = inputs
    if spec.datatype == "BYTES":
        if any(size not in (-1, 1) for size in spec.shape):
            raise _shape_error(spec, "one element")
        return np.array([text(spec.name, body)], np.object_).reshape((1,) * len(spec.shape))
    if spec.shape.count(-1) > 1:
        raise _shape_error(spec, "at most one free dimension")
    fixed = prod(size for size in spec.shape if size != -1) * numpy_dtype(spec.datatype).itemsize
    free, rest = divmod(len(body), fixed) if fixed else (0, 0)
    if rest:
        raise RequestError(f"input {spec.name!r} comes in pieces of {fixed} bytes; the body has {len(body)}")
    shape = tuple(free if size == -1 else size for size in spec.shape)
    return from_raw(spec.name, spec.datatype, shape, body)


def _shape_error(spec: TensorSpec, allowed: str) -> RequestError:
    return RequestError(
        f"a raw body ({HEADER}: 0) is for an input with {allowed}; {spec.name!r} has shape "
        f"{list(spec.shape)}, so send the JSON before the tensor"
    )
