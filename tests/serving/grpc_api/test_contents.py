"""Typed contents: what numpy holds, what the wire carries, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mlops_serving.errors import RequestError
from mlops_serving.grpc_api.contents import FIELDS, fill, from_contents
from mlops_serving.grpc_api.messages import InferTensorContents, ModelStreamInferResponse
from mlops_serving.grpc_api.wire import head
from mlops_serving.protocol.datatypes import NUMPY

NUMBERS = [datatype for datatype in FIELDS if datatype != "BYTES"]


@pytest.mark.parametrize("datatype", NUMBERS)
def test_numbers_come_back_as_they_were(datatype):
    @given(arrays.arrays(NUMPY[datatype], arrays.array_shapes(min_dims=0, max_dims=3, min_side=0)))
    def check(array):
        contents = InferTensorContents()
        fill(contents, datatype, array)
        again = InferTensorContents.FromString(contents.SerializeToString())
        assert list(getattr(again, FIELDS[datatype])) == pytest.approx(
            array.reshape(-1).tolist(), rel=0, abs=0, nan_ok=True
        )
        got = from_contents("X", datatype, array.shape, again)
        assert (got.dtype, got.shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(got, array)

    check()


@given(st.lists(st.text()))
def test_strings_come_back_as_text(strings):
    array = np.empty(len(strings), np.object_)
    array[:] = strings
    contents = InferTensorContents()
    fill(contents, "BYTES", array)
    assert list(contents.bytes_contents) == [text.encode() for text in strings]
    assert from_contents("X", "BYTES", array.shape, contents).tolist() == strings


@pytest.mark.parametrize(
    ("datatype", "contents", "text"),
    [
        ("FP32", {"fp32_contents": [1]}, "fp32_contents of input 'X' has 1 values, its shape needs 2"),
        ("FP32", {}, "fp32_contents of input 'X' has 0 values, its shape needs 2"),
        ("FP32", {"fp64_contents": [1, 2]}, r"values go into fp32_contents, not \['fp64_contents'\]"),
        ("INT8", {"int_contents": [1, 2], "bool_contents": [True]}, r"not \['bool_contents'\]"),
        ("INT8", {"int_contents": [1, 128]}, "a value out of range for INT8"),
        ("UINT16", {"uint_contents": [1, 65536]}, "a value out of range for UINT16"),
        ("FP16", {"fp32_contents": [1, 2]}, "is FP16, which has no typed contents; send it raw"),
        ("BYTES", {"bytes_contents": [b"a", b"\xff"]}, "has a string that is not UTF-8"),
    ],
)
def test_what_does_not_fit_the_datatype_and_shape_is_refused(datatype, contents, text):
    with pytest.raises(RequestError, match=text):
        from_contents("X", datatype, (2,), InferTensorContents(**contents))


def test_fields_of_a_later_protocol_are_refused_where_they_would_be_taken_for_values():
    later = InferTensorContents.FromString(head(12, 4) + b"1234" + head(6, 8) + bytes(8))
    with pytest.raises(RequestError, match="fields that this server does not know"):
        from_contents("X", "FP32", (2,), later)


@given(st.integers(0, 1 << 20))
def test_the_head_of_a_field_is_what_the_library_writes(size):
    text = "x" * size
    written = ModelStreamInferResponse(error_message=text).SerializeToString()
    assert (head(1, size) if size else b"") + text.encode() == written
