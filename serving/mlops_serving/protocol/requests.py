"""From the bytes of an infer request to arrays by input name, checked against the model's signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from reprlib import Repr
from typing import Any, Final

import orjson

from mlops_serving.artifact import TensorSpec
from mlops_serving.errors import RequestError, Unsupported
from mlops_serving.protocol import numbers
from mlops_serving.protocol.binary import HEADER, Tail, whole_body
from mlops_serving.protocol.datatypes import BF16, DATATYPES, Array, from_json
from mlops_serving.protocol.raw import from_raw

_MICROSECONDS: Final = 1e-6
_LARGEST: Final = 1 << 48
_NOTHING: Final[Mapping[str, Any]] = {}
_NO_NAMES: Final[frozenset[str]] = frozenset()
_SCALARS: Final = frozenset({bool, int, float, str})
_REFUSED: Final = ("classification", "shared_memory_region")
"""Parameters of Triton that change what data means; to ignore them would be to answer wrongly."""

_shorten = Repr()
_shorten.maxlevel, _shorten.maxlist, _shorten.maxdict, _shorten.maxstring, _shorten.maxother = 2, 8, 4, 80, 80


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives. `batchable`: the first dimension of every tensor counts rows.

    `names` are all outputs, in the model's order; `raw_only` those that have no JSON form.
    """

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    batchable: bool
    names: tuple[str, ...]
    raw_only: frozenset[str]


def signature(inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...]) -> Signature:
    """The signature of a model from its manifest's tensors."""
    return Signature(
        inputs={spec.name: spec for spec in inputs},
        outputs={spec.name: spec for spec in outputs},
        batchable=all(spec.shape[:1] == (-1,) for spec in (*inputs, *outputs)),
        names=tuple(spec.name for spec in outputs),
        raw_only=frozenset(spec.name for spec in outputs if spec.datatype == BF16),
    )


# Not frozen: that would make it four times as slow to build, on every request.
@dataclass(slots=True, eq=False)
class InferRequest:
    """A well-formed request: arrays by input name, output names in the order of the reply. Never changed.

    `rows` is 1 for a model that does not batch; `size` is the body's in bytes; `timeout` in seconds;
    `binary` are the outputs that are wanted as bytes.
    """

    id: str | None
    inputs: dict[str, Array]
    outputs: tuple[str, ...]
    rows: int
    size: int
    timeout: float | None
    binary: frozenset[str] = _NO_NAMES


def decode(body: bytes, expected: Signature, header: int | None = None) -> InferRequest:
    """Read a request; `header` is the length of its JSON where tensors follow it, 0 for a raw body.

    Raises `RequestError` naming what is wrong and what is allowed.
    """
    if header is not None:
        return _with_tail(body, expected, header)
    if len(body) >= numbers.SMALLEST and (request := _quickly(body, expected)):
        return request
    return _request(_document(body), expected, len(body))


def assemble(
    expected: Signature,
    id: str | None,
    inputs: Sequence[tuple[str, Array]],
    outputs: Sequence[str],
    size: int,
    timeout: float | None,
    binary: frozenset[str] = _NO_NAMES,
) -> InferRequest:
    """Check what only the whole request shows: each input once, equal rows, known outputs.

    No `outputs` is all of them, as the protocol says. Raises `RequestError`.
    """
    arrays = dict(inputs)
    if len(arrays) != len(inputs) or len(arrays) != len(expected.inputs):
        raise _wrong_inputs([name for name, _ in inputs], expected)
    names = expected.names if outputs is expected.names else wanted(outputs, expected)
    rows = _rows(arrays) if expected.batchable else 1
    return InferRequest(id, arrays, names, rows, size, timeout, binary)


def input_spec(
    name: object, datatype: object, shape: object, expected: Signature
) -> tuple[TensorSpec, tuple[int, ...]]:
    """What the model says of one input, and its shape in this request; raises `RequestError`."""
    spec = expected.inputs.get(name) if type(name) is str else None
    if spec is None:
        raise RequestError(f"input {_short(name)} is unknown; the model takes {list(expected.inputs)}")
    if datatype != spec.datatype:
        known = "" if datatype in DATATYPES else f", which is none of {list(DATATYPES)}"
        raise RequestError(
            f"input {name!r} must have datatype {spec.datatype}, not {_short(datatype)}{known}"
        )
    return spec, _shape(shape, spec)


def wanted(names: Sequence[str], expected: Signature) -> tuple[str, ...]:
    """The outputs asked for, all of them if none is named; raises `RequestError`."""
    if not names:
        return expected.names
    for name in names:
        if type(name) is not str or name not in expected.outputs:
            raise RequestError(f"output {_short(name)} is unknown; the model gives {list(expected.names)}")
    if len(set(names)) != len(names):
        raise RequestError(f"an output is asked for twice in {_short(list(names))}; ask for it once")
    return tuple(names)


def timeout_seconds(given: object) -> float | None:
    """Triton's `timeout` parameter, microseconds; 0 and absent mean the server's own limit."""
    if given is None:
        return None
    if type(given) is not int or given < 0:
        raise RequestError("parameter timeout must be a whole number of microseconds")
    return given * _MICROSECONDS or None


def _document(text: bytes | memoryview) -> dict[str, Any]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RequestError(
            f"the body is not JSON: {error}; write a missing number as null, not NaN"
        ) from error
    if type(document) is not dict:
        raise RequestError("the body must be a JSON object with a list of inputs")
    return document


def _quickly(body: bytes, expected: Signature) -> InferRequest | None:
    """A request whose large arrays of numbers never become Python objects; None if it is not so plain.

    One that is wrong is also left to the ordinary way, which says exactly what is wrong with it.
    """
    lifted = numbers.lift(body)
    arrays = lifted.arrays
    if not arrays:
        return None
    try:
        request = _request(_document(lifted.document), expected, len(body), arrays=arrays)
    except (RequestError, numbers.NotPlain):
        return None
    # An array that no input took was never looked at: it could be anything.
    return None if arrays else request


def _with_tail(body: bytes, expected: Signature, header: int) -> InferRequest:
    if header == 0:
        array = whole_body(body, tuple(expected.inputs.values()))
        inputs = [(next(iter(expected.inputs)), array)]
        return assemble(expected, None, inputs, (), len(body), None, frozenset(expected.names))
    tail = Tail(body, header)
    request = _request(_document(memoryview(body)[:header]), expected, len(body), tail)
    tail.end()
    return request


def _request(
    document: dict[str, Any],
    expected: Signature,
    size: int,
    tail: Tail | None = None,
    arrays: dict[str, bytes] | None = None,
) -> InferRequest:
    """A request from its JSON, the tensors after it, and the arrays that were lifted out of it."""
    given, id, timeout, binary = document.get("inputs"), document.get("id"), None, False
    if type(given) is not list:
        raise RequestError(f"inputs must be a list of tensors; the model takes {list(expected.inputs)}")
    inputs = [_input(tensor, expected, tail, arrays) for tensor in given]
    if id is not None and type(id) is not str:
        raise RequestError("id must be a string")
    if "parameters" in document:
        parameters = _parameters("the request", document["parameters"])
        timeout = timeout_seconds(parameters.get("timeout"))
        binary = _flag("binary_data_output", parameters, False)
    names, raw = _outputs(document.get("outputs"), expected, binary)
    if expected.raw_only and not expected.raw_only.intersection(names) <= raw:
        raise RequestError(
            f"outputs {sorted(expected.raw_only.intersection(names) - raw)} are {BF16}, which has no JSON "
            "form; ask for them with parameter binary_data: true"
        )
    return assemble(expected, id, inputs, names, size, timeout, raw)


def _input(
    tensor: object, expected: Signature, tail: Tail | None, arrays: dict[str, bytes] | None
) -> tuple[str, Array]:
    if type(tensor) is not dict:
        raise RequestError("an input must be an object with name, shape, datatype and data")
    spec, shape = input_spec(tensor.get("name"), tensor.get("datatype"), tensor.get("shape"), expected)
    name, datatype, data = spec.name, spec.datatype, tensor.get("data")
    if "parameters" in tensor:
        parameters = _parameters(f"input {name!r}", tensor["parameters"])
        if "binary_data_size" in parameters:
            return name, _from_tail(spec, shape, parameters["binary_data_size"], tensor, tail)
    if arrays and type(data) is str and data in arrays:
        return name, numbers.to_array(name, datatype, shape, arrays.pop(data))
    if datatype == BF16:
        raise RequestError(f"input {name!r} is {BF16}, which has no JSON form; send it as binary data")
    return name, from_json(name, datatype, shape, data)


def _from_tail(
    spec: TensorSpec, shape: tuple[int, ...], size: object, tensor: dict[str, Any], tail: Tail | None
) -> Array:
    name = spec.name
    if "data" in tensor:
        raise RequestError(f"input {name!r} has both data and binary_data_size; give one of them")
    if type(size) is not int or size < 0:
        raise RequestError(f"binary_data_size of input {name!r} must be a whole number of bytes from 0 up")
    if tail is None:
        raise RequestError(f"input {name!r} is binary; give the length of the JSON in the header {HEADER}")
    return from_raw(name, spec.datatype, shape, tail.take(name, size))


def _shape(given: object, spec: TensorSpec) -> tuple[int, ...]:
    if type(given) is not list:
        raise _shape_error(given, spec)
    try:
        for size, want in zip(given, spec.shape, strict=True):
            if type(size) is not int or size < 0 or (want != size and want != -1):
                raise _shape_error(given, spec)
    except ValueError as error:
        raise _shape_error(given, spec) from error
    # Where a dimension is 0 no data has to be sent for the others, however large.
    if 0 in given and prod(size or 1 for size in given) > _LARGEST:
        raise RequestError(f"shape {given} of input {spec.name!r} is larger than any tensor may be")
    return tuple(given)


def _shape_error(given: object, spec: TensorSpec) -> RequestError:
    if type(given) is not list or not all(type(size) is int and size >= 0 for size in given):
        return RequestError(f"shape of input {spec.name!r} must be a list of whole numbers from 0 up")
    return RequestError(
        f"input {spec.name!r} has shape {_short(given)}, the model takes {list(spec.shape)} (-1 is any size)"
    )


def _outputs(given: object, expected: Signature, binary: bool) -> tuple[Sequence[str], frozenset[str]]:
    """The outputs asked for, and which of them as bytes; `binary` is what holds where nothing is said."""
    if given is None or given == []:
        return expected.names, frozenset(expected.names) if binary else _NO_NAMES
    if type(given) is not list or not all(type(output) is dict for output in given):
        raise RequestError("outputs must be a list of objects with a name")
    names = wanted([output.get("name") for output in given], expected)
    raw = [
        name
        for name, output in zip(names, given, strict=True)
        if _flag("binary_data", _parameters(f"output {name!r}", output.get("parameters")), binary)
    ]
    return names, frozenset(raw) if raw else _NO_NAMES


def _rows(inputs: dict[str, Array]) -> int:
    if len(inputs) == 1:
        return len(next(iter(inputs.values())))
    rows = [len(array) for array in inputs.values()]
    if rows.count(rows[0]) != len(rows):
        counts = dict(zip(inputs, rows, strict=True))
        raise RequestError(f"inputs must have equally many rows (first dimension), not {counts}")
    return rows[0]


def _wrong_inputs(names: list[str], expected: Signature) -> RequestError:
    for name in expected.inputs:
        if names.count(name) > 1:
            return RequestError(f"input {name!r} is given twice; give it once")
    missing = [name for name in expected.inputs if name not in names]
    return RequestError(f"inputs {missing} are missing; the model takes {list(expected.inputs)}")


def _parameters(what: str, given: object) -> Mapping[str, Any]:
    if given is None:
        return _NOTHING
    if type(given) is not dict:
        raise RequestError(f"parameters of {what} must be an object")
    if not _SCALARS.issuperset(map(type, given.values())):
        raise RequestError(f"parameters of {what} may be strings, numbers and true/false only")
    for name in _REFUSED:
        if name in given:
            raise Unsupported(f"parameter {name} of {what} is not supported; leave it out")
    return given


def _flag(name: str, parameters: Mapping[str, Any], absent: bool) -> bool:
    given = parameters.get(name, absent)
    if type(given) is not bool:
        raise RequestError(f"parameter {name} must be true or false")
    return given


def _short(given: object) -> str:
    """A client's value in a message: short, however long or deep it is."""
    return _shorten.repr(given)
