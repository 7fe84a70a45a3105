"""The protocols' messages as classes, made from `protocol.binpb`, which is compiled from the .proto files:

    python3 -m grpc_tools.protoc -I serving/mlops_serving/grpc_api
        --descriptor_set_out=serving/mlops_serving/grpc_api/protocol.binpb inference.proto health.proto

Descriptors, unlike generated modules, are bound to no release of the compiler or the library. They live
in a pool of their own, so that a client's modules for the same package can be imported beside them.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from mlops_serving.errors import RequestError


def _pool() -> Any:
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(files(__package__).joinpath("protocol.binpb").read_bytes()).file:
        pool.Add(file)
    return pool


POOL: Final = _pool()


def _message(name: str) -> Any:
    return GetMessageClass(POOL.FindMessageTypeByName(name))


ServerLiveResponse: Final = _message("inference.ServerLiveResponse")
ServerReadyResponse: Final = _message("inference.ServerReadyResponse")
ModelReadyRequest: Final = _message("inference.ModelReadyRequest")
ModelReadyResponse: Final = _message("inference.ModelReadyResponse")
ServerMetadataResponse: Final = _message("inference.ServerMetadataResponse")
ModelMetadataRequest: Final = _message("inference.ModelMetadataRequest")
ModelMetadataResponse: Final = _message("inference.ModelMetadataResponse")
ModelInferRequest: Final = _message("inference.ModelInferRequest")
ModelInferResponse: Final = _message("inference.ModelInferResponse")
ModelStreamInferResponse: Final = _message("inference.ModelStreamInferResponse")
InferTensorContents: Final = _message("inference.InferTensorContents")
HealthCheckRequest: Final = _message("grpc.health.v1.HealthCheckRequest")
HealthCheckResponse: Final = _message("grpc.health.v1.HealthCheckResponse")


def parse(kind: Any, data: bytes) -> Any:
    """A message of one of the classes above; `RequestError` when the bytes are no such message."""
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise RequestError(f"the bytes of the request are no {kind.DESCRIPTOR.full_name}") from error
