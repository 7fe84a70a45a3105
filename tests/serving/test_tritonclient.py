"""An independent client of the protocol, unmodified, as the oracle."""

from __future__ import annotations

import numpy as np
import pytest
import tritonclient.http as triton
from onnx import TensorProto, helper
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from mlops_serving.artifact import Golden, Tensor, TensorSpec
from mlops_serving.protocol.datatypes import NUMPY
from mlops_serving.publish import publish
from serving_process import models

ONNX = {
    "BOOL": TensorProto.BOOL,
    "UINT8": TensorProto.UINT8,
    "UINT16": TensorProto.UINT16,
    "UINT32": TensorProto.UINT32,
    "UINT64": TensorProto.UINT64,
    "INT8": TensorProto.INT8,
    "INT16": TensorProto.INT16,
    "INT32": TensorProto.INT32,
    "INT64": TensorProto.INT64,
    "FP16": TensorProto.FLOAT16,
    "FP32": TensorProto.FLOAT,
    "FP64": TensorProto.DOUBLE,
    "BYTES": TensorProto.STRING,
}


@pytest.fixture
def client(serve, gateway, store, make_artifact, tmp_path):
    """A client of a model that gives back one input of every datatype."""
    specs = [TensorSpec(name=f"in_{name}", datatype=name, shape=(-1, 2)) for name in NUMPY]
    results = [TensorSpec(name=f"out_{name}", datatype=name, shape=(-1, 2)) for name in NUMPY]
    graph = helper.make_graph(
        [helper.make_node("Identity", [f"in_{name}"], [f"out_{name}"]) for name in NUMPY],
        "identity",
        [helper.make_tensor_value_info(f"in_{name}", ONNX[name], ["n", 2]) for name in NUMPY],
        [helper.make_tensor_value_info(f"out_{name}", ONNX[name], ["n", 2]) for name in NUMPY],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    one = {"BOOL": True, "BYTES": "a"}
    tensors = {
        side: tuple(
            Tensor(name=f"{side}_{name}", shape=(1, 2), datatype=name, data=(one.get(name, 1),) * 2)
            for name in NUMPY
        )
        for side in ("in", "out")
    }
    golden = Golden(inputs=tensors["in"], outputs=tensors["out"], atol=0)
    folder = tmp_path / "identity"
    publish(
        store, folder, make_artifact(folder, model.SerializeToString(), specs, results, golden, "identity")
    )
    server = serve(gateway.environ("models") | {"MLOPS_MODELS": models("1", "identity")})
    server.wait_ready()
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as found:
        yield found


def arrays(rows):
    """Arrays with the extremes of every datatype."""
    made = {}
    for name, dtype in NUMPY.items():
        if dtype.kind == "O":
            made[name] = np.array([["", "ü €"], ["a\n", '"\\']] * rows, dtype=object)[:rows]
            continue
        info = None if dtype.kind == "b" else np.iinfo(dtype) if dtype.kind in "iu" else np.finfo(dtype)
        made[name] = np.array([[info.min, info.max] if info else [True, False]] * rows, dtype=dtype)
    return made


def asked(made, with_outputs):
    inputs = []
    for name, array in made.items():
        tensor = triton.InferInput(f"in_{name}", list(array.shape), np_to_triton_dtype(array.dtype))
        tensor.set_data_from_numpy(array, binary_data=False)
        inputs.append(tensor)
    outputs = [triton.InferRequestedOutput(f"out_{name}", binary_data=False) for name in made]
    return inputs, outputs if with_outputs else None


@pytest.mark.parametrize("with_outputs", [True, False])
def test_every_datatype_comes_back_as_it_was_sent(client, with_outputs):
    made = arrays(2)
    inputs, outputs = asked(made, with_outputs)
    reply = client.infer("identity", inputs, outputs=outputs, request_id="r-1", timeout=5_000_000)
    assert reply.get_response()["id"] == "r-1"
    for name, array in made.items():
        got = reply.as_numpy(f"out_{name}")
        assert got.shape == array.shape
        assert got.tolist() == array.tolist()


def test_the_clients_questions_are_answered(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("identity")
    assert client.is_model_ready("identity", "1")
    assert not client.is_model_ready("identity", "2")
    assert client.get_server_metadata()["name"] == "mlops-serving"
    metadata = client.get_model_metadata("identity", "1")
    assert metadata["inputs"][0] == {"name": "in_BOOL", "datatype": "BOOL", "shape": [-1, 2]}


def test_the_client_can_read_our_errors(client):
    inputs, outputs = asked({"FP32": np.zeros((1, 2), np.float32)}, True)
    with pytest.raises(InferenceServerException, match="are missing; the model takes") as caught:
        client.infer("identity", inputs, outputs=outputs)
    assert caught.value.status() == "400"
    with pytest.raises(InferenceServerException, match="there is no model 'other'"):
        client.infer("other", inputs)
    binary = triton.InferInput("in_FP32", [1, 2], "FP32").set_data_from_numpy(np.zeros((1, 2), np.float32))
    with pytest.raises(InferenceServerException, match="send data as JSON") as caught:
        client.infer("identity", [binary])
    assert caught.value.status() == "501"
