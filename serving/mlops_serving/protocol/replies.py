"""From arrays and facts to the JSON bytes of each reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from mlops_serving.artifact import Manifest, TensorSpec
from mlops_serving.protocol.datatypes import Array, to_json
from mlops_serving.protocol.requests import InferRequest, Signature

_PLATFORMS: Final = {"onnx": "onnxruntime_onnx"}
"""Names that the protocol reserves; other frameworks go by their own."""


def infer_reply(
    manifest: Manifest, expected: Signature, request: InferRequest, outputs: Mapping[str, Array]
) -> bytes:
    """The answer to an infer request, outputs in the order asked for; NaN is written as null."""
    reply: dict[str, Any] = {"model_name": manifest.name, "model_version": manifest.version}
    if request.id is not None:
        reply["id"] = request.id
    reply["outputs"] = [
        {
            "name": name,
            "shape": outputs[name].shape,
            "datatype": expected.outputs[name].datatype,
            "data": to_json(outputs[name]),
        }
        for name in request.outputs
    ]
    return orjson.dumps(reply, option=orjson.OPT_SERIALIZE_NUMPY)


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


def server_metadata(version: str) -> bytes:
    """Metadata of the server."""
    return orjson.dumps({"name": "mlops-serving", "version": version, "extensions": []})


def model_ready(name: str, ready: bool) -> bytes:
    """Readiness of one model."""
    return orjson.dumps({"name": name, "ready": ready})


def health(ready: bool, why_not: str = "") -> bytes:
    """Body of both health paths: clients differ in the key they read."""
    body: dict[str, Any] = {"live": True, "ready": ready}
    return orjson.dumps({"error": why_not, **body} if why_not else body)


def error(text: str) -> bytes:
    """Body of every failure."""
    return orjson.dumps({"error": text})


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "datatype": spec.datatype, "shape": spec.shape}
