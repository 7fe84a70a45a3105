"""One request that is traced or logged: what its caller said of the trace, and when it reached what.

Source of `traceparent`: W3C Trace Context.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import getrandbits
from typing import Final, NamedTuple

Header = Callable[[str], str | None]
"""The value of a header, or of gRPC metadata, by its name in lower case."""
SpanOf = tuple[str, str]
"""A span anywhere: the ids of its trace and of itself, hexadecimal."""

MOST_LINKS: Final = 64
"""A span is linked with so many others at most."""
_TRACEPARENT: Final = re.compile(
    r"(?!ff)(?!00-.{52}.)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
_SAMPLED: Final = 1


class Parent(NamedTuple):
    """What a caller says of its trace: ids in hexadecimal, and whether it is recorded."""

    trace_id: str
    span_id: str
    sampled: bool


class Batch(NamedTuple):
    """What one call of the model was given of a request and of its neighbours; `links` are to their spans."""

    span_id: str
    requests: int
    rows: int
    links: tuple[SpanOf, ...]


class Call:
    """One request that is traced or logged.

    `decoded`, `queued`, `taken` (out of the queue) and `answered` are when (`perf_counter`), 0 for what was
    not reached; `predicted` is when the model began and ended.
    """

    __slots__ = (
        "answered",
        "batch",
        "decoded",
        "header",
        "logged",
        "parent_id",
        "predicted",
        "queued",
        "span_id",
        "taken",
        "trace_id",
        "traced",
    )

    def __init__(self, header: Header, parent: Parent | None, traced: bool, logged: bool) -> None:
        self.header, self.traced, self.logged = header, traced, logged
        self.parent_id = parent.span_id if parent else ""
        self.trace_id = parent.trace_id if parent else f"{getrandbits(128) or 1:032x}" if traced else ""
        self.span_id = new_span_id()
        self.decoded = self.queued = self.taken = self.answered = 0.0
        self.batch: Batch | None = None
        self.predicted: tuple[float, float] | None = None

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What the answer tells the client: its trace, if it is recorded."""
        return [("traceparent", f"00-{self.trace_id}-{self.span_id}-01")] if self.traced else []


def new_span_id() -> str:
    """An id of 64 random bits, never 0."""
    return f"{getrandbits(64) or 1:016x}"


def parse_traceparent(given: str) -> Parent | None:
    """What the header says; None for a malformed one, which counts as absent."""
    found = _TRACEPARENT.fullmatch(given)
    if found is None:
        return None
    trace_id, span_id, flags = found.groups()
    return Parent(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


def batched(calls: Sequence[Call], requests: int, rows: int) -> None:
    """Note that one call of the model is given these among `requests`, together `rows` rows.

    Each traced one gets a batch in its own trace. The first is linked with the others and they with it:
    enough to find every neighbour, where links between all would grow with the square of their number.
    """
    traced = [call for call in calls if call.traced]
    if not traced:
        return
    spans = [(call.trace_id, new_span_id()) for call in traced]
    first, others = spans[0], spans[1:]
    for call, span in zip(traced, spans, strict=True):
        links = tuple(others[:MOST_LINKS]) if span is first else (first,)
        call.batch = Batch(span[1], requests, rows, links)
