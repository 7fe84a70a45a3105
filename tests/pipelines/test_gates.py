from __future__ import annotations

from typing import Any

import pytest

from mlops_pipelines.gates import Gates, failures

QUALITY = {"roc_auc": 0.867, "log_loss_ratio": 0.6, "calibration_error": 0.04}


def group(**changes: float | None) -> dict[str, Any]:
    even = {"rows": 50, "impact_ratio": 1.0, "opportunity_gap": 0.0}
    return {"race": {"black": {**even, **changes}}}


@pytest.mark.parametrize(
    ("quality", "fair", "expected"),
    [
        ({}, group(), []),
        ({"roc_auc": 0.7}, group(), []),
        ({"roc_auc": 0.699}, group(), ["roc_auc is 0.699, at least 0.7 is asked for"]),
        (
            {"log_loss_ratio": 0.96},
            group(),
            ["log loss is 0.960 of the base rate's, at most 0.95 is allowed"],
        ),
        (
            {"calibration_error": 0.2},
            group(),
            ["calibration error is 0.200, at most 0.1 is allowed"],
        ),
        ({}, group(impact_ratio=0.8), []),
        (
            {},
            group(impact_ratio=0.79),
            ["race black: approval rate is 0.790 of the reference group's, at least 0.8 is asked for"],
        ),
        (
            {},
            group(opportunity_gap=0.11),
            [
                "race black: true positive rate differs by 0.110 from the reference group's, "
                "at most 0.1 is allowed"
            ],
        ),
        ({}, group(impact_ratio=0.1, rows=19), []),
        ({}, group(impact_ratio=None, opportunity_gap=None), []),
    ],
)
def test_a_gate_says_what_was_reached_and_what_is_asked_for(
    quality: dict[str, float], fair: dict[str, Any], expected: list[str]
) -> None:
    assert failures(Gates(), {**QUALITY, **quality}, fair) == expected
