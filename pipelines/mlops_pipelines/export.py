"""From a trained pipeline to the served artifact: ONNX with preprocessing inside, and its manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.pipeline import Pipeline

from mlops_pipelines.columns import CATEGORICAL, FEATURES, NUMERIC
from mlops_pipelines.errors import ParityError
from mlops_pipelines.mortgage import CLASSES
from mlops_serving.artifact import (
    Dataset,
    FileEntry,
    Golden,
    Manifest,
    ReferenceBins,
    Tensor,
    TensorSpec,
    file_entry,
)

MODEL_FILE = "model.onnx"
FEATURES_FILE = "features.json"
OPSETS = {"": 21, "ai.onnx.ml": 3}
PARITY_ATOL = 1e-5
"""Largest difference of a probability: the trees are exact, the sum over them is single precision."""
GOLDEN_ROWS = 8
BIN_QUANTILES = 10
DEPENDENCIES = ("onnx", "onnxruntime", "scikit-learn", "skl2onnx")


def to_bytes(model: Pipeline) -> bytes:
    """The ONNX model: `features` FP32 [-1, 29] to `label` INT64 [-1] and `probabilities` FP32 [-1, 2]."""
    graph = to_onnx(
        model,
        initial_types=[("features", FloatTensorType([None, len(FEATURES)]))],
        options={id(model): {"zipmap": False}},
        target_opset=OPSETS,
    )
    content: bytes = graph.SerializeToString()
    return content


def check_parity(content: bytes, model: Pipeline, rows: npt.NDArray[np.float32]) -> float:
    """Largest absolute difference of probabilities between ONNX and the trained model over `rows`.

    Raises:
        ParityError: it is above PARITY_ATOL, or a label differs.
    """
    session = onnxruntime.InferenceSession(content)
    label, probabilities = session.run(["label", "probabilities"], {"features": rows})
    difference = float(np.abs(probabilities - model.predict_proba(rows)).max())
    if difference > PARITY_ATOL or (label != model.predict(rows)).any():
        raise ParityError(
            f"the ONNX model differs from the trained one by {difference:.2e} on {len(rows)} rows, "
            f"{PARITY_ATOL:.0e} is allowed; check the versions of skl2onnx and onnxruntime"
        )
    return difference


def reference_bins(content: bytes, rows: npt.NDArray[np.float32]) -> tuple[ReferenceBins, ...]:
    """How every feature, in the input's order, and then the answers of the ONNX model are distributed.

    rows [n, 29] are those of the training split.
    """
    session = onnxruntime.InferenceSession(content)
    labels, probabilities = session.run(["label", "probabilities"], {"features": rows})
    numeric = [numeric_bins(name, column) for name, column in zip(NUMERIC, rows.T, strict=False)]
    coded = rows.T[len(NUMERIC) :]
    categorical = [code_bins(name, column) for name, column in zip(CATEGORICAL, coded, strict=True)]
    features = [_placed(bins, "features", place) for place, bins in enumerate((*numeric, *categorical))]
    label = code_bins("label", labels.astype(np.float32), range(len(CLASSES)))
    approved = CLASSES.index("approved")
    probability = numeric_bins(f"probabilities.{CLASSES[approved]}", probabilities[:, approved])
    return (*features, _placed(label, "label"), _placed(probability, "probabilities", approved))


def _placed(bins: ReferenceBins, tensor: str, column: int | None = None) -> ReferenceBins:
    return bins.model_copy(update={"tensor": tensor, "column": column})


def numeric_bins(name: str, column: npt.NDArray[Any]) -> ReferenceBins:
    """Bins of a number; `counts` has one more entry than `edges`, missing kept apart.

    A number with few values has a bin for each. Others are cut at deciles, and a value that more than a
    tenth of the rows have is cut off from those above it.
    """
    present = column[~np.isnan(column)].astype(np.float64)
    distinct = np.unique(present)
    edges = distinct if len(distinct) <= BIN_QUANTILES + 1 else _deciles(present, distinct)
    counts = np.bincount(np.searchsorted(edges, present, side="right"), minlength=len(edges) + 1)
    return ReferenceBins(
        feature=name,
        kind="numeric",
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
        missing=int(len(column) - len(present)),
        smallest=float(distinct[0]) if len(distinct) else None,
        largest=float(distinct[-1]) if len(distinct) else None,
    )


def _deciles(present: npt.NDArray[np.float64], distinct: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    inner = np.arange(1, BIN_QUANTILES) / BIN_QUANTILES
    quantiles, times = np.unique(np.quantile(present, inner, method="inverted_cdf"), return_counts=True)
    frequent = np.searchsorted(distinct, quantiles[times > 1], side="right")
    return np.union1d(quantiles, distinct[frequent[frequent < len(distinct)]])


def code_bins(
    name: str, column: npt.NDArray[np.float32], known: Sequence[int] | None = None
) -> ReferenceBins:
    """One bin a code, spelt as a whole number, and an empty one for all others.

    The codes are those `known`, else those that occur.
    """
    present = column[~np.isnan(column)].astype(np.int64)
    codes = sorted(set(present.tolist())) if known is None else list(known)
    return ReferenceBins(
        feature=name,
        kind="categorical",
        categories=tuple(map(str, codes)),
        counts=(*(int((present == code).sum()) for code in codes), 0),
        missing=int(len(column) - len(present)),
    )


def golden(model: Pipeline, rows: npt.NDArray[np.float32]) -> Golden:
    """The first rows with the training library's answers; a server must reproduce them before it serves."""
    rows = rows[:GOLDEN_ROWS]
    return Golden(
        inputs=(_tensor("features", "FP32", rows),),
        outputs=(
            _tensor("label", "INT64", model.predict(rows)),
            _tensor("probabilities", "FP32", model.predict_proba(rows).astype(np.float32)),
        ),
        atol=PARITY_ATOL,
    )


def _tensor(name: str, datatype: Any, values: npt.NDArray[Any]) -> Tensor:
    data = tuple(None if value != value else value for value in values.ravel().tolist())
    return Tensor(name=name, shape=values.shape, datatype=datatype, data=data)


def manifest(
    name: str,
    version: str,
    created_at: datetime,
    files: Sequence[FileEntry],
    evidence: Mapping[str, Any],
) -> Manifest:
    """The manifest of one version.

    `evidence` has the fields that training produced: reference_bins, golden, dataset, code_revision,
    mlflow_run_id, metrics, fairness.
    """
    return Manifest(
        name=name,
        version=version,
        created_at=created_at,
        framework="onnx",
        dependencies={package: installed(package) for package in DEPENDENCIES},
        files=tuple(files),
        model_file=MODEL_FILE,
        inputs=(TensorSpec(name="features", datatype="FP32", shape=(-1, len(FEATURES))),),
        outputs=(
            TensorSpec(name="label", datatype="INT64", shape=(-1,)),
            TensorSpec(name="probabilities", datatype="FP32", shape=(-1, len(CLASSES))),
        ),
        classes=CLASSES,
        **evidence,
    )


def dataset(name: str, digest: str, rows: int) -> Dataset:
    """The dataset's entry of a manifest."""
    return Dataset(name=name, sha256=digest, rows=rows)


def write(content: bytes, folder: Path) -> list[FileEntry]:
    """Write the model and what its input's columns mean into a folder; returns their manifest entries."""
    columns = enumerate(FEATURES.items())
    meanings = [{"column": place, "name": name, "about": about} for place, (name, about) in columns]
    (folder / MODEL_FILE).write_bytes(content)
    (folder / FEATURES_FILE).write_text(json.dumps(meanings, indent=1))
    return [file_entry(folder, MODEL_FILE), file_entry(folder, FEATURES_FILE)]
