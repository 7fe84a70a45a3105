"""Small real ONNX models, as artifacts, for the tests of the model server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from mlops_serving.artifact import (
    MANIFEST,
    Dataset,
    Golden,
    Manifest,
    Tensor,
    TensorSpec,
    dump_manifest,
    file_entry,
)


def make_artifact(
    folder: Path,
    model: bytes,
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    golden: Golden,
    name: str = "iris",
    version: str = "1",
) -> Manifest:
    """Write a model and its manifest into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model)
    manifest = Manifest(
        name=name,
        version=version,
        created_at=datetime(2026, 11, 24, tzinfo=UTC),
        framework="onnx",
        dependencies={"onnxruntime": "1.23"},
        files=(file_entry(folder, "model.onnx"),),
        model_file="model.onnx",
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        golden=golden,
        dataset=Dataset(name="iris", sha256="0" * 64, rows=150),
        code_revision="abc",
        metrics={"accuracy": 0.9},
        fairness={},
    )
    (folder / MANIFEST).write_bytes(dump_manifest(manifest))
    return manifest


@dataclass(frozen=True)
class Iris:
    """Three versions of an iris classifier that answer differently, and what each must answer."""

    rows: np.ndarray
    folders: dict[str, Path]
    manifests: dict[str, Manifest]
    probabilities: dict[str, np.ndarray]


def make_iris(new_folder: Callable[[str], Path]) -> Iris:
    """Logistic regressions of three strengths on the iris data, exported with skl2onnx."""
    features, target = load_iris(return_X_y=True)
    rows = features.astype(np.float32)
    made = Iris(rows, {}, {}, {})
    for version, strength in (("1", 0.01), ("2", 1.0), ("3", 100.0)):
        model = LogisticRegression(C=strength, max_iter=2000).fit(rows, target)
        answers = model.predict_proba(rows).astype(np.float32)
        exported = to_onnx(
            model,
            rows[:1],
            options={"zipmap": False},
            final_types=None,
            target_opset={"": 18, "ai.onnx.ml": 3},
        )
        folder = new_folder(f"iris-{version}")
        made.folders[version] = folder
        made.probabilities[version] = answers
        made.manifests[version] = make_artifact(
            folder,
            exported.SerializeToString(),
            [TensorSpec(name="X", datatype="FP32", shape=(-1, 4))],
            [
                TensorSpec(name="label", datatype="INT64", shape=(-1,)),
                TensorSpec(name="probabilities", datatype="FP32", shape=(-1, 3)),
            ],
            Golden(
                inputs=(Tensor(name="X", shape=(3, 4), datatype="FP32", data=flat(rows[:3])),),
                outputs=(
                    Tensor(name="probabilities", shape=(3, 3), datatype="FP32", data=flat(answers[:3])),
                ),
                atol=1e-5,
            ),
            version=version,
        )
    return made


def make_slow(folder: Path) -> Manifest:
    """A model that gives its rows back after some tenths of a second of multiplying by the identity."""
    size, steps = 256, 6000
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_on"], ["still"]),
            helper.make_node("MatMul", ["rows_in", "unit"], ["rows_out"]),
        ],
        "multiply",
        [
            helper.make_tensor_value_info("step", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("rows_in", TensorProto.FLOAT, ["n", size]),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("rows_out", TensorProto.FLOAT, ["n", size]),
        ],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["steps", "yes", "X"], ["Y"], body=body)],
        "slow",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["n", size])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["n", size])],
        [
            numpy_helper.from_array(np.int64(steps), "steps"),
            numpy_helper.from_array(np.bool_(True), "yes"),
            numpy_helper.from_array(np.eye(size, dtype=np.float32), "unit"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    row = flat(np.arange(size, dtype=np.float32))
    golden = Golden(
        inputs=(Tensor(name="X", shape=(1, size), datatype="FP32", data=row),),
        outputs=(Tensor(name="Y", shape=(1, size), datatype="FP32", data=row),),
        atol=0,
    )
    spec = {"datatype": "FP32", "shape": (-1, size)}
    inputs, outputs = [TensorSpec(name="X", **spec)], [TensorSpec(name="Y", **spec)]
    return make_artifact(folder, model.SerializeToString(), inputs, outputs, golden, name="slow")


def flat(array: np.ndarray) -> tuple[float, ...]:
    """Values of an array in row-major order."""
    return tuple(float(value) for value in array.reshape(-1))
