"""Tiny ONNX models that give back what they are given, for every datatype of the protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from onnx import NodeProto, TensorProto, helper

from mlops_serving.artifact import Golden, Manifest, Tensor, TensorSpec
from mlops_serving.protocol.datatypes import NUMPY
from serving_identity import ONNX
from serving_models import make_artifact

COLUMNS = 2


def make_identity(folder: Path, name: str, datatype: str) -> Manifest:
    """A model `name` whose output Y is its input X."""
    return make_model(
        folder, name, [helper.make_node("Identity", ["X"], ["Y"])], {"X": datatype}, {"Y": datatype}
    )


def make_pair(folder: Path) -> Manifest:
    """A model `pair`: output C is input A, output D is B."""
    nodes = [helper.make_node("Identity", ["A"], ["C"]), helper.make_node("Identity", ["B"], ["D"])]
    return make_model(folder, "pair", nodes, {"A": "INT32", "B": "FP32"}, {"C": "INT32", "D": "FP32"})


def make_half(folder: Path) -> Manifest:
    """A model `half`: output Y is input X as FP16, Z is X."""
    nodes = [
        helper.make_node("Cast", ["X"], ["Y"], to=TensorProto.FLOAT16),
        helper.make_node("Identity", ["X"], ["Z"]),
    ]
    return make_model(folder, "half", nodes, {"X": "FP32"}, {"Y": "FP16", "Z": "FP32"})


def make_model(
    folder: Path,
    name: str,
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
) -> Manifest:
    """A model of rows of two columns, which turns ones into ones."""
    graph = helper.make_graph(
        list(nodes),
        name,
        [helper.make_tensor_value_info(one, ONNX[kind], ["n", COLUMNS]) for one, kind in inputs.items()],
        [helper.make_tensor_value_info(one, ONNX[kind], ["n", COLUMNS]) for one, kind in outputs.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return make_artifact(
        folder,
        model.SerializeToString(),
        _specs(inputs),
        _specs(outputs),
        Golden(inputs=_ones(inputs), outputs=_ones(outputs), atol=0),
        name=name,
    )


def extremes(datatype: str) -> np.ndarray:
    """Two rows of the smallest and the largest value, or of awkward strings."""
    dtype = NUMPY[datatype]
    if dtype.kind == "O":
        return np.array([["", "ü €"], ["a\n\0b", '"\\']], dtype=object)
    info = None if dtype.kind == "b" else np.iinfo(dtype) if dtype.kind in "iu" else np.finfo(dtype)
    return np.array([[info.min, info.max] if info else [True, False]] * 2, dtype=dtype)


def _specs(tensors: Mapping[str, str]) -> list[TensorSpec]:
    return [TensorSpec(name=name, datatype=kind, shape=(-1, COLUMNS)) for name, kind in tensors.items()]


def _ones(tensors: Mapping[str, str]) -> tuple[Tensor, ...]:
    one: dict[str, bool | str | int] = {"BOOL": True, "BYTES": "1"}
    return tuple(
        Tensor(name=name, shape=(1, COLUMNS), datatype=kind, data=(one.get(kind, 1),) * COLUMNS)
        for name, kind in tensors.items()
    )
