"""Models that give back what they get, and a server of them on a folder, for the tests of the protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from mlops_serving.artifact import Golden, Manifest, Tensor, TensorSpec
from mlops_serving.protocol.datatypes import NUMPY
from mlops_serving.publish import publish
from mlops_serving.store import Store, store_settings
from serving_models import make_artifact
from serving_process import ServerProcess

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
    "BF16": TensorProto.BFLOAT16,
    "BYTES": TensorProto.STRING,
}


def make_identity(folder: Path, name: str, datatypes: Sequence[str], shape: tuple[int, ...]) -> Manifest:
    """A model with one input `in_<datatype>` for each datatype, given back as `out_<datatype>`."""
    dims = [size if size >= 0 else f"d{place}" for place, size in enumerate(shape)]
    graph = helper.make_graph(
        [helper.make_node("Identity", [f"in_{one}"], [f"out_{one}"]) for one in datatypes],
        "identity",
        [helper.make_tensor_value_info(f"in_{one}", ONNX[one], dims) for one in datatypes],
        [helper.make_tensor_value_info(f"out_{one}", ONNX[one], dims) for one in datatypes],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    golden_shape = tuple(size if size >= 0 else 1 for size in shape)
    value = {"BOOL": True, "BYTES": "a"}
    sides = {
        side: tuple(
            Tensor(
                name=f"{side}_{one}",
                shape=golden_shape,
                datatype=one,
                data=(value.get(one, 1),) * int(np.prod(golden_shape)),
            )
            for one in datatypes
        )
        for side in ("in", "out")
    }
    inputs = [TensorSpec(name=f"in_{one}", datatype=one, shape=shape) for one in datatypes]
    outputs = [TensorSpec(name=f"out_{one}", datatype=one, shape=shape) for one in datatypes]
    golden = Golden(inputs=sides["in"], outputs=sides["out"], atol=0)
    return make_artifact(folder, model.SerializeToString(), inputs, outputs, golden, name)


MODELS: dict[str, tuple[Sequence[str], tuple[int, ...]]] = {
    "identity": (tuple(NUMPY), (-1, 2)),
    "brain": (("BF16", "FP32", "BOOL"), (-1, 2)),
    "numbers": (("FP32",), (-1, 4)),
    "words": (("BYTES",), (-1,)),
}
"""Datatypes and shape of each model of the server."""


@contextmanager
def identity_server(folder: Path, **settings: str) -> Iterator[ServerProcess]:
    """A server of all `MODELS`; `settings` are variables without their prefix."""
    store = {"MLOPS_STORE_URL": f"file://{folder}", "MLOPS_STORE_BUCKET": "models"}
    (folder / "models").mkdir(exist_ok=True)
    for name, (datatypes, shape) in MODELS.items():
        local = folder / name
        publish(Store(store_settings(store)), local, make_identity(local, name, datatypes, shape))
    listed = json.dumps([{"name": name, "endpoint": name, "version": "1"} for name in MODELS])
    more = {f"MLOPS_{name.upper()}": value for name, value in settings.items()}
    server = ServerProcess(store | {"MLOPS_MODELS": listed} | more, folder)
    try:
        yield server.wait_ready()
    finally:
        server.process.kill()
        server.process.wait()
