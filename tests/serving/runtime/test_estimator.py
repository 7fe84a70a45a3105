"""scikit-learn models, saved by skops and by pickle."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from mlops_serving.errors import ModelError
from mlops_serving.models import load_model
from mlops_serving.runtime.estimator import method_of
from serving_python import fitted_iris, make_estimator, make_flower, spec, tensor


@pytest.mark.parametrize("framework", ["skops", "pickle"])
def test_it_answers_as_the_estimator_does(tmp_path, framework):
    model, rows = fitted_iris()
    manifest = make_flower(tmp_path, framework=framework)
    loaded = load_model(manifest, tmp_path, 1, allow_code=framework == "pickle")
    probabilities, label = loaded.runtime.run({"X": rows}, ["probabilities", "label"])
    np.testing.assert_array_equal(label, model.predict(rows))
    np.testing.assert_array_equal(probabilities, model.predict_proba(rows).astype(np.float32))
    assert (label.dtype, probabilities.dtype) == (np.int64, np.float32)


def test_an_output_is_given_by_the_method_of_its_name():
    assert [method_of(name) for name in ("transform", "probabilities", "price", "predict")] == [
        *("transform", "predict_proba", "predict", "predict")
    ]


def test_a_data_frame_s_columns_are_inputs_by_name_whatever_their_order(tmp_path):
    frame = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "town": ["a", "b", "a", "b"]})
    model = make_pipeline(
        make_column_transformer((StandardScaler(), ["size"]), (OneHotEncoder(), ["town"])),
        LogisticRegression(),
    ).fit(frame, ["no", "no", "yes", "yes"])
    manifest = make_estimator(
        tmp_path,
        model,
        {"town": tensor("town", [["b"], ["a"]], "BYTES"), "size": tensor("size", [[4.0], [1.0]])},
        [spec("town", "BYTES", -1, 1), spec("size", "FP32", -1, 1)],
        label=tensor("label", ["yes", "no"], "BYTES"),
        class_count=2,
    )
    loaded = load_model(manifest, tmp_path, 1)
    inputs = {"town": np.array([[b"b"]], np.object_), "size": np.float32([[4]])}
    assert loaded.runtime.run(inputs, ["label"])[0].tolist() == ["yes"]
    narrower = manifest.model_copy(update={"inputs": manifest.inputs[:1]})
    with pytest.raises(ModelError, match="'size'"):
        load_model(narrower, tmp_path, 1)


def test_a_wide_input_takes_the_place_of_a_data_frame(tmp_path):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [0.0, 1.0]})
    model = LogisticRegression().fit(frame, [0, 1])
    golden = {"X": tensor("X", [[1.0, 0.0]])}
    label = tensor("label", [0], "INT64")
    manifest = make_estimator(tmp_path, model, golden, [spec("X", "FP32", -1, 2)], label=label, class_count=2)
    assert load_model(manifest, tmp_path, 1).runtime.run({"X": np.float32([[2, 1]])}, ["label"])[0] == [1]


def test_without_pandas_a_model_of_a_data_frame_is_refused(tmp_path, monkeypatch):
    model = LogisticRegression().fit(pd.DataFrame({"a": [1.0, 2.0]}), [0, 1])
    golden, label = {"a": tensor("a", [1.0])}, tensor("label", [0], "INT64")
    manifest = make_estimator(tmp_path, model, golden, [spec("a")], label=label, class_count=2)
    assert load_model(manifest, tmp_path, 1).version == "1"
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ModelError, match=r"needs pandas; install mlops-serving\[skops\]"):
        load_model(manifest, tmp_path, 1)


def test_several_inputs_are_columns_in_the_manifest_s_order(tmp_path):
    model = LogisticRegression().fit([[0.0, 9.0], [1.0, 9.0]], [0, 1])
    golden = {"b": tensor("b", [0.0]), "a": tensor("a", [9.0])}
    label = tensor("label", [0], "INT64")
    manifest = make_estimator(tmp_path, model, golden, [spec("b"), spec("a")], label=label, class_count=2)
    inputs = {"a": np.float32([9, 9]), "b": np.float32([0, 1])}
    assert load_model(manifest, tmp_path, 1).runtime.run(inputs, ["label"])[0].tolist() == [0, 1]


def test_texts_are_strings_whichever_way_they_were_sent(tmp_path):
    texts = ["good work", "bad work"]
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, [1, 0])
    manifest = make_estimator(
        tmp_path,
        model,
        {"text": tensor("text", texts, "BYTES")},
        [spec("text", "BYTES")],
        label=tensor("label", [1, 0], "INT64"),
        class_count=2,
    )
    sent = {"text": np.array([b"bad", b"good"], np.object_)}
    assert load_model(manifest, tmp_path, 1).runtime.run(sent, ["label"])[0].tolist() == [0, 1]


def own(rows):
    """A function that skops cannot know."""
    return rows


def make_own(folder, **more):
    rows, target = [[0.0], [1.0]], [0, 1]
    model = make_pipeline(FunctionTransformer(own), LogisticRegression()).fit(rows, target)
    label = tensor("label", [0, 1], "INT64")
    golden = {"X": tensor("X", rows)}
    return make_estimator(
        folder, model, golden, [spec("X", "FP32", -1, 1)], label=label, class_count=2, **more
    )


def test_a_type_that_skops_does_not_know_is_refused_by_name_unless_the_manifest_trusts_it(tmp_path):
    name = f"{own.__module__}.own"
    with pytest.raises(ModelError, match=rf"types \['{name}'\].*trusted_types"):
        load_model(make_own(tmp_path), tmp_path, 1)
    with pytest.raises(ModelError, match=rf"types \['{name}'\]"):
        load_model(make_own(tmp_path, trusted_types=("other.name",)), tmp_path, 1, allow_code=True)
    trusting = make_own(tmp_path, trusted_types=(name,))
    with pytest.raises(ModelError, match=rf"wants types \['{name}'\] trusted.*MLOPS_ALLOW_CODE"):
        load_model(trusting, tmp_path, 1)
    assert load_model(trusting, tmp_path, 1, allow_code=True).version == "1"


def test_without_skops_the_server_says_what_to_install(tmp_path, monkeypatch):
    manifest = make_flower(tmp_path)
    monkeypatch.setitem(sys.modules, "skops", None)
    with pytest.raises(ModelError, match=r"not installed here.*install mlops-serving\[skops\]"):
        load_model(manifest, tmp_path, 1)


@pytest.mark.parametrize("framework", ["skops", "pickle"])
def test_a_file_that_holds_no_model_is_refused(tmp_path, framework):
    manifest = make_flower(tmp_path, framework=framework)
    (tmp_path / manifest.model_file).write_bytes(b"nothing")
    with pytest.raises(ModelError, match=rf"model\.{framework} of flower version 1"):
        load_model(manifest, tmp_path, 1, allow_code=True)


def test_an_estimator_without_the_method_of_an_output_is_refused(tmp_path):
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    label = tensor("label", [0.0, 1.0])
    golden = {"X": tensor("X", [[0.0], [1.0]])}
    manifest = make_estimator(tmp_path, model, golden, [spec("X", "FP32", -1, 1)], label=label, class_count=2)
    with pytest.raises(ModelError, match="by method predict_proba, which a LinearRegression has not"):
        load_model(manifest, tmp_path, 1)


def test_wrong_golden_answers_refuse_an_estimator_too(tmp_path):
    model, _ = fitted_iris()
    label = tensor("label", [2], "INT64")
    golden = {"X": tensor("X", [[5.1, 3.5, 1.4, 0.2]])}
    manifest = make_estimator(tmp_path, model, golden, [spec("X", "FP32", -1, 4)], label=label, class_count=3)
    with pytest.raises(ModelError, match="golden inputs wrongly in output 'label'"):
        load_model(manifest, tmp_path, 1)
