"""How good and how fair a model is on held-out rows, and whether that is enough. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score

from mlops_pipelines.mortgage import GROUPS, Table

THRESHOLD = 0.5


class Gates(BaseModel):
    """Least that a model must reach to be released.

    `minimum_impact_ratio` is the four-fifths rule of the US Uniform Guidelines (29 CFR 1607.4 D):
    a group's approval rate over the reference group's. `maximum_log_loss_ratio` is against always
    predicting the base rate.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    minimum_roc_auc: float = Field(default=0.7, ge=0, le=1)
    maximum_log_loss_ratio: float = Field(default=0.95, gt=0)
    minimum_impact_ratio: float = Field(default=0.8, ge=0, le=1)
    maximum_opportunity_gap: float = Field(default=0.1, ge=0, le=1)
    minimum_group_rows: int = Field(default=20, ge=1)


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
    }


def fairness(table: Table, approved: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Approval by protected group.

    For each attribute and group: rows, approval rate, true positive rate; and against the attribute's
    reference group the impact ratio (approval rates) and opportunity gap (true positive rates, absolute).
    """
    decided = approved >= THRESHOLD
    summary: dict[str, Any] = {}
    for attribute, names in GROUPS.items():
        rates = {name: _rates(table, decided, name) for name in names}
        reference = rates[names[0]]
        for values in rates.values():
            values["impact_ratio"] = values["approval_rate"] / reference["approval_rate"]
            values["opportunity_gap"] = abs(values["true_positive_rate"] - reference["true_positive_rate"])
        summary[attribute] = rates
    return summary


def _rates(table: Table, decided: npt.NDArray[np.bool_], group: str) -> dict[str, float]:
    members = table.groups[group]
    good = members & (table.labels == 1)
    return {
        "rows": int(members.sum()),
        "approval_rate": float(decided[members].mean()),
        "true_positive_rate": float(decided[good].mean()),
    }


def failures(gates: Gates, quality: Mapping[str, float], fair: Mapping[str, Any]) -> list[str]:
    """What keeps the model from being released, one line each; empty when it may be."""
    found = []
    if quality["roc_auc"] < gates.minimum_roc_auc:
        found.append(f"roc_auc is {quality['roc_auc']:.3f}, at least {gates.minimum_roc_auc} is asked for")
    if quality["log_loss_ratio"] > gates.maximum_log_loss_ratio:
        found.append(
            f"log loss is {quality['log_loss_ratio']:.3f} of the base rate's, "
            f"at most {gates.maximum_log_loss_ratio} is allowed"
        )
    for attribute, groups in fair.items():
        for name, values in groups.items():
            found += _unfair(gates, f"{attribute} {name}", values)
    return found


def _unfair(gates: Gates, who: str, values: Mapping[str, float]) -> list[str]:
    if values["rows"] < gates.minimum_group_rows:
        return []
    found = []
    if values["impact_ratio"] < gates.minimum_impact_ratio:
        found.append(
            f"{who}: approval rate is {values['impact_ratio']:.3f} of the reference group's, "
            f"at least {gates.minimum_impact_ratio} is asked for"
        )
    if values["opportunity_gap"] > gates.maximum_opportunity_gap:
        found.append(
            f"{who}: true positive rate differs by {values['opportunity_gap']:.3f} from the reference "
            f"group's, at most {gates.maximum_opportunity_gap} is allowed"
        )
    return found
