from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from sklearn.pipeline import Pipeline

from mlops_pipelines import export, mortgage, training
from mlops_pipelines.errors import ParityError
from mlops_pipelines.mortgage import Table
from mlops_serving.artifact import FileEntry
from mlops_serving.observe.bins import plan


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


def test_a_number_with_many_values_is_cut_at_deciles_and_frequent_values_stand_alone() -> None:
    even = export.numeric_bins("x", np.arange(100.0))
    assert even.edges == (9.0, 19.0, 29.0, 39.0, 49.0, 59.0, 69.0, 79.0, 89.0)
    assert even.counts == (9, *[10] * 8, 11)
    assert (even.smallest, even.largest) == (0.0, 99.0)
    mostly_zero = export.numeric_bins("x", np.concatenate([np.zeros(95), np.arange(1.0, 21.0)]))
    assert (mostly_zero.edges, mostly_zero.counts) == ((0.0, 1.0, 9.0), (0, 95, 8, 12))


def test_a_column_without_any_value_has_one_empty_bin() -> None:
    bins = export.numeric_bins("x", np.array([np.nan, np.nan]))
    assert (bins.edges, bins.counts, bins.missing, bins.largest) == ((), (0,), 2, None)


def test_codes_that_are_known_have_bins_even_if_none_occurs() -> None:
    bins = export.code_bins("c", np.array([1.0, 1.0], dtype=np.float32), range(2))
    assert (bins.categories, bins.counts) == (("0", "1"), (0, 2, 0))


def test_bins_are_in_the_order_of_the_input_and_the_answers_are_last(
    model: Pipeline, split: tuple[Table, Table]
) -> None:
    rows = split[0].features
    bins = export.reference_bins(export.to_bytes(model), rows)
    answers = ["label", "probabilities.approved"]
    assert [found.feature for found in bins] == [*mortgage.FEATURES, *answers]
    assert [(found.tensor, found.column) for found in bins] == [
        *(("features", place) for place in range(29)),
        ("label", None),
        ("probabilities", 1),
    ]
    assert {sum(found.counts) + found.missing for found in bins} == {len(rows)}


def test_the_server_counts_the_training_rows_as_the_pipeline_did(
    model: Pipeline, split: tuple[Table, Table]
) -> None:
    rows = split[0].features
    content = export.to_bytes(model)
    label, probabilities = onnxruntime.InferenceSession(content).run(None, {"features": rows})
    tensors = {"features": rows, "label": label, "probabilities": probabilities}
    golden = export.golden(model, split[1].features)
    evidence = {
        "reference_bins": export.reference_bins(content, rows),
        "golden": golden,
        "dataset": export.dataset("loanapp", "0" * 64, len(rows)),
        "code_revision": "the-tests",
        "metrics": {},
        "fairness": {},
    }
    file = FileEntry(path=export.MODEL_FILE, sha256="0" * 64, size=1)
    made = export.manifest("mortgage", "1", datetime(2026, 11, 24, tzinfo=UTC), [file], evidence)
    planned = plan(made, 50)
    assert planned.left_out == {}
    for place, bins in planned.counted:
        counted = bins.count(place.of(tensors[place.tensor]))
        assert counted.tolist() == list(bins.reference), place.feature


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
