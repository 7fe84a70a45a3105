"""An independent client of the protocol, unmodified, as the oracle: raw by its clients, typed by stubs."""

from __future__ import annotations

import asyncio
import queue

import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.grpc import aio

from grpc_identity import extremes, make_half, make_identity, make_pair
from mlops_serving.grpc_api.contents import FIELDS
from mlops_serving.protocol.datatypes import NUMPY

ROWS = np.array([[5.1, 3.5, 1.4, 0.2]], np.float32)


@pytest.fixture
def identities(start, tmp_path):
    """A server with one model for each datatype."""
    made = []
    for datatype in NUMPY:
        folder = tmp_path / datatype
        made.append((folder, make_identity(folder, datatype.lower(), datatype)))
    return start(*made)


def text(array):
    """An array's values, strings as text: the client gives bytes."""
    return [item.decode() if isinstance(item, bytes) else item for item in array.reshape(-1).tolist()]


def test_every_datatype_comes_back_as_it_was_sent_raw_by_both_clients(identities, tensor):
    async def asynchronous(name, inputs):
        async with aio.InferenceServerClient(identities.address) as client:
            return await client.infer(name, inputs, request_id="r-1", timeout=5_000_000)

    client = identities.client()
    for datatype in NUMPY:
        sent, name = extremes(datatype), datatype.lower()
        inputs = [tensor("X", datatype, sent)]
        for reply in (
            client.infer(name, inputs, request_id="r-1", timeout=5_000_000),
            asyncio.run(asynchronous(name, inputs)),
        ):
            got = reply.as_numpy("Y")
            assert (got.dtype, got.shape, text(got)) == (sent.dtype, sent.shape, text(sent))
            answer = reply.get_response()
            assert (answer.id, answer.model_name, answer.model_version) == ("r-1", name, "1")
            assert len(answer.raw_output_contents) == 1
            assert not answer.outputs[0].HasField("contents")


def test_every_datatype_comes_back_typed_when_it_was_sent_typed(identities, typed):
    ask = identities.stub()
    for datatype, field in FIELDS.items():
        sent = extremes(datatype)
        answer = ask.ModelInfer(typed(datatype.lower(), [("X", datatype, sent)]))
        assert list(answer.raw_output_contents) == []
        output = answer.outputs[0]
        assert [one.name for one, _ in output.contents.ListFields()] == [field]
        got = np.array(getattr(output.contents, field), dtype=sent.dtype)
        assert (list(output.shape), text(got)) == (list(sent.shape), text(sent))


def test_a_typed_answer_with_an_output_that_has_no_typed_form_is_raw(start, typed, tmp_path):
    ask = start((tmp_path / "half", make_half(tmp_path / "half"))).stub()
    sent = np.array([[1.5, -2]], np.float32)
    both = triton.InferResult(ask.ModelInfer(typed("half", [("X", "FP32", sent)])))
    assert len(both.get_response().raw_output_contents) == 2
    assert (both.as_numpy("Y").dtype, both.as_numpy("Y").tolist()) == (np.float16, sent.tolist())
    assert both.as_numpy("Z").tolist() == sent.tolist()
    one = ask.ModelInfer(typed("half", [("X", "FP32", sent)], outputs=[{"name": "Z"}]))
    assert list(one.outputs[0].contents.fp32_contents) == [1.5, -2]


def test_raw_contents_belong_to_the_inputs_in_their_order_and_outputs_come_as_asked(start, tmp_path, tensor):
    client = start((tmp_path / "pair", make_pair(tmp_path / "pair"))).client()
    ints, floats = np.array([[1, 2]], np.int32), np.array([[0.5, 1.5]], np.float32)
    inputs = [tensor("A", "INT32", ints), tensor("B", "FP32", floats)]
    for asked in (inputs, inputs[::-1]):
        reply = client.infer("pair", asked)
        assert (reply.as_numpy("C").tolist(), reply.as_numpy("D").tolist()) == ([[1, 2]], [[0.5, 1.5]])
    wanted = [triton.InferRequestedOutput("D"), triton.InferRequestedOutput("C")]
    assert [one.name for one in client.infer("pair", inputs, outputs=wanted).get_response().outputs] == [
        "D",
        "C",
    ]
    assert client.infer("pair", inputs, outputs=wanted[:1]).as_numpy("C") is None


def test_the_clients_questions_are_answered(start, iris_artifact):
    client = start(iris_artifact).client()
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("iris")
    assert client.is_model_ready("iris", "1")
    assert not client.is_model_ready("iris", "2")
    assert client.get_server_metadata(as_json=True) == {"name": "mlops-serving", "version": "0.1.0"}
    assert client.get_model_metadata("iris", "1", as_json=True) == {
        "name": "iris",
        "versions": ["1"],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "X", "datatype": "FP32", "shape": ["-1", "4"]}],
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": ["-1"]},
            {"name": "probabilities", "datatype": "FP32", "shape": ["-1", "3"]},
        ],
    }


def test_a_stream_answers_each_request_in_turn_and_errors_do_not_end_it(start, iris_artifact, tensor):
    client = start(iris_artifact).client()
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    good = [tensor("X", "FP32", ROWS)]
    for number in range(3):
        client.async_stream_infer("iris", good, request_id=str(number))
    client.async_stream_infer("iris", [], request_id="bad")
    client.async_stream_infer("iris", good, request_id="4")
    got = [answers.get(timeout=10) for _ in range(5)]
    client.stop_stream()
    ids = [result.get_response().id for result, error in got if error is None]
    assert ids == ["0", "1", "2", "4"]
    assert "inputs ['X'] are missing" in got[3][1].message()
    assert got[4][0].as_numpy("label").tolist() == [0]
