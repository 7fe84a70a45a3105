from __future__ import annotations

import numpy as np
import pytest

from mlops_pipelines import mortgage, training


@pytest.fixture(scope="module")
def train() -> mortgage.Table:
    table = mortgage.clean(mortgage.load())
    return table.rows(~mortgage.is_test(table.features))


def test_the_chosen_model_is_the_better_one_in_cross_validation(train: mortgage.Table) -> None:
    scores = training.compare(train)
    assert scores["cv.boosting.log_loss"] < scores["cv.logistic.log_loss"]
    assert scores["cv.boosting.roc_auc"] > scores["cv.logistic.roc_auc"]


def test_a_row_without_any_value_still_gets_a_probability(train: mortgage.Table) -> None:
    probabilities = training.fit(train).predict_proba(np.full((1, 29), np.nan, dtype=np.float32))
    assert probabilities.shape == (1, 2)
    assert np.isfinite(probabilities).all()


def test_a_code_that_training_never_saw_counts_as_none(train: mortgage.Table) -> None:
    model = training.fit(train)
    row = train.features[:1].copy()
    row[0, -1] = np.nan
    strange = row.copy()
    strange[0, -1] = 99
    np.testing.assert_array_equal(model.predict_proba(strange), model.predict_proba(row))
