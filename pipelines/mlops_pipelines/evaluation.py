"""How good and how fair a model is on held-out rows. Pure; gates.py says whether that is enough."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score

from mlops_pipelines.mortgage import GROUPS, Table

THRESHOLD = 0.5
CALIBRATION_BINS = 10


def metrics(labels: npt.NDArray[np.int64], approved: npt.NDArray[np.float64]) -> dict[str, float]:
    """Quality of probabilities `approved` [n] against labels [n]."""
    base = np.full_like(approved, labels.mean())
    loss = float(log_loss(labels, approved, labels=[0, 1]))
    return {
        "accuracy": float(accuracy_score(labels, approved >= THRESHOLD)),
        "roc_auc": float(roc_auc_score(labels, approved)),
        "log_loss": loss,
        "log_loss_ratio": loss / float(log_loss(labels, base, labels=[0, 1])),
        "brier": float(brier_score_loss(labels, approved)),
        "calibration_error": calibration_error(labels, approved),
        "base_rate": float(labels.mean()),
        "test_rows": float(len(labels)),
    }


def calibration_error(labels: npt.NDArray[np.int64], approved: npt.NDArray[np.float64]) -> float:
    """Expected calibration error: mean |share approved - mean probability| over bins of equal size."""
    order = np.argsort(approved, kind="stable")
    parts = [part for part in np.array_split(order, CALIBRATION_BINS) if len(part)]
    gaps = [len(part) * abs(labels[part].mean() - approved[part].mean()) for part in parts]
    return float(sum(gaps) / len(labels))


def fairness(table: Table, approved: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Approval by protected group.

    For each attribute and group: rows, qualified rows (label 1), approval rate, true positive rate; and
    against the attribute's reference group the impact ratio (approval rates) and opportunity gap (true
    positive rates, absolute). A figure that does not exist, such as a rate of no rows, is None.
    """
    decided = approved >= THRESHOLD
    summary: dict[str, Any] = {}
    for attribute, names in GROUPS.items():
        rates = {name: _rates(table, decided, name) for name in names}
        reference = rates[names[0]]
        for values in rates.values():
            values["impact_ratio"] = _ratio(values["approval_rate"], reference["approval_rate"])
            values["opportunity_gap"] = _gap(values["true_positive_rate"], reference["true_positive_rate"])
        summary[attribute] = rates
    return summary


def _rates(table: Table, decided: npt.NDArray[np.bool_], group: str) -> dict[str, float | None]:
    members = table.groups[group]
    qualified = members & (table.labels == 1)
    return {
        "rows": int(members.sum()),
        "qualified": int(qualified.sum()),
        "approval_rate": float(decided[members].mean()) if members.any() else None,
        "true_positive_rate": float(decided[qualified].mean()) if qualified.any() else None,
    }


def _ratio(rate: float | None, reference: float | None) -> float | None:
    return None if rate is None or not reference else rate / reference


def _gap(rate: float | None, reference: float | None) -> float | None:
    return None if rate is None or reference is None else abs(rate - reference)
