"""From a `ModelInferRequest` to arrays by input name, checked against the model's signature."""

from __future__ import annotations

from typing import Any

from mlops_serving.errors import RequestError
from mlops_serving.grpc_api.contents import from_contents
from mlops_serving.protocol.datatypes import Array
from mlops_serving.protocol.raw import from_raw
from mlops_serving.protocol.requests import InferRequest, Signature, assemble, input_spec, timeout_seconds

_SHORTEST_SECONDS = 1e-6
"""What is left of a deadline that has passed: 0 would mean that there is none."""


def to_request(message: Any, size: int, remaining: float | None, expected: Signature) -> InferRequest:
    """Raises `RequestError` naming what is wrong and what is allowed.

    `size` is the message's in bytes, `remaining` the seconds until the call's deadline, if it has one.
    """
    raw = message.raw_input_contents
    inputs = _raw_inputs(message.inputs, raw, expected) if raw else _typed_inputs(message.inputs, expected)
    return assemble(
        expected,
        message.id or None,
        inputs,
        [output.name for output in message.outputs],
        size,
        _sooner(_timeout(message.parameters), remaining),
    )


def _typed_inputs(tensors: Any, expected: Signature) -> list[tuple[str, Array]]:
    found = []
    for tensor in tensors:
        spec, shape = input_spec(tensor.name, tensor.datatype, list(tensor.shape), expected)
        found.append((spec.name, from_contents(spec.name, spec.datatype, shape, tensor.contents)))
    return found


def _raw_inputs(tensors: Any, raw: Any, expected: Signature) -> list[tuple[str, Array]]:
    if len(raw) != len(tensors):
        raise RequestError(
            f"raw_input_contents has {len(raw)} entries for {len(tensors)} inputs; send one each, in order"
        )
    found = []
    for tensor, data in zip(tensors, raw, strict=True):
        if tensor.HasField("contents"):
            raise RequestError(
                f"input {tensor.name!r} has contents beside raw_input_contents; send all inputs in one form"
            )
        spec, shape = input_spec(tensor.name, tensor.datatype, list(tensor.shape), expected)
        found.append((spec.name, from_raw(spec.name, spec.datatype, shape, data)))
    return found


def _timeout(parameters: Any) -> float | None:
    if "timeout" not in parameters:
        return None
    given = parameters["timeout"]
    chosen = given.WhichOneof("parameter_choice")
    return timeout_seconds(getattr(given, chosen) if chosen else None)


def _sooner(timeout: float | None, remaining: float | None) -> float | None:
    if remaining is None:
        return timeout
    return max(_SHORTEST_SECONDS, min(remaining, remaining if timeout is None else timeout))
