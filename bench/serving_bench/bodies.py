"""Requests of the V2 protocol as bytes, and answers as arrays: JSON, REST with raw tensors, gRPC raw.

Source of the forms: Open Inference Protocol V2; Triton, docs/protocol/extension_binary_data.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from tritonclient.grpc import service_pb2

from serving_bench.figures import BenchError

Arrays = Mapping[str, np.ndarray]
_NUMPY: Mapping[str, np.dtype[Any]] = {"FP32": np.dtype("<f4"), "INT64": np.dtype("<i8")}
_HEADER_LENGTH = "inference-header-content-length"


@dataclass(frozen=True)
class Body:
    """A request's bytes and headers."""

    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def json_body(rows: np.ndarray) -> Body:
    """Input X of datatype FP32 as numbers, in as few digits as bring the same floats back."""
    document = {"inputs": [_tensor(rows) | {"data": rows.reshape(-1)}]}
    data = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    return Body(data, {"content-type": "application/json"})


def binary_body(rows: np.ndarray) -> Body:
    """Input X as raw bytes behind a JSON header; outputs are asked for in raw bytes, too."""
    tensor = _tensor(rows) | {"parameters": {"binary_data_size": rows.nbytes}}
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    headers = {"content-type": "application/octet-stream", _HEADER_LENGTH: str(len(head))}
    return Body(head + rows.tobytes(), headers)


def grpc_body(model: str, rows: np.ndarray) -> Body:
    """An encoded ModelInferRequest with raw contents."""
    message = service_pb2.ModelInferRequest(model_name=model)
    message.inputs.add(name="X", datatype="FP32", shape=rows.shape)
    message.raw_input_contents.append(rows.tobytes())
    return Body(message.SerializeToString())


def _tensor(rows: np.ndarray) -> dict[str, object]:
    return {"name": "X", "shape": list(rows.shape), "datatype": "FP32"}


def rest_answer(data: bytes | bytearray, headers: Mapping[str, str]) -> Arrays:
    """The outputs of a REST answer in either form."""
    head_length = int(headers.get(_HEADER_LENGTH, len(data)))
    document = orjson.loads(data[:head_length])
    place, arrays = head_length, dict[str, np.ndarray]()
    for output in document["outputs"]:
        dtype = _NUMPY[output["datatype"]]
        if "data" in output:
            array = np.array(output["data"], dtype)
        else:
            size = output["parameters"]["binary_data_size"]
            array = np.frombuffer(data[place : place + size], dtype)
            place += size
        arrays[output["name"]] = array.reshape(output["shape"])
    return arrays


def grpc_answer(data: bytes) -> Arrays:
    """The outputs of an encoded ModelInferResponse, raw or typed."""
    message = service_pb2.ModelInferResponse.FromString(data)
    arrays = {}
    for place, output in enumerate(message.outputs):
        dtype = _NUMPY[output.datatype]
        if message.raw_output_contents:
            array = np.frombuffer(message.raw_output_contents[place], dtype)
        else:
            held = {"FP32": output.contents.fp32_contents, "INT64": output.contents.int64_contents}
            array = np.array(held[output.datatype], dtype)
        arrays[output.name] = array.reshape(output.shape)
    return arrays


def check(who: str, answered: Arrays, expected: Arrays) -> None:
    """`BenchError` unless every expected output was answered with the same shape and, nearly, values."""
    for name, array in expected.items():
        found = answered.get(name)
        # MLServer gives a vector a second dimension of 1.
        if found is None or found.reshape(-1).shape != array.reshape(-1).shape:
            raise BenchError(f"{who} answered {name} as {found if found is None else found.shape}")
        if not np.allclose(found.reshape(-1), array.reshape(-1), rtol=1e-5, atol=1e-6):
            raise BenchError(f"{who} answered {name} with other values than the model gives")
