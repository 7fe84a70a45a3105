"""Tensors as bytes after the JSON, and bodies that are nothing but a tensor."""

from __future__ import annotations

import contextlib
import json
import struct

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlops_serving.artifact import TensorSpec
from mlops_serving.errors import RequestError
from mlops_serving.protocol.binary import header_length
from mlops_serving.protocol.datatypes import DATATYPES, numpy_dtype
from mlops_serving.protocol.raw import from_raw, to_raw
from mlops_serving.protocol.requests import decode, signature

Y = TensorSpec(name="y", datatype="FP32", shape=(-1,))
SIGNATURE = signature(
    (
        TensorSpec(name="a", datatype="FP32", shape=(-1, 2)),
        TensorSpec(name="b", datatype="BYTES", shape=(-1,)),
    ),
    (Y,),
)
A = np.array([[1, 2], [3, 4]], np.float32)
B = np.array(["x", "ü"], object)


def strings(*items: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(item)) + item for item in items)


def tensor(name, datatype, shape, size, **more):
    sized = {} if size is None else {"parameters": {"binary_data_size": size}}
    return {"name": name, "datatype": datatype, "shape": shape, **sized, **more}


def body(*tensors, tail=b""):
    text = json.dumps({"inputs": tensors}).encode()
    return text + tail, len(text)


def one(datatype, *shape):
    return signature((TensorSpec(name="a", datatype=datatype, shape=shape),), (Y,))


@pytest.mark.parametrize("a_first", [True, False])
def test_tensors_follow_the_json_in_its_order(a_first):
    parts = [
        (tensor("a", "FP32", [2, 2], 16), A.tobytes()),
        (tensor("b", "BYTES", [2], 11), strings(b"x", "ü".encode())),
    ]
    if not a_first:
        parts.reverse()
    data, header = body(*(part for part, _ in parts), tail=b"".join(raw for _, raw in parts))
    request = decode(data, SIGNATURE, header)
    assert request.inputs["a"].tolist() == A.tolist()
    assert request.inputs["b"].tolist() == B.tolist()
    assert request.size == len(data)


def test_binary_and_json_tensors_may_be_mixed():
    data, header = body(
        tensor("a", "FP32", [2, 2], 16), tensor("b", "BYTES", [2], None, data=["x", "ü"]), tail=A.tobytes()
    )
    assert decode(data, SIGNATURE, header).inputs["b"].tolist() == B.tolist()


def test_numbers_are_read_in_place_where_they_are_aligned():
    for shift in range(4):
        data, header = body(tensor("a", "FP32", [2, 2], 16, x="x" * shift), tail=A.tobytes())
        array = decode(data, one("FP32", -1, 2), header).inputs["a"]
        assert array.tolist() == A.tolist()
        assert array.flags.aligned
        address = np.frombuffer(data, np.uint8).__array_interface__["data"][0] + header
        assert (array.__array_interface__["data"][0] == address) is (address % 4 == 0)


@pytest.mark.parametrize(
    ("tensors", "tail", "shift", "text"),
    [
        ([tensor("a", "FP32", [2, 2], 16)], A.tobytes(), 100, "but the body has only"),
        ([tensor("a", "FP32", [2, 2], 16)], A.tobytes()[:-1], 0, "but the body has only 15 bytes left"),
        ([tensor("a", "FP32", [2, 2], 16)], A.tobytes() + b"x", 0, "1 bytes more than the JSON"),
        ([tensor("a", "FP32", [2, 2], 15)], A.tobytes()[:-1], 0, "has 15 bytes but FP32 .* needs 16"),
        ([tensor("a", "FP32", [2**62, 2], 16)], A.tobytes(), 0, f"needs {2**65}"),
        ([tensor("a", "FP32", [2, 2], 2**70)], A.tobytes(), 0, "must be a whole number of bytes|has only"),
        ([tensor("a", "FP32", [2, 2], -16)], A.tobytes(), 0, "must be a whole number of bytes"),
        ([tensor("a", "FP32", [2, 2], "16")], A.tobytes(), 0, "must be a whole number of bytes"),
        ([tensor("a", "FP32", [2, 2], True)], A.tobytes(), 0, "must be a whole number of bytes"),
        ([tensor("a", "FP32", [2, 2], 16, data=[1, 2, 3, 4])], A.tobytes(), 0, "has both data and binary_"),
        ([tensor("a", "FP32", [2, 2], 16)] * 2, A.tobytes() * 2, 0, "input 'a' is given twice"),
        ([tensor("a", "FP32", [2, 2], 16)], A.tobytes(), -1, "the body is not JSON"),
        ([tensor("a", "FP32", [2, 2], 16)], A.tobytes(), 1, "the body is not JSON"),
    ],
)
def test_what_does_not_add_up_is_refused(tensors, tail, shift, text):
    data, header = body(*tensors, tail=tail)
    with pytest.raises(RequestError, match=text) as caught:
        decode(data, one("FP32", -1, 2), header + shift)
    assert caught.value.status == 400


def test_a_binary_tensor_needs_the_header():
    data, _ = body(tensor("a", "FP32", [2, 2], 16))
    with pytest.raises(RequestError, match="give the length of the JSON in the header"):
        decode(data, one("FP32", -1, 2))


@pytest.mark.parametrize("value", ["", "-1", "+1", " 1", "1.0", "0x10", "1e3", "٣", "9" * 30, "x" * 5000])
def test_a_header_that_is_no_length_is_refused_in_short(value):
    with pytest.raises(RequestError, match="must be the length of the JSON") as caught:
        header_length(value)
    assert len(str(caught.value)) < 150


def test_bytes_of_booleans_are_0_or_1():
    assert from_raw("x", "BOOL", (3,), b"\0\1\0").tolist() == [False, True, False]
    with pytest.raises(RequestError, match="each of its bytes may be 0 or 1"):
        from_raw("x", "BOOL", (3,), b"\0\1\2")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        strings(b"a"),
        strings(b"a", b"b", b"c"),
        strings(b"a", b"b") + b"x",
        strings(b"a", b"b")[:-1],
        strings(b"a") + b"\xff\xff\xff\xff" + b"b",
    ],
)
def test_strings_that_do_not_add_up_are_refused(data):
    with pytest.raises(RequestError, match="not 2 strings, each after its length"):
        from_raw("x", "BYTES", (2,), data)


def test_strings_are_text():
    with pytest.raises(RequestError, match="text in UTF-8"):
        from_raw("x", "BYTES", (1,), strings(b"\xff"))


@given(st.data(), st.sampled_from(DATATYPES))
def test_every_array_survives_the_way_through_bytes(data, datatype):
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    if datatype == "BYTES":
        array = data.draw(hnp.arrays(np.object_, shape, elements=st.text(st.characters(codec="utf-8"))))
    elif datatype == "BF16":
        array = data.draw(hnp.arrays(np.uint16, shape)).view(ml_dtypes.bfloat16)
    else:
        array = data.draw(hnp.arrays(numpy_dtype(datatype), shape))
    raw = bytes(to_raw(datatype, array))
    back = from_raw("x", datatype, array.shape, raw)
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert bytes(to_raw(datatype, back)) == raw


@given(st.sampled_from(DATATYPES), st.binary(max_size=40), st.lists(st.integers(0, 2**62), max_size=3))
def test_no_bytes_whatever_do_more_than_be_refused(datatype, data, shape):
    with contextlib.suppress(RequestError):
        from_raw("x", datatype, tuple(shape), data)


@pytest.mark.parametrize(
    ("datatype", "model_shape", "data", "expected"),
    [
        ("FP32", (-1, 2), A.tobytes(), [[1, 2], [3, 4]]),
        ("FP32", (2, -1), A.tobytes(), [[1, 2], [3, 4]]),
        ("FP32", (2, 2), A.tobytes(), [[1, 2], [3, 4]]),
        ("FP32", (-1, 2), b"", []),
        ("BYTES", (1,), b"a\0b", ["a\0b"]),
        ("BYTES", (-1, 1), strings(b"a"), [["\1\0\0\0a"]]),
    ],
)
def test_a_body_can_be_the_only_tensor(datatype, model_shape, data, expected):
    request = decode(data, one(datatype, *model_shape), 0)
    assert request.inputs["a"].tolist() == expected
    assert (request.id, request.outputs, request.binary) == (None, ("y",), {"y"})


@pytest.mark.parametrize(
    ("model", "data", "text"),
    [
        (SIGNATURE, b"", "for models with one input; this one has 2"),
        (one("FP32", -1, -1), A.tobytes(), "with at most one free dimension"),
        (one("FP32", -1, 2), A.tobytes()[:-1], "comes in pieces of 8 bytes; the body has 15"),
        (one("FP32", -1, 0), A.tobytes(), "has 16 bytes but FP32"),
        (one("FP32", 3, 2), A.tobytes(), "has 16 bytes|pieces"),
        (one("BYTES", 2), b"ab", "with one element"),
        (one("BYTES", -1), b"\xff", "text in UTF-8"),
    ],
)
def test_a_body_that_cannot_be_the_only_tensor_is_refused(model, data, text):
    with pytest.raises(RequestError, match=text):
        decode(data, model, 0)
