"""From arrays and facts to the bytes of each reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from mlops_serving.artifact import Manifest, TensorSpec
from mlops_serving.protocol.datatypes import Array, to_json
from mlops_serving.protocol.raw import to_raw
from mlops_serving.protocol.requests import InferRequest, Signature

Written = tuple[bytes, int]
"""A body and the length of its JSON, which is 0 when there is nothing else in it."""

_NUMPY: Final = orjson.OPT_SERIALIZE_NUMPY
_PLATFORMS: Final = {"onnx": "onnxruntime_onnx"}
"""Names that the protocol reserves; other frameworks go by their own."""


def infer_reply(
    manifest: Manifest, expected: Signature, request: InferRequest, outputs: Mapping[str, Array]
) -> Written:
    """The answer to an infer request, outputs in the order asked for; NaN is written as null in JSON."""
    binary = request.binary
    tail: list[bytes | memoryview] = []
    tensors: list[dict[str, Any]] = []
    for name in request.outputs:
        array, datatype = outputs[name], expected.outputs[name].datatype
        tensor: dict[str, Any] = {"name": name, "datatype": datatype, "shape": array.shape}
        if name in binary:
            raw = to_raw(datatype, array)
            tail.append(raw)
            tensor["parameters"] = {"binary_data_size": len(raw)}
        else:
            tensor["data"] = to_json(array)
        tensors.append(tensor)
    reply: dict[str, Any] = {"model_name": manifest.name, "model_version": manifest.version}
    if request.id is not None:
        reply["id"] = request.id
    reply["outputs"] = tensors
    text = orjson.dumps(reply, option=_NUMPY)
    return (b"".join((text, *tail)), len(text)) if tail else (text, 0)


def model_metadata(manifest: Manifest, versions: Sequence[str]) -> bytes:
    """Metadata of a model; `versions` are those that can be asked for now."""
    return orjson.dumps(
        {
            "name": manifest.name,
            "versions": list(versions),
            "platform": _PLATFORMS.get(manifest.framework, manifest.framework),
            "inputs": [_tensor(spec) for spec in manifest.inputs],
            "outputs": [_tensor(spec) for spec in manifest.outputs],
        }
    )


def server_metadata(version: str, extensions: Sequence[str]) -> bytes:
    """Metadata of the server; `extensions` are those of the protocol that it has."""
    return orjson.dumps({"name": "mlops-serving", "version": version, "extensions": list(extensions)})


def model_ready(name: str, ready: bool) -> bytes:
    """Readiness of one model."""
    return orjson.dumps({"name": name, "ready": ready})


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "datatype": spec.datatype, "shape": spec.shape}
