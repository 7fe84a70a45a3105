"""Small artifacts of Python classes and scikit-learn models, for the tests of the model server."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
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

DOUBLE = """
class Double:
    def predict(self, inputs):
        return {"y": inputs["x"] * 2}
"""
"""A user class, as `double.py`."""


def write_artifact(
    folder: Path,
    files: Mapping[str, str | bytes],
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    golden: Golden,
    **more: Any,
) -> Manifest:
    """Write files and a manifest that lists them; `more` are fields of the manifest."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    fields = {"name": "double", "version": "1", "model_file": next(iter(files))} | more
    manifest = Manifest(
        created_at=datetime(2026, 11, 24, tzinfo=UTC),
        dependencies={},
        files=tuple(file_entry(folder, path) for path in files),
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        golden=golden,
        dataset=Dataset(name="numbers", sha256="0" * 64, rows=2),
        code_revision="abc",
        metrics={},
        fairness={},
        **fields,
    )
    (folder / MANIFEST).write_bytes(dump_manifest(manifest))
    return manifest


def spec(name: str, datatype: str = "FP32", *shape: int) -> TensorSpec:
    """An input or output, by default a column."""
    return TensorSpec(name=name, datatype=datatype, shape=shape or (-1,))


def tensor(name: str, values: Any, datatype: str = "FP32") -> Tensor:
    """Values with their shape."""
    array = np.array(values, dtype=object)
    return Tensor(name=name, shape=array.shape, datatype=datatype, data=tuple(array.reshape(-1).tolist()))


def make_class(
    folder: Path, files: Mapping[str, str] | str = DOUBLE, entry_point: str = "double:Double", **more: Any
) -> Manifest:
    """A class that turns x into y, by default twice as much; a text is the file `double.py`."""
    answers = more.pop("answers", [2.0, 4.0])
    return write_artifact(
        folder,
        {"double.py": files} if isinstance(files, str) else files,
        [spec("x")],
        [spec("y")],
        Golden(inputs=(tensor("x", [1.0, 2.0]),), outputs=(tensor("y", answers),), atol=1e-6),
        **({"framework": "python", "entry_point": entry_point} | more),
    )


def fitted_iris() -> tuple[LogisticRegression, np.ndarray]:
    """A classifier of the three irises, and the rows that it was fitted on."""
    rows, target = load_iris(return_X_y=True)
    rows = rows.astype(np.float32)
    return LogisticRegression(max_iter=2000).fit(rows, target), rows


def make_estimator(
    folder: Path, model: Any, inputs: Mapping[str, Tensor], specs: Sequence[TensorSpec], **more: Any
) -> Manifest:
    """A fitted estimator with label and probabilities, saved as framework `skops` (default) or `pickle`."""
    framework = more.setdefault("framework", "skops")
    saved = skops.io.dumps(model) if framework == "skops" else pickle.dumps(model)
    label = more.pop("label")
    classes = more.pop("class_count")
    return write_artifact(
        folder,
        {f"model.{framework}": saved},
        specs,
        [spec("label", label.datatype), spec("probabilities", "FP32", -1, classes)],
        Golden(inputs=tuple(inputs.values()), outputs=(label,), atol=1e-6),
        **({"name": "flower"} | more),
    )


def make_flower(folder: Path, **more: Any) -> Manifest:
    """The classifier of irises as an artifact."""
    model, rows = fitted_iris()
    golden = {"X": tensor("X", [[float(value) for value in row] for row in rows[:3]])}
    label = tensor("label", [0, 0, 0], "INT64")
    specs = [spec("X", "FP32", -1, 4)]
    return make_estimator(folder, model, golden, specs, label=label, class_count=3, **more)
