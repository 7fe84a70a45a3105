"""Infer requests: what is taken, and how every wrong one is refused."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_serving.artifact import TensorSpec
from mlops_serving.errors import RequestError, Unsupported
from mlops_serving.protocol.requests import decode, signature

SIGNATURE = signature(
    (
        TensorSpec(name="a", datatype="FP32", shape=(-1, 2)),
        TensorSpec(name="b", datatype="BYTES", shape=(-1,)),
    ),
    (TensorSpec(name="y", datatype="FP32", shape=(-1,)), TensorSpec(name="z", datatype="INT64", shape=(-1,))),
)
A = {"name": "a", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]}
B = {"name": "b", "shape": [2], "datatype": "BYTES", "data": ["x", "y"]}


def decoded(**document):
    return decode(json.dumps(document).encode(), SIGNATURE)


def test_a_whole_request():
    request = decoded(id="7", inputs=[B, A], outputs=[{"name": "z"}], parameters={"timeout": 2_000_000})
    assert (request.id, request.outputs, request.rows, request.timeout) == ("7", ("z",), 2, 2.0)
    assert request.inputs["a"].tolist() == [[1, 2], [3, 4]]
    assert request.inputs["b"].tolist() == ["x", "y"]


def test_what_is_not_given_has_the_protocols_meaning():
    request = decoded(inputs=[A, B])
    assert (request.id, request.outputs, request.timeout) == (None, ("y", "z"), None)


def test_fields_that_the_protocol_does_not_know_are_ignored():
    assert decoded(inputs=[A | {"parameters": {"content_type": "np"}}, B], extra=1).rows == 2


def test_parameters_that_nobody_knows_are_taken():
    parameters = {"mine": "x", "priority": 3, "share": 0.5, "sure": True}
    request = decoded(inputs=[A | {"parameters": parameters}, B], parameters=parameters | {"timeout": 0})
    assert (request.rows, request.timeout) == (2, None)


@pytest.mark.parametrize("name", ["classification", "shared_memory_region"])
def test_parameters_that_would_change_the_answer_are_refused(name):
    with pytest.raises(Unsupported, match=f"parameter {name} of output 'y' is not supported"):
        decoded(inputs=[A, B], outputs=[{"name": "y", "parameters": {name: 2}}])


def test_a_name_nested_to_the_depth_that_json_may_have_is_refused_in_short():
    deep = b"[" * 1000 + b"]" * 1000
    with pytest.raises(RequestError, match=r"^input \[\[\[\.\.\.\]\]\] is unknown"):
        decode(b'{"inputs":[{"name":%b}]}' % deep, SIGNATURE)


@pytest.mark.parametrize(
    ("outputs", "everything", "expected"),
    [
        (None, False, set()),
        (None, True, {"y", "z"}),
        ([{"name": "z"}], True, {"z"}),
        ([{"name": "z", "parameters": {"binary_data": True}}, {"name": "y"}], False, {"z"}),
        ([{"name": "z", "parameters": {"binary_data": False}}, {"name": "y"}], True, {"y"}),
    ],
)
def test_an_output_says_for_itself_whether_it_is_binary(outputs, everything, expected):
    request = decoded(inputs=[A, B], outputs=outputs, parameters={"binary_data_output": everything})
    assert request.binary == expected


def test_a_shape_without_values_may_not_be_beyond_all_memory():
    free = signature((TensorSpec(name="a", datatype="FP32", shape=(-1, -1, -1)),), (SIGNATURE.outputs["y"],))
    tensor = {"name": "a", "datatype": "FP32", "data": []}
    with pytest.raises(RequestError, match="larger than any tensor may be"):
        decode(json.dumps({"inputs": [tensor | {"shape": [0, 2**62, 2**62]}]}).encode(), free)
    with pytest.raises(RequestError, match=f"has 0 values but shape .* needs {2**126}"):
        decode(json.dumps({"inputs": [tensor | {"shape": [2**62, 2**62, 4]}]}).encode(), free)


def test_of_keys_that_are_given_twice_the_last_holds():
    text = (
        b'{"inputs":[],"inputs":[{"name":"x","name":"a","shape":[2,2],"datatype":"FP32","data":[1,2,3,4]}]}'
    )
    one = signature((SIGNATURE.inputs["a"],), (SIGNATURE.outputs["y"],))
    assert decode(text, one).inputs["a"].tolist() == [[1, 2], [3, 4]]


def test_a_model_without_a_batch_dimension_has_one_row():
    fixed = signature((TensorSpec(name="a", datatype="FP32", shape=(2, 2)),), (SIGNATURE.outputs["y"],))
    assert decode(json.dumps({"inputs": [A]}).encode(), fixed).rows == 1


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ([], "must be a JSON object"),
        ({}, r"inputs must be a list of tensors; the model takes \['a', 'b'\]"),
        ({"inputs": {}}, "inputs must be a list"),
        ({"inputs": [1]}, "an input must be an object"),
        ({"inputs": [A]}, r"inputs \['b'\] are missing"),
        ({"inputs": [A, B, A]}, "input 'a' is given twice"),
        ({"inputs": [A, B, A | {"name": "c"}]}, r"input 'c' is unknown; the model takes \['a', 'b'\]"),
        ({"inputs": [A | {"name": ["a"]}, B]}, "is unknown"),
        ({"inputs": [A | {"datatype": "FP64"}, B]}, "must have datatype FP32, not 'FP64'$"),
        ({"inputs": [A | {"datatype": "float"}, B]}, "which is none of"),
        ({"inputs": [A | {"datatype": None}, B]}, "must have datatype FP32"),
        ({"inputs": [A | {"datatype": []}, B]}, "must have datatype FP32"),
        ({"inputs": [A | {"shape": None}, B]}, "must be a list of whole numbers"),
        ({"inputs": [A | {"shape": [2, "2"]}, B]}, "must be a list of whole numbers"),
        ({"inputs": [A | {"shape": [2, True]}, B]}, "must be a list of whole numbers"),
        ({"inputs": [A | {"shape": [2, 2.0]}, B]}, "must be a list of whole numbers"),
        ({"inputs": [A | {"shape": [-1, 2]}, B]}, "must be a list of whole numbers"),
        ({"inputs": [A | {"shape": [4]}, B]}, r"has shape \[4\], the model takes \[-1, 2\]"),
        ({"inputs": [A | {"shape": [1, 4]}, B]}, r"has shape \[1, 4\], the model takes \[-1, 2\]"),
        ({"inputs": [A | {"shape": [1, 2], "data": [1, 2]}, B]}, "equally many rows"),
        ({"inputs": [A | {"data": None}, B]}, "data of tensor 'a' must be a list"),
        ({"inputs": [{"name": "a", "shape": [2, 2], "datatype": "FP32"}, B]}, "data of tensor 'a' must be"),
        (
            {"inputs": [A, B], "outputs": [{"name": "w"}]},
            r"output 'w' is unknown; the model gives \['y', 'z'\]",
        ),
        ({"inputs": [A, B], "outputs": [{"name": ["y"]}]}, "is unknown"),
        ({"inputs": [A, B], "outputs": [{"name": "y"}, {"name": "y"}]}, "asked for twice"),
        ({"inputs": [A, B], "outputs": ["y"]}, "outputs must be a list of objects"),
        ({"inputs": [A, B], "outputs": 0}, "outputs must be a list of objects"),
        ({"inputs": [A, B], "outputs": [{"name": "y", "parameters": 1}]}, "of output 'y' must be an object"),
        ({"inputs": [A, B], "outputs": [{"name": "y", "parameters": {"binary_data": 1}}]}, "must be true or"),
        ({"inputs": [A, B], "parameters": {"binary_data_output": "yes"}}, "must be true or false"),
        ({"inputs": [A, B], "parameters": {"mine": None}}, "of the request may be strings, numbers and"),
        ({"inputs": [A | {"parameters": {"mine": []}}, B]}, "of input 'a' may be strings, numbers and"),
        (
            {"inputs": [A | {"shape": [0, 2], "data": []}, B | {"shape": [2**62], "data": []}]},
            "2 values|needs",
        ),
        ({"inputs": [A, B], "id": 5}, "id must be a string"),
        ({"inputs": [A, B], "parameters": []}, "parameters of the request must be an object"),
        ({"inputs": [A, B], "parameters": {"timeout": -1}}, "microseconds"),
        ({"inputs": [A, B], "parameters": {"timeout": "1"}}, "microseconds"),
        ({"inputs": [A, B], "parameters": {"timeout": True}}, "microseconds"),
        (
            {"inputs": [A | {"name": "n" * 1000}, B]},
            r"^input 'n+\.\.\.n+' is unknown; the model takes \['a'.{6}$",
        ),
    ],
)
def test_a_wrong_request_is_refused_with_what_is_allowed(document, text):
    with pytest.raises(RequestError, match=text) as caught:
        decode(json.dumps(document).encode(), SIGNATURE)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[" * 5000, b'{"inputs": [NaN]}', b'{"inputs": Infinity}']
)
def test_what_is_not_json_is_refused(body):
    with pytest.raises(RequestError, match="the body is not JSON"):
        decode(body, SIGNATURE)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
FIELDS = ("name", "shape", "datatype", "data", "parameters")


@given(st.fixed_dictionaries(dict.fromkeys(FIELDS, json_values) | {"name": st.just("a")}), json_values)
def test_no_document_whatever_does_more_than_be_refused(tensor, other):
    for document in ({"inputs": [A | tensor, B]}, {"inputs": other}, {"inputs": [A, B], "outputs": other}):
        with contextlib.suppress(RequestError):
            assert decode(json.dumps(document).encode(), SIGNATURE).rows == 2
