from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from mlops_pipelines import columns, mortgage
from mlops_pipelines.errors import DataError


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return mortgage.load()


def test_the_data_set_is_the_published_one(frame: pd.DataFrame) -> None:
    assert frame.shape == (1989, 59)
    assert mortgage.digest(frame) == "58fd600ab68a7cdbcedf23602d1aeb01a8381673a79c717d0d32b998cd6d7104"


def test_the_digest_is_that_of_the_snapshot(frame: pd.DataFrame) -> None:
    assert hashlib.sha256(mortgage.snapshot(frame)).hexdigest() == mortgage.digest(frame)
    changed = frame.copy()
    changed.loc[7, "loanamt"] += 1
    assert mortgage.digest(changed) != mortgage.digest(frame)


def test_no_column_is_without_a_decision(frame: pd.DataFrame) -> None:
    assert len(columns.FEATURES) == 29
    assert set(columns.FEATURES).isdisjoint(columns.EXCLUDED)
    assert {*columns.FEATURES, *columns.EXCLUDED} == set(frame.columns)


def test_neither_race_nor_sex_is_a_feature() -> None:
    protected = {"white", "black", "hispan", "male", "female"}
    assert protected.isdisjoint(mortgage.FEATURES)


def test_a_new_column_waits_for_a_decision(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"columns \['score'\] of loanapp are new or gone"):
        mortgage.check_columns(frame.assign(score=1))


def test_a_label_that_is_no_label_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="column approve must be 0 or 1 in every row"):
        mortgage.clean(frame.assign(approve=2))


def test_an_infinite_feature_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="a feature is infinite"):
        mortgage.clean(frame.assign(netw=np.inf))


def test_a_row_without_a_known_sex_is_in_no_group_of_sex(frame: pd.DataFrame) -> None:
    groups = mortgage.clean(frame).groups
    assert {name: int(members.sum()) for name, members in groups.items()} == {
        "white": 1681,
        "black": 197,
        "hispan": 111,
        "male": 1605,
        "female": 369,
    }


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


def test_the_example_is_a_real_row_of_the_test_split(frame: pd.DataFrame) -> None:
    [tensor] = mortgage.example_request()["inputs"]
    features = mortgage.clean(frame).features
    assert tensor["shape"] == [1, 29]
    assert np.array_equal(np.float32(tensor["data"]), features[mortgage.is_test(features)][0])
