"""A server with a gRPC port, and the public client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
import tritonclient.grpc as triton
from tritonclient.grpc import service_pb2, service_pb2_grpc

from mlops_serving.artifact import Manifest
from mlops_serving.grpc_api.contents import FIELDS
from mlops_serving.publish import publish
from mlops_serving.store import Store, store_settings
from serving_grpc import OWN_CONNECTION
from serving_process import ServerProcess, free_port


@dataclass(frozen=True)
class Running:
    """A server process and its gRPC port."""

    process: ServerProcess
    port: int
    stack: ExitStack

    @property
    def address(self) -> str:
        """Of the gRPC port."""
        return f"127.0.0.1:{self.port}"

    def client(self) -> triton.InferenceServerClient:
        """The public client."""
        return self.stack.enter_context(
            triton.InferenceServerClient(self.address, channel_args=OWN_CONNECTION)
        )

    def channel(self) -> grpc.Channel:
        """For stubs."""
        return self.stack.enter_context(grpc.insecure_channel(self.address, OWN_CONNECTION))

    def stub(self) -> service_pb2_grpc.GRPCInferenceServiceStub:
        """Sends the public protocol's own messages."""
        return service_pb2_grpc.GRPCInferenceServiceStub(self.channel())


@pytest.fixture
def start(serve: Callable[..., ServerProcess], tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """`start(*models, **settings)` serves artifacts, each a folder and its manifest, from a folder store.

    Without any it does not wait until the server is ready.
    """
    with ExitStack() as stack:

        def started(*models: tuple[Path, Manifest], **settings: object) -> Running:
            port = free_port()
            names = [{"name": one.name, "endpoint": one.name, "version": one.version} for _, one in models]
            environ = {
                "MLOPS_STORE_URL": f"file://{tmp_path}",
                "MLOPS_MODELS": json.dumps(names),
                "MLOPS_GRPC_PORT": str(port),
                **{f"MLOPS_{name.upper()}": str(value) for name, value in settings.items()},
            }
            store = Store(store_settings(environ))
            for folder, manifest in models:
                publish(store, folder, manifest)
            process = serve(environ)
            return Running(process.wait_ready() if models else process, port, stack)

        yield started


@pytest.fixture
def iris_artifact(iris) -> tuple[Path, Manifest]:
    """Version 1 of the iris model."""
    return iris.folders["1"], iris.manifests["1"]


def typed(model: str, tensors, **more) -> service_pb2.ModelInferRequest:
    """A request with typed contents, from names, datatypes and arrays."""
    inputs = []
    for name, datatype, array in tensors:
        values = array.reshape(-1).tolist()
        values = [text.encode() for text in values] if datatype == "BYTES" else values
        contents = service_pb2.InferTensorContents(**{FIELDS[datatype]: values})
        inputs.append({"name": name, "datatype": datatype, "shape": array.shape, "contents": contents})
    return service_pb2.ModelInferRequest(model_name=model, inputs=inputs, **more)


@pytest.fixture(scope="session", name="typed")
def _typed() -> Callable[..., service_pb2.ModelInferRequest]:
    return typed


def tensor(name: str, datatype: str, array) -> triton.InferInput:
    """A raw input, which is what the client sends."""
    return triton.InferInput(name, list(array.shape), datatype).set_data_from_numpy(array)


@pytest.fixture(scope="session", name="tensor")
def _tensor() -> Callable[..., triton.InferInput]:
    return tensor
