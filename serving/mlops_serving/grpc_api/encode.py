"""From arrays to the bytes of a `ModelInferResponse`."""

from __future__ import annotations

from collections.abc import Mapping

from mlops_serving.grpc_api.contents import FIELDS, fill
from mlops_serving.grpc_api.messages import ModelInferResponse, ModelStreamInferResponse
from mlops_serving.grpc_api.wire import head
from mlops_serving.models import LoadedModel
from mlops_serving.protocol.datatypes import Array
from mlops_serving.protocol.raw import to_raw
from mlops_serving.protocol.requests import InferRequest

_RAW = ModelInferResponse.DESCRIPTOR.fields_by_name["raw_output_contents"].number
_STREAMED = ModelStreamInferResponse.DESCRIPTOR.fields_by_name["infer_response"].number


def to_reply(model: LoadedModel, request: InferRequest, outputs: Mapping[str, Array], raw: bool) -> bytes:
    """The answer, outputs in the order asked for; typed unless `raw` or a datatype has no typed form."""
    manifest, specs = model.manifest, model.signature.outputs
    reply = ModelInferResponse(model_name=manifest.name, model_version=manifest.version, id=request.id or "")
    raw = raw or any(specs[name].datatype not in FIELDS for name in request.outputs)
    parts: list[bytes | memoryview] = []
    for name in request.outputs:
        array, datatype = outputs[name], specs[name].datatype
        output = reply.outputs.add(name=name, datatype=datatype, shape=array.shape)
        if raw:
            data = to_raw(datatype, array)
            parts += (head(_RAW, len(data)), data)
        else:
            fill(output.contents, datatype, array)
    return b"".join((reply.SerializeToString(), *parts))


def streamed(reply: bytes) -> bytes:
    """A `ModelStreamInferResponse` with an answer."""
    return head(_STREAMED, len(reply)) + reply


def stream_error(text: str, model: str, version: str, id: str) -> bytes:
    """A `ModelStreamInferResponse` for a request that failed."""
    about = ModelInferResponse(model_name=model, model_version=version, id=id)
    failed: bytes = ModelStreamInferResponse(error_message=text, infer_response=about).SerializeToString()
    return failed
