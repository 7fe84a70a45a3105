"""An independent client of the protocol, unmodified, as the oracle."""

from __future__ import annotations

import asyncio

import ml_dtypes
import numpy as np
import pytest
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from mlops_serving.protocol.datatypes import NUMPY
from serving_identity import identity_server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with identity_server(tmp_path_factory.mktemp("triton")) as server:
        yield server


@pytest.fixture
def client(server):
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


def asked(made, binary_in, binary_out, module=triton):
    """Inputs and outputs; no outputs when `binary_out` is None."""
    inputs = []
    for name, array in made.items():
        tensor = module.InferInput(f"in_{name}", list(array.shape), np_to_triton_dtype(array.dtype))
        tensor.set_data_from_numpy(array, binary_data=binary_in)
        inputs.append(tensor)
    if binary_out is None:
        return inputs, None
    return inputs, [module.InferRequestedOutput(f"out_{name}", binary_data=binary_out) for name in made]


def texts(array):
    """Values of an array; the client gives binary strings as bytes."""
    return [item.decode() if isinstance(item, bytes) else item for item in array.reshape(-1).tolist()]


def check(reply, made):
    for name, array in made.items():
        got = reply.as_numpy(f"out_{name}")
        assert got.shape == array.shape
        assert texts(got) == texts(array)
        if name != "BYTES":
            assert got.dtype == array.dtype


@pytest.mark.parametrize("binary_out", [False, True, None])
@pytest.mark.parametrize("binary_in", [False, True])
def test_every_datatype_comes_back_as_it_was_sent(client, binary_in, binary_out):
    made = arrays(2)
    inputs, outputs = asked(made, binary_in, binary_out)
    reply = client.infer("identity", inputs, outputs=outputs, request_id="r-1", timeout=5_000_000)
    assert reply.get_response()["id"] == "r-1"
    sizes = ["binary_data_size" in one.get("parameters", {}) for one in reply.get_response()["outputs"]]
    assert sizes == [binary_out is not False] * len(made)
    check(reply, made)


@pytest.mark.parametrize("binary_out", [False, True, None])
@pytest.mark.parametrize("binary_in", [False, True])
def test_the_asynchronous_client_agrees(server, binary_in, binary_out):
    made = arrays(2)

    async def run():
        async with triton_aio.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
            inputs, outputs = asked(made, binary_in, binary_out, triton_aio)
            reply = await client.infer("identity", inputs, outputs=outputs, model_version="1")
            assert await client.is_model_ready("identity")
            return reply

    check(asyncio.run(run()), made)


@pytest.mark.parametrize("rows", [1, 20_000])
@pytest.mark.parametrize("reply_in", [None, "gzip", "deflate"])
@pytest.mark.parametrize("request_in", [None, "gzip", "deflate"])
def test_compressed_bodies_mean_the_same(client, request_in, reply_in, rows):
    made = {"FP32": np.arange(rows * 4, dtype=np.float32).reshape(rows, 4)}
    for binary in (False, True):
        inputs, outputs = asked(made, binary, binary)
        reply = client.infer(
            "numbers",
            inputs,
            outputs=outputs,
            request_compression_algorithm=request_in,
            response_compression_algorithm=reply_in,
        )
        check(reply, made)


def test_bfloat16_travels_as_bytes_beside_other_datatypes(client):
    numbers = np.array([[1.5, -2.0], [3.0, np.inf]], ml_dtypes.bfloat16)
    flags = np.array([[True, False], [False, True]])
    inputs = [
        triton.InferInput("in_BF16", [2, 2], "BF16").set_data_from_numpy(numbers),
        triton.InferInput("in_FP32", [2, 2], "FP32").set_data_from_numpy(numbers.astype(np.float32)),
        triton.InferInput("in_BOOL", [2, 2], "BOOL").set_data_from_numpy(flags, binary_data=False),
    ]
    reply = client.infer("brain", inputs)
    assert reply.as_numpy("out_BF16").tolist() == numbers.tolist()
    assert reply.as_numpy("out_FP32").tolist() == numbers.tolist()
    assert reply.as_numpy("out_BOOL").tolist() == flags.tolist()
    with pytest.raises(InferenceServerException, match="BF16, which has no JSON form; ask for them with"):
        client.infer("brain", inputs, outputs=[triton.InferRequestedOutput("out_BF16", binary_data=False)])


def test_the_clients_questions_are_answered(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("identity")
    assert client.is_model_ready("identity", "1")
    assert not client.is_model_ready("identity", "2")
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data", "statistics"]
    metadata = client.get_model_metadata("identity", "1")
    assert metadata["inputs"][0] == {"name": "in_BOOL", "datatype": "BOOL", "shape": [-1, 2]}


def test_the_client_reads_statistics(client, wait_until):
    before = client.get_inference_statistics("words")["model_stats"][0]
    for words in (["a"], ["a", "b", "c"]):
        inputs, _ = asked({"BYTES": np.array(words, object)}, True, None)
        client.infer("words", inputs)
    with pytest.raises(InferenceServerException):
        client.infer("words", [])

    def statistics():
        return client.get_inference_statistics("words", "1")["model_stats"][0]

    # What a histogram says follows within a twentieth of a second.
    wait_until(lambda: statistics()["execution_count"] - before["execution_count"] == 2)
    after = statistics()
    assert (after["name"], after["version"]) == ("words", "1")
    assert after["inference_count"] - before["inference_count"] == 4
    grown = {
        name: after["inference_stats"][name]["count"] - before["inference_stats"][name]["count"]
        for name in ("success", "fail", "queue", "compute_input", "compute_infer", "compute_output")
    }
    assert grown == {
        "success": 2,
        "fail": 1,
        "queue": 2,
        "compute_input": 2,
        "compute_infer": 2,
        "compute_output": 2,
    }
    assert [one["name"] for one in client.get_inference_statistics()["model_stats"]] == [
        "identity",
        "brain",
        "numbers",
        "words",
    ]


def test_the_client_can_read_our_errors(client):
    inputs, outputs = asked({"FP32": np.zeros((1, 2), np.float32)}, False, False)
    with pytest.raises(InferenceServerException, match="are missing; the model takes") as caught:
        client.infer("identity", inputs, outputs=outputs)
    assert caught.value.status() == "400"
    with pytest.raises(InferenceServerException, match="there is no model 'other'"):
        client.infer("other", inputs)
    classes = [triton.InferRequestedOutput("out_FP32", class_count=2)]
    with pytest.raises(InferenceServerException, match="parameter classification of output") as caught:
        client.infer("numbers", asked({"FP32": np.zeros((1, 4), np.float32)}, True, None)[0], outputs=classes)
    assert caught.value.status() == "501"
