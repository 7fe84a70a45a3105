from __future__ import annotations

import numpy as np
import pytest

from mlops_pipelines.evaluation import calibration_error, fairness, metrics
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
        "qualified": 3,
        "approval_rate": 0.75,
        "true_positive_rate": pytest.approx(2 / 3),
        "impact_ratio": 1.0,
        "opportunity_gap": 0.0,
    }
    assert race["black"] == {
        "rows": 4,
        "qualified": 2,
        "approval_rate": 0.5,
        "true_positive_rate": 1.0,
        "impact_ratio": pytest.approx(2 / 3),
        "opportunity_gap": pytest.approx(1 / 3),
    }


def test_log_loss_is_also_given_relative_to_the_base_rate() -> None:
    constant = np.full(8, LABELS.mean())
    assert metrics(LABELS, constant)["log_loss_ratio"] == pytest.approx(1.0)


def test_a_rate_of_no_rows_is_none_and_so_is_a_ratio_to_it() -> None:
    empty = table()
    empty.groups["black"] = np.zeros(8, dtype=bool)
    assert fairness(empty, APPROVED)["race"]["black"] == {
        "rows": 0,
        "qualified": 0,
        "approval_rate": None,
        "true_positive_rate": None,
        "impact_ratio": None,
        "opportunity_gap": None,
    }
    nobody = fairness(table(), np.zeros(8))["race"]
    assert nobody["black"]["impact_ratio"] is None


def test_calibration_error_is_the_mean_gap_between_promise_and_outcome() -> None:
    labels = np.array([0] * 5 + [1] * 5)
    assert calibration_error(labels, np.array([0.0] * 5 + [1.0] * 5)) == 0.0
    assert calibration_error(labels, np.array([0.2] * 5 + [0.9] * 5)) == pytest.approx(0.15)
