from __future__ import annotations

import numpy as np
import pytest

from mlops_pipelines.evaluation import Gates, failures, fairness, metrics
from mlops_pipelines.mortgage import Table

LABELS = np.array([1, 1, 0, 1, 1, 0, 0, 1])
APPROVED = np.array([0.9, 0.8, 0.7, 0.4, 0.9, 0.1, 0.2, 0.6])


def table() -> Table:
    first_half = np.arange(8) < 4
    nobody = np.zeros(8, dtype=bool)
    groups = {
        "white": first_half,
        "black": ~first_half,
        "hispan": ~first_half,
        "male": ~nobody,
        "female": ~nobody,
    }
    return Table(np.zeros((8, 1), dtype=np.float32), LABELS, groups)


def test_rates_and_ratios_are_those_worked_out_by_hand() -> None:
    race = fairness(table(), APPROVED)["race"]
    assert race["white"] == {
        "rows": 4,
        "approval_rate": 0.75,
        "true_positive_rate": pytest.approx(2 / 3),
        "impact_ratio": 1.0,
        "opportunity_gap": 0.0,
    }
    assert race["black"] == {
        "rows": 4,
        "approval_rate": 0.5,
        "true_positive_rate": 1.0,
        "impact_ratio": pytest.approx(2 / 3),
        "opportunity_gap": pytest.approx(1 / 3),
    }


def test_log_loss_is_also_given_relative_to_the_base_rate() -> None:
    constant = np.full(8, LABELS.mean())
    assert metrics(LABELS, constant)["log_loss_ratio"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("gates", "expected"),
    [
        (Gates(minimum_group_rows=100, minimum_roc_auc=0.5), []),
        (
            Gates(minimum_group_rows=100, minimum_roc_auc=0.99),
            ["roc_auc is 0.867, at least 0.99 is asked for"],
        ),
        (
            Gates(minimum_group_rows=1, minimum_roc_auc=0.5, maximum_opportunity_gap=1),
            [
                "race black: approval rate is 0.667 of the reference group's, at least 0.8 is asked for",
                "race hispan: approval rate is 0.667 of the reference group's, at least 0.8 is asked for",
            ],
        ),
    ],
)
def test_a_gate_says_what_was_reached_and_what_is_asked_for(gates: Gates, expected: list[str]) -> None:
    assert failures(gates, metrics(LABELS, APPROVED), fairness(table(), APPROVED)) == expected
