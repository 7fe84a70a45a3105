"""What a model in Python gives, held against its manifest."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_serving.errors import ModelError
from mlops_serving.protocol.requests import signature
from mlops_serving.runtime.outputs import fit_output, fit_outputs
from serving_python import spec

ROWS = {"x": np.zeros(2, np.float32)}


@pytest.mark.parametrize(
    ("given", "datatype", "dtype"),
    [
        (np.float64([0.1, 2]), "FP32", np.float32),
        (np.float64([np.nan, np.inf]), "FP16", np.float16),
        (np.int64([1, 255]), "UINT8", np.uint8),
        (np.int32([-1, 2]), "INT64", np.int64),
        (np.int64([1, 2]), "FP32", np.float32),
        (np.array([True, False]), "INT64", np.int64),
        ([1.5, 2.5], "FP64", np.float64),
        (np.array(["a", "b"]), "BYTES", np.object_),
        (np.array(["a", None], np.object_), "BYTES", np.object_),
    ],
)
def test_an_output_is_converted_where_no_value_changes_its_meaning(given, datatype, dtype):
    got = fit_output(spec("y", datatype), given, 2)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, np.asarray(given).astype(dtype))


@pytest.mark.parametrize(
    ("given", "datatype", "text"),
    [
        (np.float64([1, 2]), "INT64", "is float64, the manifest says INT64"),
        (np.float64([1e300, 2]), "FP32", "has values that FP32 of the manifest cannot hold"),
        (np.int64([1, 256]), "UINT8", "has values that UINT8 of the manifest cannot hold"),
        (np.int64([1, -1]), "UINT64", "has values that UINT64 of the manifest cannot hold"),
        (np.int64([1, 2**24 + 1]), "FP32", "has values that FP32 of the manifest cannot hold"),
        (np.int64([0, 1]), "BOOL", "is int64, the manifest says BOOL"),
        (np.int64([0, 1]), "BYTES", "is int64, the manifest says BYTES"),
        (np.array(["1", "2"]), "INT64", "is <U1, the manifest says INT64"),
        (np.array([1, 2], np.object_), "INT64", "is object, the manifest says INT64"),
        (np.array([1j, 2j]), "FP64", "is complex128, the manifest says FP64"),
        (np.float32([[1], [2]]), "FP32", r"has shape \[2, 1\], the manifest says \[-1\]"),
        (np.float32(1), "FP32", r"has shape \[\], the manifest says \[-1\]"),
        (np.float32([1, 2, 3]), "FP32", "has 3 rows for 2 rows of input"),
        ([[1.0], [1.0, 2.0]], "FP32", "is no array"),
    ],
)
def test_an_output_that_is_not_what_the_manifest_says_is_refused(given, datatype, text):
    with pytest.raises(ModelError, match=f"output 'y' {text}"):
        fit_output(spec("y", datatype), given, 2)


def test_a_fixed_dimension_must_be_met():
    with pytest.raises(ModelError, match=r"has shape \[2, 3\], the manifest says \[-1, 2\]"):
        fit_output(spec("y", "FP32", -1, 2), np.zeros((2, 3), np.float32), 2)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([1, 2], "predict gave a list"),
        ({"y": [1, 2]}, r"gave outputs \['y'\], the manifest lists \['y', 'z'\]"),
        ({"y": [1, 2], "z": [1, 2], "extra": [1]}, r"gave outputs \['extra', 'y', 'z'\]"),
        ({"y": [1, 2], "z": [1]}, "output 'z' has 1 rows for 2"),
    ],
)
def test_all_outputs_must_be_there_and_no_other(given, text):
    expected = signature((spec("x"),), (spec("y"), spec("z")))
    with pytest.raises(ModelError, match=text):
        fit_outputs(expected, given, ROWS, ["z", "y"])


def test_the_asked_outputs_come_in_the_order_asked():
    expected = signature((spec("x"),), (spec("y"), spec("z")))
    given = {"y": [1.0, 2.0], "z": np.float64([3, 4])}
    assert [array.tolist() for array in fit_outputs(expected, given, ROWS, ["z", "y"])] == [[3, 4], [1, 2]]
    assert [array.tolist() for array in fit_outputs(expected, given, ROWS, ["y"])] == [[1, 2]]


def test_a_model_that_does_not_count_rows_may_give_any_number_of_them():
    expected = signature((spec("x", "FP32", 2),), (spec("y"),))
    assert len(fit_outputs(expected, {"y": np.zeros(5, np.float32)}, ROWS, ["y"])[0]) == 5
