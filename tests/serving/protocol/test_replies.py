"""The bytes of replies."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import orjson
import pytest

from mlops_serving.artifact import TensorSpec
from mlops_serving.protocol import replies
from mlops_serving.protocol.datatypes import NUMPY
from mlops_serving.protocol.replies import infer_reply, model_metadata
from mlops_serving.protocol.requests import InferRequest, signature


def asked(*outputs, id=None, binary=()):
    return InferRequest(id, {}, outputs, 1, 0, None, frozenset(binary))


def replied(iris, request, **outputs):
    datatypes = {dtype: name for name, dtype in NUMPY.items()} | {np.dtype(ml_dtypes.bfloat16): "BF16"}
    specs = tuple(
        TensorSpec(name=name, datatype=datatypes[array.dtype], shape=(-1,)) for name, array in outputs.items()
    )
    return infer_reply(iris.manifests["1"], signature((), specs), request, outputs)


def test_json_outputs_come_in_the_order_asked_for_flat_and_row_major(iris):
    body, header = replied(
        iris,
        asked("b", "a", id='x"y'),
        a=np.array([[1.5, np.nan], [0.1, -np.inf]], np.float32),
        b=np.arange(6, dtype=np.int32).reshape(2, 3).T,
    )
    assert header == 0
    assert orjson.loads(body) == {
        "model_name": "iris",
        "model_version": "1",
        "id": 'x"y',
        "outputs": [
            {"name": "b", "datatype": "INT32", "shape": [3, 2], "data": [0, 3, 1, 4, 2, 5]},
            {"name": "a", "datatype": "FP32", "shape": [2, 2], "data": [1.5, None, 0.1, None]},
        ],
    }
    assert b"0.1," in body  # the shortest text that is the same 32-bit number, not 0.10000000149011612


def test_binary_outputs_follow_the_json_in_its_order(iris):
    body, header = replied(
        iris,
        asked("a", "b", "c", "d", binary="acd"),
        a=np.array([1, 2], np.int16),
        b=np.array([True]),
        c=np.array(["", "ü"], object),
        d=np.array([1.5], ml_dtypes.bfloat16),
    )
    assert body[header:] == b"\1\0\2\0" + b"\0\0\0\0\2\0\0\0\xc3\xbc" + b"\xc0\x3f"
    outputs = orjson.loads(body[:header])["outputs"]
    assert [one.get("parameters") for one in outputs] == [
        {"binary_data_size": 4},
        None,
        {"binary_data_size": 10},
        {"binary_data_size": 2},
    ]
    assert ["data" in one for one in outputs] == [False, True, False, False]


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1, 1, 2)])
def test_any_shape_can_be_written(iris, shape):
    array = np.ones(shape, np.float32)
    body, _ = replied(iris, asked("a"), a=array)
    (output,) = orjson.loads(body)["outputs"]
    assert (output["shape"], output["data"]) == (list(shape), [1.0] * array.size)
    body, header = replied(iris, asked("a", binary="a"), a=array)
    assert body[header:] == array.tobytes()


def test_names_that_need_escapes_are_escaped(iris):
    body, _ = replied(iris, asked('a"\\\n'), **{'a"\\\n': np.array([1])})
    assert orjson.loads(body)["outputs"][0]["name"] == 'a"\\\n'


def test_the_platform_is_that_of_the_framework(iris):
    assert orjson.loads(model_metadata(iris.manifests["1"], ["1"]))["platform"] == "onnxruntime_onnx"


@pytest.mark.parametrize("piece", [1, 3, 4, 10])
def test_in_pieces_a_reply_is_the_same(iris, monkeypatch, piece):
    arrays = {
        "a": np.arange(12, dtype=np.float32).reshape(4, 3) / 7,
        "b": np.array(["x", "y", '"']),
        "c": np.arange(4, dtype=np.int64),
        "d": np.array([np.nan, 1, np.inf, -0.0, 1e-300]),
        "e": np.array([True, False] * 3),
        "f": np.zeros(0, np.float32),
    }
    arrays["b"] = arrays["b"].astype(object)
    request = asked(*arrays, id="i", binary="c")
    whole = replied(iris, request, **arrays)
    monkeypatch.setattr(replies, "_PIECE", piece)
    assert replied(iris, request, **arrays) == whole
