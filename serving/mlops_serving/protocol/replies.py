"""From arrays and facts to the bytes of each reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from secrets import token_hex
from typing import Any, Final

import numpy as np
import orjson

from mlops_serving.artifact import Manifest, TensorSpec
from mlops_serving.protocol.datatypes import Array, to_json
from mlops_serving.protocol.raw import to_raw
from mlops_serving.protocol.requests import InferRequest, Signature

Written = tuple[bytes, int]
"""A body and the length of its JSON, which is 0 when there is nothing else in it."""

_NUMPY: Final = orjson.OPT_SERIALIZE_NUMPY
_PIECE: Final = 1 << 14
"""Numbers written at once, which takes 0.3 ms."""
_MARKED: Final = token_hex(16)
_MARK: Final = f'["{_MARKED}"]'.encode()
_PLATFORMS: Final = {"onnx": "onnxruntime_onnx"}
"""Names that the protocol reserves; other frameworks go by their own."""


def infer_reply(
    manifest: Manifest, expected: Signature, request: InferRequest, outputs: Mapping[str, Array]
) -> Written:
    """The answer to an infer request, outputs in the order asked for; NaN is written as null in JSON."""
    binary = request.binary
    tail: list[bytes | memoryview] = []
    large: list[Array] = []
    tensors: list[dict[str, Any]] = []
    for name in request.outputs:
        array, datatype = outputs[name], expected.outputs[name].datatype
        tensor: dict[str, Any] = {"name": name, "datatype": datatype, "shape": array.shape}
        if name in binary:
            raw = to_raw(datatype, array)
            tail.append(raw)
            tensor["parameters"] = {"binary_data_size": len(raw)}
        else:
            values = to_json(array)
            if len(values) > _PIECE and isinstance(values, np.ndarray):
                large.append(values)
                values = [_MARKED]
            tensor["data"] = values
        tensors.append(tensor)
    reply: dict[str, Any] = {"model_name": manifest.name, "model_version": manifest.version}
    if request.id is not None:
        reply["id"] = request.id
    reply["outputs"] = tensors
    text = orjson.dumps(reply, option=_NUMPY)
    if large:
        text = _with_arrays(text, large)
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


def _with_arrays(text: bytes, arrays: Sequence[Array]) -> bytes:
    """A document in which long flat arrays stand in the places of the marks.

    They are written in pieces: one dump holds the interpreter's lock from its beginning to its end.
    """
    first, *rest = text.split(_MARK)
    body = bytearray(first)
    for values, after in zip(arrays, rest, strict=True):
        body += b"["
        for place in range(0, len(values), _PIECE):
            body += memoryview(orjson.dumps(values[place : place + _PIECE], option=_NUMPY))[1:-1]
            body += b","
        body[-1:] = b"]"
        body += after
    return bytes(body)


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "datatype": spec.datatype, "shape": spec.shape}
