"""ONNX models with BF16 tensors, which onnxruntime takes and gives as values of its own, not as arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from onnxruntime import OrtValue

from mlops_serving.protocol.datatypes import BF16, Array, numpy_dtype

_ELEMENT: Final = 16
"""`TensorProto.BFLOAT16` in onnx.proto."""
_TYPE: Final = "tensor(bfloat16)"


class OnnxValuesRuntime:
    """An onnxruntime session that is given and gives BF16 arrays (`ml_dtypes.bfloat16`) among others."""

    def __init__(self, session: Any) -> None:
        self._run = session.run_with_ort_values

    def run(self, inputs: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """The asked outputs, in order."""
        values = {name: _value(array) for name, array in inputs.items()}
        return [_array(value) for value in self._run(outputs, values)]


def _value(array: Array) -> Any:
    if array.dtype == numpy_dtype(BF16):
        bits = np.ascontiguousarray(array).view(np.uint16)
        return OrtValue.ortvalue_from_numpy_with_onnx_type(bits, _ELEMENT)
    return OrtValue.ortvalue_from_numpy(array)


def _array(value: Any) -> Array:
    if value.data_type() != _TYPE:
        array: Array = value.numpy()
        return array
    size = value.tensor_size_in_bytes()
    # The value owns its memory and is gone after this call.
    data = ctypes.string_at(value.data_ptr(), size) if size else b""
    return np.frombuffer(data, numpy_dtype(BF16)).reshape(value.shape())
