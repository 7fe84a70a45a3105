"""Large JSON arrays of numbers straight into numpy, without a Python object for each number.

    {"inputs": [{"name": "X", ..., "data": [1.5, 2.5, ...]}]}
                                           └── lifted ──┘   the rest is a small document

In a valid document the bytes `"data"`, a colon and a bracket are always a key and its value: a quote
inside a string is escaped. The lifted text is checked on its own, for syntax by simdjson and for its form
here; whatever is not a plain array of numbers in the form of its tensor raises `NotPlain`, and the reader
then takes the ordinary way.

It is parsed in pieces: one parse holds the interpreter's lock from its beginning to its end, and a short one
works in the processor's cache, which takes half the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod
from secrets import token_hex
from typing import Any, Final, Literal, NamedTuple, cast

import numpy as np
import simdjson

from mlops_serving.protocol.datatypes import NUMPY, Array, narrowed

SMALLEST: Final = 4096
"""Bytes of a body from which on lifting is worth while; below, orjson is faster."""
PIECE: Final = 1 << 17
"""Bytes parsed at once, which takes 0.2 ms."""
_MOST: Final = 64
_Parser = simdjson.Parser
_DATA: Final = re.compile(rb'"data"[ \t\r\n]*:[ \t\r\n]*\[')
_NUMBERS: Final = b"0123456789+-.eE \t\r\n"
_MARK: Final = token_hex(16)
_WIDE: Final[dict[str, tuple[Literal["d", "i", "u"], np.dtype[Any]]]] = {
    "f": ("d", np.dtype(np.float64)),
    "i": ("i", np.dtype(np.int64)),
    "u": ("u", np.dtype(np.uint64)),
}


class NotPlain(Exception):
    """This is not a plain array of numbers in the form of its tensor."""


class Lifted(NamedTuple):
    """A document in which each lifted array stands as a string, and the texts of the arrays by string."""

    document: bytes
    arrays: dict[str, bytes]


def lift(body: bytes) -> Lifted:
    """Take the large arrays out of an infer request; there may be none."""
    arrays: dict[str, bytes] = {}
    kept, place = list[bytes](), 0
    for start, end in _spans(body):
        mark = f"{_MARK}{len(arrays)}"
        arrays[mark] = body[start:end]
        kept += (body[place:start], b'"', mark.encode(), b'"')
        place = end
    return Lifted(b"".join((*kept, body[place:])) if arrays else body, arrays)


def to_array(name: str, datatype: str, shape: tuple[int, ...], text: bytes) -> Array:
    """The array in a lifted text. Raises `NotPlain`, or `RequestError` for a number out of range."""
    kind = NUMPY[datatype].kind if datatype in NUMPY else ""
    count = prod(shape)
    if kind not in _WIDE or not 0 < count <= len(text) or not _has_form(text, shape):
        raise NotPlain
    found, place = np.empty(count, NUMPY[datatype]), 0
    for piece in _pieces(text, shape):
        numbers = _parsed(piece, *_WIDE[kind])
        if not 0 < len(numbers) <= count - place:
            raise NotPlain
        found[place : place + len(numbers)] = narrowed(name, datatype, numbers)
        place += len(numbers)
    if place != count:
        raise NotPlain
    return found.reshape(shape)


def _parsed(text: bytes, code: Literal["d", "i", "u"], wide: np.dtype[Any]) -> Array:
    try:
        parsed = cast(simdjson.Array, _Parser().parse(text))
        numbers: Array = np.frombuffer(parsed.as_buffer(of_type=code), wide)
    except (ValueError, TypeError, RuntimeError, AttributeError) as error:
        raise NotPlain from error
    return numbers


def _pieces(text: bytes, shape: tuple[int, ...]) -> Iterator[bytes]:
    """Arrays with the items of an array, in order: all are JSON exactly if the text is.

    A nested array is cut between the items of its first dimension.
    """
    inner = len(shape) - 1 if text.find(b"[", 1) >= 0 else 0
    comma, place = re.compile(rb"(?:\][ \t\r\n]*){%d}," % inner), 1
    while len(text) - place > PIECE and (found := comma.search(text, place + PIECE)):
        yield b"[" + text[place : found.end() - 1] + b"]"
        place = found.end()
    yield text if place == 1 else b"[" + text[place:]


def _spans(body: bytes) -> list[tuple[int, int]]:
    """Where the values of `data` that may be lifted begin and end."""
    found: list[tuple[int, int]] = []
    match = _DATA.search(body)
    for _ in range(_MOST):
        if match is None:
            break
        start = match.end() - 1
        end = _end(body, start)
        if end - start >= SMALLEST:
            found.append((start, end))
        match = _DATA.search(body, max(end, match.end()))
    return found


def _end(body: bytes, start: int) -> int:
    """The end of an array of numbers: it is followed by the end of its object or by another key."""
    brace = body.find(b"}", start)
    quote = body.find(b'"', start, brace) if brace >= 0 else -1
    return body.rfind(b"]", start, quote if quote >= 0 else max(brace, start)) + 1


def _has_form(text: bytes, shape: tuple[int, ...]) -> bool:
    """Whether an array is flat or nested exactly as its shape; a flat one is told by its only bracket."""
    if text.find(b"[", 1) < 0:
        return True
    return text.translate(None, _NUMBERS) == _form(shape)


def _form(shape: tuple[int, ...]) -> bytes:
    """The brackets and commas of an array nested as its shape."""
    form = b""
    for size in reversed(shape):
        form = b"[" + b",".join([form] * size) + b"]"
    return form
