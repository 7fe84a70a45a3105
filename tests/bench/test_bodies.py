"""The three forms of a request carry the same rows, and answers in each form are read alike."""

from __future__ import annotations

import json

import numpy as np
import pytest
from serving_bench.bodies import binary_body, check, grpc_answer, grpc_body, json_body, rest_answer
from serving_bench.figures import BenchError
from tritonclient.grpc import service_pb2

ROWS = np.array([[5.1, 3.5], [1.4, 0.2]], np.float32)


def test_json_carries_the_shortest_digits_that_bring_the_floats_back() -> None:
    tensor = {"name": "X", "shape": [2, 2], "datatype": "FP32", "data": [5.1, 3.5, 1.4, 0.2]}
    assert json.loads(json_body(ROWS).data) == {"inputs": [tensor]}


def test_the_binary_form_has_the_bytes_behind_a_header_of_the_told_length() -> None:
    body = binary_body(ROWS)
    length = int(body.headers["inference-header-content-length"])
    head = json.loads(body.data[:length])
    assert head["inputs"][0]["parameters"] == {"binary_data_size": 16}
    assert head["parameters"] == {"binary_data_output": True}
    assert body.data[length:] == ROWS.tobytes()


def test_grpc_carries_raw_contents() -> None:
    message = service_pb2.ModelInferRequest.FromString(grpc_body("iris", ROWS).data)
    assert (message.model_name, list(message.inputs[0].shape)) == ("iris", [2, 2])
    assert list(message.raw_input_contents) == [ROWS.tobytes()]


def test_rest_answers_in_numbers_and_in_bytes_are_read_alike() -> None:
    numbers = {"name": "Y", "shape": [2, 2], "datatype": "FP32", "data": ROWS.reshape(-1).tolist()}
    plain = rest_answer(json.dumps({"outputs": [numbers]}).encode(), {})
    tensor = {"name": "Y", "shape": [2, 2], "datatype": "FP32", "parameters": {"binary_data_size": 16}}
    head = json.dumps({"outputs": [tensor]}).encode()
    raw = rest_answer(head + ROWS.tobytes(), {"inference-header-content-length": str(len(head))})
    np.testing.assert_array_equal(plain["Y"], ROWS)
    np.testing.assert_array_equal(raw["Y"], ROWS)


def test_grpc_answers_typed_and_raw_are_read_alike() -> None:
    typed = service_pb2.ModelInferResponse()
    output = typed.outputs.add(name="Y", datatype="FP32", shape=[2, 2])
    output.contents.fp32_contents.extend(ROWS.reshape(-1).tolist())
    raw = service_pb2.ModelInferResponse(raw_output_contents=[ROWS.tobytes()])
    raw.outputs.add(name="Y", datatype="FP32", shape=[2, 2])
    for message in (typed, raw):
        np.testing.assert_array_equal(grpc_answer(message.SerializeToString())["Y"], ROWS)


@pytest.mark.parametrize(
    ("answered", "why"),
    [({}, "answered Y as None"), ({"Y": ROWS[:1]}, "answered Y as"), ({"Y": ROWS + 1}, "other values")],
)
def test_another_answer_than_the_models_stops_the_benchmark(
    answered: dict[str, np.ndarray], why: str
) -> None:
    check("a server", {"Y": ROWS + 1e-7}, {"Y": ROWS})
    with pytest.raises(BenchError, match=why):
        check("a server", answered, {"Y": ROWS})
