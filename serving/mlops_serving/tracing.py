"""Which requests are traced or logged, and what is noted of them: names, counts and times, never data.

    begin (parent's decision, or chance) ─▶ Call: decoded, taken, answered ─▶ end ─▶ span, log line

The decision comes before anything is made, so a request that is neither traced nor logged pays for
reading one header. Source of `traceparent`: W3C Trace Context.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import getrandbits, random
from time import perf_counter, time_ns
from typing import Any, Final, NamedTuple, Protocol

from mlops_serving.logs import log
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.protocol.requests import InferRequest
from mlops_serving.settings import Settings
from mlops_serving.slots import Served

Header = Callable[[str], str | None]
"""The value of a header, or of gRPC metadata, by its name in lower case."""

_TRACEPARENT: Final = re.compile(
    r"(?!ff)(?!00-.{52}.)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
_SAMPLED: Final = 1
_ID_LENGTH: Final = 128
"""So much of a client's request id is logged."""


class Parent(NamedTuple):
    """What a caller says of its trace: ids in hexadecimal, and whether it is recorded."""

    trace_id: str
    span_id: str
    sampled: bool


class Record(NamedTuple):
    """A finished request as it is traced. Ids are hexadecimal, times nanoseconds since 1970."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    start: int
    end: int
    failed: bool
    attributes: dict[str, str | int | float]


class Recorder(Protocol):
    """Where finished requests go."""

    def offer(self, record: Record) -> None:
        """Take it, or drop it at once; never wait."""
        ...

    def close(self) -> None:
        """Send what is left, within seconds."""
        ...


class Call:
    """One request that is traced or logged. `decoded`, `taken` (by the model) and `answered` are when."""

    __slots__ = (
        "answered",
        "decoded",
        "header",
        "logged",
        "parent_id",
        "span_id",
        "taken",
        "trace_id",
        "traced",
    )

    def __init__(self, header: Header, parent: Parent | None, traced: bool, logged: bool) -> None:
        self.header, self.traced, self.logged = header, traced, logged
        self.parent_id = parent.span_id if parent else ""
        self.trace_id = parent.trace_id if parent else f"{getrandbits(128) or 1:032x}" if traced else ""
        self.span_id = f"{getrandbits(64) or 1:016x}"
        self.decoded = self.taken = self.answered = 0.0

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What the answer tells the client: its trace, if it is recorded."""
        return [("traceparent", f"00-{self.trace_id}-{self.span_id}-01")] if self.traced else []

    def stages(self, began: float, ended: float) -> dict[str, float]:
        """Seconds in each stage that was reached; a request that did not wait has no time in the queue."""
        places = {"decode": self.decoded, "queue": self.taken, "predict": self.answered, "encode": ended}
        times, before = dict[str, float](), began
        for stage, place in places.items():
            if place and (stage != "encode" or self.answered):
                times[stage] = place - before
                before = place
        return times


class Telemetry:
    """Decides, and passes on what was noted. `share` and `log_share` are from 0 to 1."""

    def __init__(self, recorder: Recorder | None, share: float, log_share: float) -> None:
        self._recorder, self._share, self._log_share = recorder, share, log_share

    def begin(self, header: Header) -> Call | None:
        """What to note this request on; None for one that is neither traced nor logged."""
        logged = _drawn(self._log_share)
        if self._recorder is None and not logged:
            return None
        given = header("traceparent")
        parent = parse_traceparent(given) if given else None
        traced = self._recorder is not None and (parent.sampled if parent else _drawn(self._share))
        return Call(header, parent, traced, logged) if traced or logged else None

    def end(
        self,
        call: Call,
        model: str,
        served: Served | None,
        request: InferRequest | None,
        code: int,
        began: float,
    ) -> None:
        """Pass on what was noted of a request that began at `began` and ends now."""
        ended, end = perf_counter(), time_ns()
        seconds = ended - began
        found: dict[str, str | int | float] = {"model": model} if model else {}
        if served is not None:
            found |= {"version": served.model.version, "role": served.role}
        if request is not None:
            found["rows"] = request.rows
        found["status"] = code
        if call.traced and self._recorder is not None:
            stages = {f"{stage}_seconds": time for stage, time in call.stages(began, ended).items()}
            attributes = {f"mlops.{name}": value for name, value in (found | stages).items()}
            start = end - int(seconds * 1e9)
            ids = (call.trace_id, call.span_id, call.parent_id)
            self._recorder.offer(Record(*ids, "infer", start, end, code >= 500, attributes))
        if call.logged:
            fields = found | {"seconds": round(seconds, 6)} | identity(call.header, request, call)
            log.info("answered", extra={"fields": fields})

    def close(self) -> None:
        """Send what is left, within seconds."""
        if self._recorder is not None:
            self._recorder.close()


def parse_traceparent(given: str) -> Parent | None:
    """What the header says; None for a malformed one, which counts as absent."""
    found = _TRACEPARENT.fullmatch(given)
    if found is None:
        return None
    trace_id, span_id, flags = found.groups()
    return Parent(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


def identity(header: Header | None, request: InferRequest | None, call: Call | None) -> dict[str, Any]:
    """Log fields that tell a request from others, as far as they are known: `trace_id`, `request_id`.

    The request's id is the protocol's, else the header x-request-id.
    """
    found: dict[str, Any] = {}
    trace_id = call.trace_id if call else ""
    if not trace_id and header:
        parent = parse_traceparent(header("traceparent") or "")
        trace_id = parent.trace_id if parent else ""
    if trace_id:
        found["trace_id"] = trace_id
    request_id = request.id if request and request.id else header("x-request-id") if header else None
    if request_id:
        found["request_id"] = request_id[:_ID_LENGTH]
    return found


def telemetry(settings: Settings, metrics: Metrics) -> Telemetry | None:
    """By the settings; None when nothing is traced or logged, so that this costs nothing."""
    recorder: Recorder | None = None
    if settings.otlp_endpoint:
        from mlops_serving.spans import Spans

        recorder = Spans(settings.otlp_endpoint, metrics.spans)
    if recorder is None and not settings.log_requests:
        return None
    return Telemetry(recorder, settings.trace_sample, settings.log_requests)


def _drawn(share: float) -> bool:
    return share > 0 and random() < share  # noqa: S311 - a draw, not a secret
