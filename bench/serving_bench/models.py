"""The models that are served: iris, one that gives back what it gets, and a heavy one."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import GraphProto, TensorProto, ValueInfoProto, helper, numpy_helper

from mlops_serving.artifact import (
    MANIFEST,
    Golden,
    Manifest,
    ReferenceBins,
    Tensor,
    TensorSpec,
    dump_manifest,
)

sys.path.append(str(Path(__file__).parents[2] / "tests" / "support"))

from serving_models import flat, make_artifact, make_iris

HEAVY_MILLISECONDS = 5.0
_WIDTH = 1024
_IR_VERSION, _OPSET = 8, 18


@dataclass(frozen=True)
class Model:
    """An artifact, the rows of a request for it, and what must be answered."""

    manifest: Manifest
    folder: Path
    rows: np.ndarray
    answer: dict[str, np.ndarray]

    @property
    def file(self) -> Path:
        """The ONNX file."""
        return self.folder / self.manifest.model_file

    @property
    def name(self) -> str:
        """The model's name."""
        return self.manifest.name


def iris(folder: Path) -> Model:
    """Logistic regression, one row of 4 features to a label and 3 probabilities."""
    made = make_iris(lambda name: folder / name)
    manifest, home = made.manifests["1"], made.folders["1"]
    if watches_drift():
        manifest = manifest.model_copy(update={"reference_bins": _reference(made.rows)})
        (home / MANIFEST).write_bytes(dump_manifest(manifest))
    return _model(manifest, home, made.rows[:1])


def watches_drift() -> bool:
    """Whether our server counts the columns of a tensor for drift."""
    return {"tensor", "column"} <= ReferenceBins.model_fields.keys()


def _reference(rows: np.ndarray) -> tuple[ReferenceBins, ...]:
    """The deciles of each column, as a pipeline would write them."""
    bins = []
    for column, values in enumerate(rows.T):
        edges = np.unique(np.quantile(values, np.linspace(0.1, 0.9, 9)))
        counts = np.bincount(np.searchsorted(edges, values, "right"), minlength=len(edges) + 1)
        document = {
            "feature": f"x{column}",
            "tensor": "X",
            "column": column,
            "kind": "numeric",
            "edges": tuple(edges.tolist()),
            "counts": tuple(counts.tolist()),
            "missing": 0,
        }
        bins.append(ReferenceBins.model_validate(document))
    return tuple(bins)


def identity(folder: Path, size: int) -> Model:
    """Gives its `size` bytes of FP32 back."""
    spec = TensorSpec(name="X", datatype="FP32", shape=(-1, _WIDTH))
    graph = helper.make_graph(
        [helper.make_node("Identity", ["X"], ["Y"])], "identity", [_value("X", spec)], [_value("Y", spec)]
    )
    rows = np.random.default_rng(1).standard_normal((size // 4 // _WIDTH, _WIDTH))
    return _write(folder, "identity", graph, spec, spec, rows.astype(np.float32))


def heavy(folder: Path) -> tuple[Model, float]:
    """Products with square matrices, so many that one row takes about 5 ms on one core of this machine.

    Its cost lies in reading the matrices, which a batch does once: a second row costs little. Also
    returns how many milliseconds one row takes.
    """
    spec = TensorSpec(name="X", datatype="FP32", shape=(-1, 4))
    rows = np.array([[5.1, 3.5, 1.4, 0.2]], np.float32)
    trial = 8
    each = _seconds(_model_bytes(_heavy_graph(trial, spec)), rows) / trial
    graph = _heavy_graph(max(1, round(HEAVY_MILLISECONDS / 1e3 / each)), spec)
    took = _seconds(_model_bytes(graph), rows)
    return _write(folder, "heavy", graph, spec, spec, rows), took * 1e3


def _heavy_graph(layers: int, spec: TensorSpec) -> GraphProto:
    draw = np.random.default_rng(2).standard_normal
    weights = [
        numpy_helper.from_array((draw(shape) / shape[0] ** 0.5).astype(np.float32), name)
        for name, shape in [
            ("in", (4, _WIDTH)),
            *((f"w{layer}", (_WIDTH, _WIDTH)) for layer in range(layers)),
            ("out", (_WIDTH, 4)),
        ]
    ]
    names = [weight.name for weight in weights]
    tensors = ["X", *(f"t{place}" for place in range(len(names) - 1)), "Y"]
    nodes = [
        helper.make_node("MatMul", [tensors[place], name], [tensors[place + 1]])
        for place, name in enumerate(names)
    ]
    return helper.make_graph(nodes, "heavy", [_value("X", spec)], [_value("Y", spec)], weights)


def _value(name: str, spec: TensorSpec) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *spec.shape[1:]])


def _model_bytes(graph: GraphProto) -> bytes:
    opsets = [helper.make_opsetid("", _OPSET)]
    made: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION).SerializeToString()
    return made


def _session(model: bytes | str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options)


def _seconds(model: bytes, rows: np.ndarray) -> float:
    """The time of one call on one thread; of the quicker ones, since others may use the machine."""
    session, took = _session(model), []
    for _ in range(60):
        began = time.perf_counter()
        session.run(None, {"X": rows})
        took.append(time.perf_counter() - began)
    return float(np.quantile(took[10:], 0.25))


def _write(
    folder: Path, name: str, graph: GraphProto, given: TensorSpec, made: TensorSpec, rows: np.ndarray
) -> Model:
    data = _model_bytes(graph)
    answers = _session(data).run(["Y"], {"X": rows[:1]})[0]
    golden = Golden(
        inputs=(Tensor(name="X", shape=rows[:1].shape, datatype="FP32", data=flat(rows[:1])),),
        outputs=(Tensor(name="Y", shape=answers.shape, datatype="FP32", data=flat(answers)),),
        atol=1e-4,
    )
    outputs = [made.model_copy(update={"name": "Y"})]
    manifest = make_artifact(folder / name, data, [given], outputs, golden, name=name)
    return _model(manifest, folder / name, rows)


def _model(manifest: Manifest, folder: Path, rows: np.ndarray) -> Model:
    session = _session(str(folder / manifest.model_file))
    names = [output.name for output in session.get_outputs()]
    return Model(manifest, folder, rows, dict(zip(names, session.run(names, {"X": rows}), strict=True)))
