"""Which requests are traced or logged, and what is noted of them: names, counts and times, never data.

    begin (parent's decision, or chance) ─▶ Call: decoded, queued, taken, answered ─▶ end ─▶ spans, log line

    infer ─┬─ queue                     one trace; `batch` is linked with those of other requests
           └─ batch ── predict          that the same call of the model answered

The decision comes before anything is made, so a request that is neither traced nor logged pays for
reading one header.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from random import random
from time import perf_counter, time_ns
from typing import NamedTuple, Protocol

from mlops_serving.calls import Call, Header, SpanOf, new_span_id, parse_traceparent
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.protocol.requests import InferRequest
from mlops_serving.request_lines import Lines, identity
from mlops_serving.settings import Settings
from mlops_serving.slots import Served

Attributes = Mapping[str, str | int | float]


class Record(NamedTuple):
    """A finished span. Ids are hexadecimal, times nanoseconds since 1970; `server` is a request's own."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    start: int
    end: int
    failed: bool
    attributes: Attributes
    links: tuple[SpanOf, ...] = ()
    server: bool = False


class Recorder(Protocol):
    """Where finished requests go."""

    def offer(self, records: Sequence[Record]) -> None:
        """Take the spans of one request, or drop them at once; never wait."""
        ...

    def close(self) -> None:
        """Send what is left, within seconds."""
        ...


class Clock(NamedTuple):
    """One moment on two clocks: `perf_counter`, and nanoseconds since 1970."""

    seconds: float
    nanoseconds: int

    def at(self, seconds: float) -> int:
        """Nanoseconds since 1970 at what `perf_counter` showed then."""
        return self.nanoseconds - int((self.seconds - seconds) * 1e9)


class Telemetry:
    """Decides, and passes on what was noted. `share` and `log_share` are from 0 to 1.

    Requests that take `slow_seconds` or longer are logged whatever was drawn.
    """

    def __init__(
        self, recorder: Recorder | None, share: float, log_share: float, slow_seconds: float
    ) -> None:
        self._recorder, self._share, self._log_share = recorder, share, log_share
        self.slow_seconds = slow_seconds
        self._lines = Lines()
        # Apart, so that clients who trace everything leave warnings their room.
        self._client_lines = Lines()

    def begin(self, header: Header) -> Call | None:
        """What to note this request on; None for one that is neither traced nor to be logged."""
        logged = _drawn(self._log_share)
        if self._recorder is None and not logged:
            return None
        given = header("traceparent")
        parent = parse_traceparent(given) if given else None
        traced = self._recorder is not None and (parent.sampled if parent else _drawn(self._share))
        asked = logged or (traced and parent is None)
        return Call(header, parent, traced, asked) if traced or logged else None

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
        clock = Clock(perf_counter(), time_ns())
        found = _found(model, served, request, code)
        if call.traced and self._recorder is not None:
            self._recorder.offer(tuple(records(call, found, code, began, clock)))
        seconds = {"seconds": round(clock.seconds - began, 6)}
        fields = {**found, **seconds, **identity(call.header, request, call)}
        if call.logged:
            self._lines.asked_for(fields)
        else:
            self._client_lines.noticed(fields, logging.INFO)

    def notice(
        self,
        header: Header,
        model: str,
        served: Served | None,
        request: InferRequest | None,
        code: int,
        seconds: float,
    ) -> None:
        """Log a request that was slow or failed, of which nothing else was noted."""
        found = {**_found(model, served, request, code), "seconds": round(seconds, 6)}
        self._lines.noticed({**found, **identity(header, request, None)})

    def close(self) -> None:
        """Send what is left, within seconds."""
        if self._recorder is not None:
            self._recorder.close()


def records(call: Call, found: Attributes, code: int, began: float, clock: Clock) -> Iterator[Record]:
    """The spans of a request that began at `began` and ended at `clock`: its own, and of what it reached."""
    attributes = {f"mlops.{name}": value for name, value in found.items()}
    if call.decoded:
        attributes["mlops.decode_seconds"] = call.decoded - began
    if call.answered:
        attributes["mlops.encode_seconds"] = clock.seconds - call.answered
    trace, own, end = call.trace_id, call.span_id, clock.nanoseconds
    ids = (trace, own, call.parent_id)
    yield Record(*ids, "infer", clock.at(began), end, code >= 500, attributes, server=True)
    if call.queued:
        left = clock.at(call.taken) if call.taken else end
        yield Record(trace, new_span_id(), own, "queue", clock.at(call.queued), left, False, {})
    if call.batch is None:
        return
    failed = code >= 500 and not call.answered
    size = {"mlops.batch_requests": call.batch.requests, "mlops.batch_rows": call.batch.rows}
    times = (clock.at(call.taken), clock.at(call.answered) if call.answered else end)
    yield Record(trace, call.batch.span_id, own, "batch", *times, failed, size, call.batch.links)
    if call.predicted is not None:
        times = (clock.at(call.predicted[0]), clock.at(call.predicted[1]))
        yield Record(trace, new_span_id(), call.batch.span_id, "predict", *times, failed, {})


def telemetry(settings: Settings, metrics: Metrics) -> Telemetry:
    """By the settings; OpenTelemetry is imported only where there is somebody to send spans to."""
    recorder: Recorder | None = None
    if settings.otlp_endpoint:
        from mlops_serving.spans import Spans

        recorder = Spans(settings.otlp_endpoint, metrics.spans)
    return Telemetry(recorder, settings.trace_sample, settings.log_requests, settings.log_slow_seconds)


def _found(
    model: str, served: Served | None, request: InferRequest | None, code: int
) -> dict[str, str | int | float]:
    """What is known of a request when it ends."""
    found: dict[str, str | int | float] = {"model": model} if model else {}
    if served is not None:
        found |= {"version": served.model.version, "role": served.role}
    if request is not None:
        found["rows"] = request.rows
    return found | {"status": code}


def _drawn(share: float) -> bool:
    return share > 0 and random() < share  # noqa: S311 - a draw, not a secret
