"""What is in the request log, by name, and what never is."""

from __future__ import annotations

import hashlib
import hmac
from io import BytesIO

import numpy as np
import pytest
from arro3.io import read_parquet

from mlops_serving.errors import ModelError
from mlops_serving.observe.columns import FIXED, Kept, logged, table

KEY = b"a-key-of-the-tests"
SPECS = {
    "inputs": [
        {"name": "X", "datatype": "FP32", "shape": [-1, 3]},
        {"name": "name", "datatype": "BYTES", "shape": [-1]},
        {"name": "time", "datatype": "INT64", "shape": [-1, 1]},
        {"name": "picture", "datatype": "UINT8", "shape": [-1, 8, 8]},
    ],
    "outputs": [
        {"name": "label", "datatype": "INT64", "shape": [-1]},
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]},
    ],
    "classes": ["no", "yes"],
    "expectations": [{"feature": "age", "tensor": "X", "column": 1, "minimum": 0}],
}


def texts(*values):
    array = np.empty(len(values), np.object_)
    array[:] = values
    return array


def kept(id, rows, outputs=("label", "probabilities"), names=None, role="stable"):
    made = {
        "label": np.arange(rows),
        "probabilities": np.full((rows, 2), 0.5, np.float32),
    }
    inputs = {
        "X": np.arange(rows * 3, dtype=np.float32).reshape(rows, 3),
        "name": texts(*(names or ["Ann"] * rows)),
        "time": np.full((rows, 1), 7),
        "picture": np.zeros((rows, 8, 8), np.uint8),
    }
    return Kept(1764000000.25, id, role, rows, inputs, {name: made[name] for name in outputs}, 100)


def read(manifest, *requests, key=KEY):
    content = table("iris", manifest.version, logged(manifest), requests, key)
    rows = read_parquet(BytesIO(content)).read_all()
    return {name: rows[name].to_pylist() for name in rows.column_names}


def test_every_feature_and_output_has_a_column_and_every_row_a_line(manifest):
    got = read(manifest(**SPECS), kept("a", 2), kept("b", 1, role="candidate"))
    assert list(got) == [
        *FIXED,
        "X.0",
        "age",
        "X.2",
        "name",
        "input_time",
        "label",
        "probabilities.no",
        "probabilities.yes",
    ]
    assert [str(one) for one in got["time"]] == ["2025-11-24 16:00:00.250000+00:00"] * 3
    assert (got["request_id"], got["row"]) == (["a", "a", "b"], [0, 1, 0])
    assert (got["model"], got["version"]) == (["iris"] * 3, ["1"] * 3)
    assert got["role"] == ["stable", "stable", "candidate"]
    assert (got["age"], got["X.2"]) == ([1.0, 4.0, 1.0], [2.0, 5.0, 2.0])
    assert (got["name"], got["input_time"], got["label"]) == (["Ann"] * 3, [7] * 3, [0, 1, 0])


def test_an_output_that_was_not_asked_for_is_null(manifest):
    got = read(manifest(**SPECS), kept("a", 2), kept("b", 1, outputs=["label"]))
    assert (got["label"], got["probabilities.yes"]) == ([0, 1, 0], [0.5, 0.5, None])
    assert read(manifest(**SPECS), kept("b", 1, outputs=[]))["label"] == [None]


def test_text_may_come_as_bytes_and_need_not_be_utf_8(manifest):
    got = read(manifest(**SPECS), kept("a", 3, names=["é", "é".encode(), b"\xff"]))
    assert got["name"] == ["é", "é", "\ufffd"]


def test_dropped_columns_are_not_there_and_hashed_ones_have_the_hmac_of_their_text(manifest):
    sensitive = {"age": "drop", "name": "hash", "X": "hash", "label": "hash", "probabilities.no": "drop"}
    got = read(
        manifest(**SPECS, sensitive=sensitive), kept("a", 2, names=["Ann", ""]), kept("b", 1, outputs=[])
    )

    def of(text):
        return hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()

    assert "age" not in got
    assert "probabilities.no" not in got
    assert got["name"] == [of("Ann"), None, of("Ann")]
    assert got["X.0"] == [of("0.0"), of("3.0"), of("0.0")]
    assert got["label"] == [of("0"), of("1"), None]


@pytest.mark.parametrize("rule", ["drop", "hash"])
def test_a_sensitive_value_is_nowhere_in_the_file(manifest, rule):
    columns = logged(manifest(**SPECS, sensitive={"name": rule}))
    content = table("iris", "1", columns, [kept("a", 1, names=["Mata Hari"])], KEY)
    assert b"Mata" not in content
    assert "Mata Hari" in read(manifest(**SPECS), kept("a", 1, names=["Mata Hari"]))["name"]


def test_a_sensitive_name_that_is_no_column_refuses_the_version(manifest):
    with pytest.raises(ModelError, match=r"calls \['nmae'\] sensitive, which it does not have; .*'age'"):
        logged(manifest(**SPECS, sensitive={"nmae": "drop"}))


def test_a_model_without_batches_has_one_row_a_request(manifest):
    fixed = manifest(
        inputs=[{"name": "X", "datatype": "FP32", "shape": [1, 2]}],
        outputs=[{"name": "y", "datatype": "FP32", "shape": [1]}],
    )
    request = Kept(0.0, "a", "stable", 1, {"X": np.ones((1, 2))}, {"y": np.zeros(1)}, 100)
    got = read(fixed, request)
    assert (got["X.0"], got["X.1"], got["y"], got["row"]) == ([1.0], [1.0], [0.0], [0])
