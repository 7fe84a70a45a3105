"""ONNX models on onnxruntime, CPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import onnxruntime

from mlops_serving.artifact import Manifest, TensorSpec
from mlops_serving.errors import ModelError
from mlops_serving.protocol.datatypes import BF16, Array
from mlops_serving.runtime import Place
from mlops_serving.runtime.onnx_values import OnnxValuesRuntime

_FATAL_ONLY: Final = 4
"""It would write lines that are no JSON and hold values of requests; what it raises says the same."""
_DATATYPES: Final = {
    "tensor(bool)": "BOOL",
    "tensor(uint8)": "UINT8",
    "tensor(uint16)": "UINT16",
    "tensor(uint32)": "UINT32",
    "tensor(uint64)": "UINT64",
    "tensor(int8)": "INT8",
    "tensor(int16)": "INT16",
    "tensor(int32)": "INT32",
    "tensor(int64)": "INT64",
    "tensor(float16)": "FP16",
    "tensor(float)": "FP32",
    "tensor(double)": "FP64",
    "tensor(bfloat16)": BF16,
    "tensor(string)": "BYTES",
}


class OnnxRuntime:
    """An onnxruntime session; it releases the GIL while it computes."""

    def __init__(self, session: Any) -> None:
        self._run = session.run

    def run(self, inputs: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """The asked outputs, in order."""
        arrays: list[Array] = self._run(outputs, inputs)
        return arrays


def load(manifest: Manifest, folder: Path, place: Place) -> OnnxRuntime | OnnxValuesRuntime:
    """Open the session and compare it with the manifest; `ModelError` when they differ."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = place.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL_ONLY
    # Idle threads that spin would eat the CPU quota of the pod.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    path = folder / manifest.model_file
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own classes share no base but Exception
        raise ModelError(
            f"onnxruntime {onnxruntime.__version__} cannot load {manifest.model_file} of {manifest.name} "
            f"version {manifest.version}: {str(error)[:300]}; export it for this version"
        ) from error
    _compare("inputs", manifest.inputs, session.get_inputs())
    _compare("outputs", manifest.outputs, session.get_outputs())
    if any(spec.datatype == BF16 for spec in (*manifest.inputs, *manifest.outputs)):
        _refuse_strings(manifest)
        return OnnxValuesRuntime(session)
    return OnnxRuntime(session)


def _refuse_strings(manifest: Manifest) -> None:
    """onnxruntime cannot make a string tensor of its own from Python, and BF16 needs such values."""
    strings = [spec.name for spec in manifest.inputs if spec.datatype == "BYTES"]
    if strings:
        raise ModelError(
            f"{manifest.name} version {manifest.version} has {BF16} tensors beside string inputs {strings}, "
            "which onnxruntime cannot take together; encode the strings before the model"
        )


def _compare(kind: str, expected: tuple[TensorSpec, ...], nodes: Sequence[Any]) -> None:
    """The manifest must list the model's tensors; a free dimension may stand for a fixed one, not more."""
    found = {node.name: (_DATATYPES.get(node.type, node.type), node.shape) for node in nodes}
    unlisted = [name for name in found if name not in {spec.name for spec in expected}]
    if kind == "inputs" and unlisted:
        raise ModelError(f"the model also needs inputs {unlisted}; list them in the manifest")
    for spec in expected:
        datatype, shape = found.get(spec.name, (None, []))
        if datatype != spec.datatype or (shape and len(shape) != len(spec.shape)):
            raise ModelError(
                f"the manifest's {kind} have {spec.name!r} as {spec.datatype} {list(spec.shape)}, the model "
                f"has {datatype} {shape}; write the manifest from the model (scikit-learn: zipmap off)"
            )
