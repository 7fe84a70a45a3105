from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops_pipelines import mortgage


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return mortgage.load()


def test_the_data_set_is_the_published_one(frame: pd.DataFrame) -> None:
    assert frame.shape == (1989, 59)
    assert mortgage.digest(frame) == "58fd600ab68a7cdbcedf23602d1aeb01a8381673a79c717d0d32b998cd6d7104"


def test_neither_race_nor_sex_is_a_feature() -> None:
    protected = {"white", "black", "hispan", "male", "female"}
    assert protected.isdisjoint(mortgage.FEATURES)


@pytest.mark.parametrize(
    ("column", "code"),
    [("gdlin", 666), ("appinc", 666), ("liq", 1_000_000), ("lines", 999_999.4), ("term", 999_999.4)],
)
def test_a_code_for_unknown_becomes_missing(frame: pd.DataFrame, column: str, code: float) -> None:
    changed = frame.copy()
    changed[column] = changed[column].astype("float64")
    changed.loc[0, column] = code
    cleaned = mortgage.clean(changed).features
    assert np.isnan(cleaned[0, mortgage.FEATURES.index(column)])


def test_a_row_stays_on_its_side_of_the_split_when_others_go(frame: pd.DataFrame) -> None:
    features = mortgage.clean(frame).features
    np.testing.assert_array_equal(mortgage.is_test(features)[::3], mortgage.is_test(features[::3]))
    assert mortgage.is_test(features).sum() == 473


def test_a_request_is_one_matrix_with_null_for_missing() -> None:
    rows = np.array([[1.5, np.nan]], dtype=np.float32)
    assert mortgage.request(rows) == {
        "inputs": [{"name": "features", "shape": [1, 2], "datatype": "FP32", "data": [1.5, None]}]
    }
