"""The OpenAPI document of what is served, for people's tools: GET /v2/openapi.json.

Source of the protocol's part: github.com/kserve/open-inference-protocol,
`specification/protocol/open_inference_rest.yaml`; of extensions: Triton, docs/protocol.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import orjson

from mlops_serving.protocol.binary import CONTENT_TYPE, HEADER
from mlops_serving.protocol.datatypes import DATATYPES

Json = dict[str, Any]

_NAME: Final[Json] = {"type": "string", "minLength": 1}
_VALUES: Final[Json] = {
    "description": "Values, flat in row-major order or nested as the shape.",
    "type": "array",
}
_COUNT: Final[Json] = {"type": "integer", "minimum": 0}


@lru_cache(maxsize=8)
def document(version: str, models: tuple[str, ...]) -> bytes:
    """The document of a server of this version with these models."""
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Open Inference Protocol V2",
                "version": version,
                "description": "Bodies may be compressed with gzip or deflate in both directions.",
            },
            "paths": _server_paths() | _model_paths(models) | _model_paths(models, _version_parameter()),
            "components": {"schemas": _schemas()},
        }
    )


def _server_paths() -> Json:
    return {
        "/v2": {"get": _get("serverMetadata", "What this server is", "ServerMetadata")},
        "/v2/health/live": {"get": _get("serverLive", "Whether the process answers", "Health")},
        "/v2/health/ready": {
            "get": _get("serverReady", "Whether every model is loaded", "Health", (503,), "NotReady")
        },
        "/v2/models/stats": {"get": _get("allStatistics", "What all models have done", "Statistics")},
        "/v2/openapi.json": {
            "get": {
                "operationId": "openapi",
                "summary": "This document",
                "responses": {"200": _json_reply("The document", {"type": "object"})},
            }
        },
    }


def _model_paths(models: tuple[str, ...], version: Json | None = None) -> Json:
    """The paths of one model, or of one version where its parameter is given."""
    of = "/v2/models/{model}/versions/{version}" if version else "/v2/models/{model}"
    suffix = "OfVersion" if version else ""
    model = {
        "name": "model",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": list(models)},
    }
    parameters = [model, version] if version else [model]
    asked = {
        "": _get(f"modelMetadata{suffix}", "The model's tensors", "ModelMetadata", (404, 503)),
        "/ready": _get(f"modelReady{suffix}", "Whether the model is loaded", "ModelReady", (404, 503)),
        "/stats": _get(f"statistics{suffix}", "What the model has done", "Statistics", (404, 503)),
    }
    paths = {of + path: {"parameters": parameters, "get": get} for path, get in asked.items()}
    return paths | {f"{of}/infer": {"parameters": parameters, "post": _infer(f"infer{suffix}")}}


def _get(name: str, summary: str, schema: str, errors: tuple[int, ...] = (), error: str = "Error") -> Json:
    failures = {str(status): _json_reply("Why not", _ref(error)) for status in errors}
    replies = {"200": _json_reply(summary, _ref(schema))} | failures
    return {"operationId": name, "summary": summary, "responses": replies}


def _infer(name: str) -> Json:
    binary = {"schema": {"type": "string", "contentMediaType": CONTENT_TYPE}}
    length = {
        "name": HEADER,
        "in": "header",
        "description": "Length of the JSON where binary tensors follow it; 0 for a body that is one tensor.",
        "schema": _COUNT,
    }
    reply = _json_reply("The outputs; with octet-stream, JSON of the header's length and then tensors", {})
    reply["content"] = {"application/json": {"schema": _ref("InferReply")}, CONTENT_TYPE: binary}
    reply["headers"] = {HEADER: {"description": "Length of the JSON", "schema": _COUNT}}
    statuses = (400, 404, 413, 415, 500, 501, 503)
    return {
        "operationId": name,
        "summary": "The model's answer",
        "parameters": [length],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref("InferRequest")}, CONTENT_TYPE: binary},
        },
        "responses": {"200": reply}
        | {str(status): _json_reply("Why not", _ref("Error")) for status in statuses},
    }


def _version_parameter() -> Json:
    schema = {"type": "string", "pattern": "^[1-9][0-9]{0,8}$"}
    return {"name": "version", "in": "path", "required": True, "schema": schema}


def _json_reply(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: str, **properties: Json) -> Json:
    return {"type": "object", "required": required.split(), "properties": properties}


def _list(of: Json) -> Json:
    return {"type": "array", "items": of}


def _schemas() -> Json:
    datatype = {"type": "string", "enum": list(DATATYPES)}
    shape, free_shape = _list(_COUNT), _list({"type": "integer", "minimum": -1})
    parameters = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
    spec = _object("name datatype shape", name=_NAME, datatype=datatype, shape=free_shape)
    tensor = {"name": _NAME, "datatype": datatype, "shape": shape, "parameters": parameters, "data": _VALUES}
    yes = {"type": "boolean"}
    output = _object("name", name=_NAME, parameters=parameters)
    return {
        "Error": _object("error", error={"type": "string"}),
        "ServerMetadata": _object(
            "name version extensions", name=_NAME, version=_NAME, extensions=_list({"type": "string"})
        ),
        "Health": _object("live ready", live=yes, ready=yes),
        "NotReady": _object("error live ready", error={"type": "string"}, live=yes, ready=yes),
        "ModelReady": _object("name ready", name=_NAME, ready=yes),
        "ModelMetadata": _object(
            "name versions platform inputs outputs",
            name=_NAME,
            versions=_list({"type": "string"}),
            platform=_NAME,
            inputs=_list(spec),
            outputs=_list(spec),
        ),
        "InferRequest": _object(
            "inputs",
            id={"type": "string"},
            parameters=parameters,
            inputs=_list(_object("name shape datatype", **tensor)),
            outputs=_list(output),
        ),
        "InferReply": _object(
            "model_name model_version outputs",
            id={"type": "string"},
            model_name=_NAME,
            model_version=_NAME,
            outputs=_list(_object("name shape datatype", **tensor)),
        ),
        "Statistics": _object("model_stats", model_stats=_list(_statistics())),
    }


def _statistics() -> Json:
    duration = _object("count ns", count=_COUNT, ns=_COUNT)
    stages = "success fail queue compute_input compute_infer compute_output cache_hit cache_miss"
    return _object(
        "name version last_inference inference_count execution_count inference_stats batch_stats",
        name=_NAME,
        version=_NAME,
        last_inference=_COUNT,
        inference_count=_COUNT,
        execution_count=_COUNT,
        inference_stats=_object(stages, **dict.fromkeys(stages.split(), duration)),
        batch_stats={"type": "array"},
    )
