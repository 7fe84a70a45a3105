"""From the bytes of an infer request to arrays by input name, checked against the model's signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from mlops_serving.artifact import TensorSpec
from mlops_serving.errors import RequestError, Unsupported
from mlops_serving.protocol.datatypes import NUMPY, Array, from_json

_MICROSECONDS: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives. `batchable`: the first dimension of every tensor counts rows."""

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    batchable: bool


def signature(inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...]) -> Signature:
    """The signature of a model from its manifest's tensors."""
    return Signature(
        inputs={spec.name: spec for spec in inputs},
        outputs={spec.name: spec for spec in outputs},
        batchable=all(spec.shape[:1] == (-1,) for spec in (*inputs, *outputs)),
    )


@dataclass(frozen=True, slots=True)
class InferRequest:
    """A well-formed request: arrays by input name, output names in the order of the reply.

    `rows` is 1 for a model that does not batch; `size` is the body's in bytes; `timeout` in seconds;
    `binary` are the outputs that are wanted as bytes.
    """

    id: str | None
    inputs: dict[str, Array]
    outputs: tuple[str, ...]
    rows: int
    size: int
    timeout: float | None
    binary: frozenset[str] = frozenset()


def decode(body: bytes, expected: Signature) -> InferRequest:
    """Raises `RequestError` naming what is wrong and what is allowed."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(
            f"the body is not JSON: {error}; write a missing number as null, not NaN"
        ) from error
    if type(document) is not dict:
        raise RequestError("the body must be a JSON object with a list of inputs")
    inputs = _inputs(document.get("inputs"), expected)
    parameters = _object("parameters of the request", document.get("parameters"))
    return assemble(
        expected,
        _id(document.get("id")),
        inputs,
        _outputs(document.get("outputs"), expected),
        len(body),
        timeout_seconds(parameters.get("timeout")),
    )


def assemble(
    expected: Signature,
    id: str | None,
    inputs: Sequence[tuple[str, Array]],
    outputs: Sequence[str],
    size: int,
    timeout: float | None,
) -> InferRequest:
    """Check what only the whole request shows: each input once, equal rows, known outputs.

    No `outputs` is all of them, as the protocol says. Raises `RequestError`.
    """
    arrays: dict[str, Array] = {}
    for name, array in inputs:
        if name in arrays:
            raise RequestError(f"input {name!r} is given twice; give it once")
        arrays[name] = array
    if len(arrays) != len(expected.inputs):
        missing = [name for name in expected.inputs if name not in arrays]
        raise RequestError(f"inputs {missing} are missing; the model takes {list(expected.inputs)}")
    return InferRequest(
        id=id,
        inputs=arrays,
        outputs=wanted(outputs, expected),
        rows=_rows(arrays) if expected.batchable else 1,
        size=size,
        timeout=timeout,
    )


def input_spec(
    name: object, datatype: object, shape: object, expected: Signature
) -> tuple[TensorSpec, tuple[int, ...]]:
    """What the model says of one input, and its shape in this request; raises `RequestError`."""
    spec = expected.inputs.get(name) if type(name) is str else None
    if spec is None:
        raise RequestError(f"input {name!r} is unknown; the model takes {list(expected.inputs)}")
    if datatype != spec.datatype:
        known = "" if datatype in list(NUMPY) else f", which is none of {list(NUMPY)}"
        raise RequestError(f"input {name!r} must have datatype {spec.datatype}, not {datatype!r}{known}")
    return spec, _shape(shape, spec)


def wanted(names: Sequence[str], expected: Signature) -> tuple[str, ...]:
    """The outputs asked for, all of them if none is named; raises `RequestError`."""
    if not names:
        return tuple(expected.outputs)
    for name in names:
        if type(name) is not str or name not in expected.outputs:
            raise RequestError(f"output {name!r} is unknown; the model gives {list(expected.outputs)}")
    if len(set(names)) != len(names):
        raise RequestError(f"an output is asked for twice in {list(names)}; ask for it once")
    return tuple(names)


def timeout_seconds(given: object) -> float | None:
    """Triton's `timeout` parameter, microseconds; 0 and absent mean the server's own limit."""
    if given is None or given == 0:
        return None
    if type(given) is not int or given < 0:
        raise RequestError("parameter timeout must be a whole number of microseconds")
    return given * _MICROSECONDS


def _inputs(given: object, expected: Signature) -> list[tuple[str, Array]]:
    if type(given) is not list:
        raise RequestError(f"inputs must be a list of tensors; the model takes {list(expected.inputs)}")
    return [_input(tensor, expected) for tensor in given]


def _input(tensor: object, expected: Signature) -> tuple[str, Array]:
    if type(tensor) is not dict:
        raise RequestError("an input must be an object with name, shape, datatype and data")
    spec, shape = input_spec(tensor.get("name"), tensor.get("datatype"), tensor.get("shape"), expected)
    if "data" not in tensor:
        _refuse_binary(spec.name, tensor)
    return spec.name, from_json(spec.name, spec.datatype, shape, tensor.get("data"))


def _shape(given: object, spec: TensorSpec) -> tuple[int, ...]:
    if type(given) is not list or not all(type(size) is int and size >= 0 for size in given):
        raise RequestError(f"shape of input {spec.name!r} must be a list of whole numbers from 0 up")
    fits = len(given) == len(spec.shape) and all(
        want in (-1, size) for size, want in zip(given, spec.shape, strict=True)
    )
    if not fits:
        raise RequestError(
            f"input {spec.name!r} has shape {given}, the model takes {list(spec.shape)} (-1 is any size)"
        )
    return tuple(given)


def _refuse_binary(name: str, tensor: dict[str, Any]) -> None:
    parameters = _object(f"parameters of input {name!r}", tensor.get("parameters"))
    if "binary_data_size" in parameters:
        raise Unsupported(f"input {name!r} is binary, which this server does not take; send data as JSON")


def _outputs(given: object, expected: Signature) -> list[str]:
    if not given:
        return []
    if type(given) is not list or not all(type(output) is dict for output in given):
        raise RequestError("outputs must be a list of objects with a name")
    return [output.get("name") for output in given]


def _rows(inputs: dict[str, Array]) -> int:
    rows = {name: len(array) for name, array in inputs.items()}
    first = next(iter(rows.values()))
    if any(count != first for count in rows.values()):
        raise RequestError(f"inputs must have equally many rows (first dimension), not {rows}")
    return first


def _id(given: object) -> str | None:
    if given is None or type(given) is str:
        return given
    raise RequestError("id must be a string")


def _object(what: str, given: object) -> dict[str, Any]:
    if given is None:
        return {}
    if type(given) is not dict:
        raise RequestError(f"{what} must be an object")
    return given
