"""Every failure is a status with a text, and leaves the server as it was."""

from __future__ import annotations

import grpc
import numpy as np
import pytest
from tritonclient.grpc import service_pb2
from tritonclient.utils import InferenceServerException

ROWS = np.array([[5.1, 3.5, 1.4, 0.2]], np.float32)


def failed(call):
    """Code and text with which a call of a client or a stub fails."""
    with pytest.raises((InferenceServerException, grpc.RpcError)) as caught:
        call()
    error = caught.value
    if isinstance(error, InferenceServerException):
        return error.status().removeprefix("StatusCode."), error.message()
    return error.code().name, error.details()


def test_what_the_client_does_wrong_is_told(start, iris_artifact, iris, tensor):
    client = start(iris_artifact, max_body_bytes=4096).client()
    good, doubles = tensor("X", "FP32", ROWS), tensor("X", "FP64", ROWS.astype(np.float64))
    large = tensor("X", "FP32", iris.rows.repeat(3, 0))
    cases = [
        ("NOT_FOUND", lambda: client.infer("roses", [good]), "there is no model 'roses' here"),
        ("NOT_FOUND", lambda: client.infer("iris", [good], model_version="8"), "loaded are: 1"),
        ("NOT_FOUND", lambda: client.is_model_ready("roses"), "there is no model 'roses' here"),
        ("NOT_FOUND", lambda: client.get_model_metadata("iris", "8"), "loaded are: 1"),
        ("INVALID_ARGUMENT", lambda: client.infer("iris", []), "inputs ['X'] are missing"),
        ("INVALID_ARGUMENT", lambda: client.infer("iris", [good] * 2), "input 'X' is given twice"),
        ("INVALID_ARGUMENT", lambda: client.infer("iris", [doubles]), "must have datatype FP32"),
        ("INVALID_ARGUMENT", lambda: client.infer("iris", [good], timeout=-1), "a whole number of micro"),
        ("RESOURCE_EXHAUSTED", lambda: client.infer("iris", [large]), "larger than max (7225 vs. 4096)"),
        ("UNIMPLEMENTED", client.get_model_repository_index, "at the operators' port"),
        ("UNIMPLEMENTED", lambda: client.load_model("iris"), "at the operators' port"),
        ("UNIMPLEMENTED", lambda: client.unload_model("iris"), "at the operators' port"),
        ("UNIMPLEMENTED", lambda: client.get_model_config("iris"), "ask for ModelMetadata"),
        ("UNIMPLEMENTED", client.get_inference_statistics, "read /metrics"),
        ("UNIMPLEMENTED", client.get_system_shared_memory_status, "Method not found"),
    ]
    for code, call, why in cases:
        got = failed(call)
        assert got[0] == code, got
        assert why in got[1]
    assert client.infer("iris", [good]).as_numpy("label").tolist() == [0]


def test_raw_contents_must_be_one_entry_of_the_right_size_for_each_input(start, iris_artifact, typed):
    server = start(iris_artifact)
    ask = server.stub()
    tensor = {"name": "X", "datatype": "FP32", "shape": [1, 4]}

    def raw(*contents, **more):
        return service_pb2.ModelInferRequest(
            model_name="iris", inputs=[tensor], raw_input_contents=contents, **more
        )

    conflict = typed("iris", [("X", "FP32", ROWS)], raw_input_contents=[ROWS.tobytes()])
    for request, why in [
        (conflict, "input 'X' has contents beside raw_input_contents; send all inputs in one form"),
        (raw(bytes(15)), "tensor 'X' has 15 bytes but FP32 with shape [1, 4] needs 16"),
        (raw(bytes(16), bytes(16)), "raw_input_contents has 2 entries for 1 inputs; send one each, in order"),
        (raw(), "fp32_contents of input 'X' has 0 values, its shape needs 4"),
        (raw(bytes(16), outputs=[{"name": "z"}]), "output 'z' is unknown; the model gives ['label',"),
        (raw(bytes(16), outputs=[{"name": "z" * 9000}]), "output 'zzz"),
    ]:
        code, text = failed(lambda request=request: ask.ModelInfer(request))
        assert (code, text[: len(why)]) == ("INVALID_ARGUMENT", why)
    assert ask.ModelInfer(raw(ROWS.tobytes())).outputs[0].name == "label"
    assert server.process.metric('mlops_rejected_total{model="iris",reason="bad_request"}') == 6


def test_bytes_that_are_no_message_are_refused(start, iris_artifact):
    infer = start(iris_artifact).channel().unary_unary("/inference.GRPCInferenceService/ModelInfer")
    assert failed(lambda: infer(b"\xff\xff")) == (
        "INVALID_ARGUMENT",
        "the bytes of the request are no inference.ModelInferRequest",
    )
