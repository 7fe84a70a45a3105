"""JSON values to arrays and back."""

from __future__ import annotations

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlops_serving.errors import RequestError
from mlops_serving.protocol.datatypes import NUMPY, from_json, to_json


@pytest.mark.parametrize("datatype", [name for name in NUMPY if name.startswith(("INT", "UINT"))])
def test_integers_hold_their_whole_range_and_nothing_beyond(datatype):
    bounds = np.iinfo(NUMPY[datatype])
    array = from_json("x", datatype, (2,), [int(bounds.min), int(bounds.max)])
    assert array.dtype == NUMPY[datatype]
    assert array.tolist() == [bounds.min, bounds.max]
    for beyond in (int(bounds.min) - 1, int(bounds.max) + 1):
        with pytest.raises(RequestError, match=f"out of range for {datatype}"):
            from_json("x", datatype, (1,), [beyond])


@pytest.mark.parametrize(("datatype", "beyond"), [("FP16", 1e5), ("FP32", 1e39), ("FP32", -1e39)])
def test_floats_out_of_range_are_refused_rather_than_made_infinite(datatype, beyond):
    with pytest.raises(RequestError, match=f"out of range for {datatype}"):
        from_json("x", datatype, (1,), [beyond])


@pytest.mark.parametrize("datatype", ["FP16", "FP32", "FP64"])
def test_floats_take_whole_numbers_and_null_for_a_missing_value(datatype):
    array = from_json("x", datatype, (3,), [1, None, 0.5])
    assert array.dtype == NUMPY[datatype]
    assert (array[0], np.isnan(array[1]), array[2]) == (1, True, 0.5)


def test_strings_and_booleans():
    assert from_json("x", "BYTES", (2, 1), ["a", "ü"]).tolist() == [["a"], ["ü"]]
    assert from_json("x", "BOOL", (2,), [True, False]).tolist() == [True, False]


@pytest.mark.parametrize(
    ("datatype", "value", "text"),
    [
        ("INT64", 1.5, "its values may be integers, not fractions"),
        ("INT64", True, "its values may be integers, not true/false"),
        ("INT64", "1", "its values may be integers, not strings"),
        ("INT64", None, "its values may be integers, not null"),
        ("FP32", "1", "its values may be fractions or integers or null, not strings"),
        ("FP32", False, "not true/false"),
        ("FP32", {}, "not objects"),
        ("BOOL", 1, "its values may be true/false, not integers"),
        ("BYTES", 1, "its values may be strings, not integers"),
        ("BYTES", None, "its values may be strings, not null"),
        ("BYTES", [], "its values may be strings, not nested lists"),
    ],
)
def test_nothing_is_converted_silently(datatype, value, text):
    good = {"BOOL": True, "BYTES": "a"}.get(datatype, 1)
    with pytest.raises(RequestError, match=text):
        from_json("x", datatype, (2,), [good, value])


@pytest.mark.parametrize(
    ("shape", "data"),
    [
        ((2, 2), [1, 2, 3, 4]),
        ((2, 2), [[1, 2], [3, 4]]),
        ((1, 2, 2), [[[1, 2], [3, 4]]]),
        ((), [1]),
        ((0,), []),
        ((0, 3), []),
        ((2, 0), [[], []]),
        ((2, 0), []),
    ],
)
def test_flat_and_nested_data_mean_the_same(shape, data):
    array = from_json("x", "INT32", shape, data)
    assert array.shape == shape
    assert array.reshape(-1).tolist() == [1, 2, 3, 4][: array.size]


@pytest.mark.parametrize(
    ("shape", "data", "text"),
    [
        ((3,), [1, 2], r"has 2 values but shape \[3\] needs 3"),
        ((2, 2), [[1, 2], [3]], "ragged"),
        ((2, 2), [[1, 2], 3], "ragged"),
        ((2, 2), [1, [2, 3], 4, 5], "not nested lists"),
        ((2, 2), [[1, 2, 3, 4]], r"has 1 rows but shape \[2, 2\]"),
        ((2, 2), [[[1], [2]], [[3], [4]]], "not nested lists"),
        ((1, 2, 2), [[1, 2, 3, 4]], "ragged"),
        ((10**12, 10**12), [1], "needs 1000000000000000000000000"),
        ((1,), None, "must be a list"),
        ((1,), 5, "must be a list"),
        ((1,), "5", "must be a list"),
    ],
)
def test_ragged_and_miscounted_data_is_refused(shape, data, text):
    with pytest.raises(RequestError, match=text):
        from_json("x", "INT32", shape, data)


numbers = st.sampled_from([name for name in NUMPY if name not in ("BYTES",)])


@given(st.data(), numbers)
def test_every_array_survives_the_way_through_json(data, datatype):
    shapes = hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)
    elements = {"allow_infinity": False} if datatype.startswith("FP") else None
    array = data.draw(hnp.arrays(NUMPY[datatype], shapes, elements=elements))
    text = orjson.dumps(to_json(array), option=orjson.OPT_SERIALIZE_NUMPY)
    back = from_json("x", datatype, array.shape, orjson.loads(text))
    np.testing.assert_array_equal(back, array)


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_every_string_survives_the_way_through_json(strings):
    array = np.array(strings, dtype=object)
    assert (
        from_json("x", "BYTES", array.shape, orjson.loads(orjson.dumps(to_json(array)))).tolist() == strings
    )


def test_an_array_that_is_not_contiguous_is_written_in_row_major_order():
    assert to_json(np.arange(6, dtype=np.int32).reshape(2, 3).T).tolist() == [0, 3, 1, 4, 2, 5]
