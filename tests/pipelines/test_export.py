from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from mlops_pipelines import export, mortgage, training
from mlops_pipelines.errors import ParityError
from mlops_pipelines.mortgage import Table


@pytest.fixture(scope="module")
def split() -> tuple[Table, Table]:
    table = mortgage.clean(mortgage.load())
    held_out = mortgage.is_test(table.features)
    return table.rows(~held_out), table.rows(held_out)


@pytest.fixture(scope="module")
def model(split: tuple[Table, Table]) -> Pipeline:
    return training.fit(split[0])


def test_onnx_equals_the_trained_model_on_the_whole_test_split_and_on_missing_values(
    model: Pipeline, split: tuple[Table, Table]
) -> None:
    content = export.to_bytes(model)
    rows = split[1].features
    holes = rows.copy()
    holes[np.random.default_rng(0).random(rows.shape) < 0.2] = np.nan
    assert export.check_parity(content, model, rows) <= export.PARITY_ATOL
    assert export.check_parity(content, model, holes) <= export.PARITY_ATOL


def test_the_same_training_gives_the_same_bytes(model: Pipeline, split: tuple[Table, Table]) -> None:
    assert export.to_bytes(training.fit(split[0])) == export.to_bytes(model)


def test_another_models_export_is_refused(model: Pipeline, split: tuple[Table, Table]) -> None:
    half = training.fit(split[0].rows(np.arange(len(split[0].labels)) % 2 == 0))
    with pytest.raises(ParityError, match="differs from the trained one by"):
        export.check_parity(export.to_bytes(half), model, split[1].features)


def test_numeric_bins_count_every_row_once_and_keep_missing_apart() -> None:
    column = np.array([1.0, 1.0, 2.0, 3.0, np.nan])
    bins = export.numeric_bins("x", column)
    assert bins.edges == (1.0, 2.0, 3.0)
    assert bins.counts == (0, 2, 1, 1)
    assert bins.missing == 1


def test_codes_are_counted_by_whole_number_with_an_empty_bin_for_others() -> None:
    bins = export.code_bins("c", np.array([2.0, 1.0, 2.0, np.nan], dtype=np.float32))
    assert (bins.categories, bins.counts, bins.missing) == (("1", "2"), (1, 2, 0), 1)


def test_bins_are_in_the_order_of_the_input_and_the_probability_is_last(
    model: Pipeline, split: tuple[Table, Table]
) -> None:
    rows = split[0].features
    bins = export.reference_bins(rows, model.predict_proba(rows)[:, 1])
    assert [found.feature for found in bins] == [*mortgage.FEATURES, "probabilities"]
    assert {sum(found.counts) + found.missing for found in bins} == {len(rows)}


def test_every_column_of_the_input_is_explained_in_the_artifact(tmp_path: Path) -> None:
    entries = export.write(b"model", tmp_path)
    assert [entry.path for entry in entries] == ["model.onnx", "features.json"]
    explained = json.loads((tmp_path / "features.json").read_text())
    assert [(found["column"], found["name"]) for found in explained] == list(enumerate(mortgage.FEATURES))


def test_golden_answers_are_the_training_librarys(model: Pipeline, split: tuple[Table, Table]) -> None:
    golden = export.golden(model, split[1].features)
    label, probabilities = golden.outputs
    assert golden.inputs[0].shape == (export.GOLDEN_ROWS, 29)
    assert list(label.data) == model.predict(split[1].features[: export.GOLDEN_ROWS]).tolist()
    assert probabilities.shape == (export.GOLDEN_ROWS, 2)
