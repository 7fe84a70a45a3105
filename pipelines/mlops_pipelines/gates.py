"""What a model must reach to be released. Pure; the evidence comes from evaluation.py or a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Gates(BaseModel):
    """Least that a model must reach to be released.

    `minimum_impact_ratio` is the four-fifths rule of the US Uniform Guidelines (29 CFR 1607.4 D):
    a group's approval rate over the reference group's. `maximum_log_loss_ratio` is against always
    predicting the base rate. Groups under `minimum_group_rows` are reported and not judged.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    minimum_roc_auc: float = Field(default=0.7, ge=0, le=1)
    maximum_log_loss_ratio: float = Field(default=0.95, gt=0)
    maximum_calibration_error: float = Field(default=0.1, ge=0, le=1)
    minimum_impact_ratio: float = Field(default=0.8, ge=0, le=1)
    maximum_opportunity_gap: float = Field(default=0.1, ge=0, le=1)
    minimum_group_rows: int = Field(default=20, ge=1)


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
    if quality["calibration_error"] > gates.maximum_calibration_error:
        found.append(
            f"calibration error is {quality['calibration_error']:.3f}, "
            f"at most {gates.maximum_calibration_error} is allowed"
        )
    for attribute, groups in fair.items():
        for name, values in groups.items():
            found += _unfair(gates, f"{attribute} {name}", values)
    return found


def _unfair(gates: Gates, who: str, values: Mapping[str, float | None]) -> list[str]:
    if (values["rows"] or 0) < gates.minimum_group_rows:
        return []
    found = []
    ratio, gap = values["impact_ratio"], values["opportunity_gap"]
    if ratio is not None and ratio < gates.minimum_impact_ratio:
        found.append(
            f"{who}: approval rate is {ratio:.3f} of the reference group's, "
            f"at least {gates.minimum_impact_ratio} is asked for"
        )
    if gap is not None and gap > gates.maximum_opportunity_gap:
        found.append(
            f"{who}: true positive rate differs by {gap:.3f} from the reference "
            f"group's, at most {gates.maximum_opportunity_gap} is allowed"
        )
    return found
