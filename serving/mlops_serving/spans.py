"""Sending traces to a collector with OTLP over HTTP, from a thread of its own.

    offer ─▶ bounded queue ─▶ OpenTelemetry spans ─▶ OTLPSpanExporter

Only this module knows OpenTelemetry, and it is imported only when traces are on. What does not fit into
the queue is dropped and counted, so a collector that is slow or down costs requests nothing. Headers,
certificates and compression come from the OTEL_EXPORTER_OTLP_* variables of the OpenTelemetry
specification, resource attributes from OTEL_RESOURCE_ATTRIBUTES.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from mlops_serving.logs import log
from mlops_serving.metrics.meters import Meter
from mlops_serving.tracing import Record

QUEUE: Final = 4096
"""Requests whose spans wait at most."""
_BATCH: Final = 16
"""Requests that are sent at once. Few, because none is served while their spans are encoded."""
_PAUSE_SECONDS: Final = 0.2
_TIMEOUT_SECONDS: Final = 5.0
_CLOSE_SECONDS: Final = 2.0
_PATH: Final = "/v1/traces"


class Spans:
    """The queue and the thread behind it. `offer` is for the event loop's thread."""

    def __init__(self, endpoint: str, counts: Meter) -> None:
        # It would log every failed batch; here the first of a row is logged, and all are counted.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._exporter = OTLPSpanExporter(endpoint.rstrip("/") + _PATH, timeout=_TIMEOUT_SECONDS)
        self._maker = SpanMaker()
        self._dropped = counts.labels("dropped")
        self._exported, self._failed = counts.labels("exported"), counts.labels("failed")
        self._queue: deque[Sequence[Record]] = deque()
        self._stopped = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._work, name="spans", daemon=True)
        self._thread.start()

    def offer(self, records: Sequence[Record]) -> None:
        """Queue the spans of a finished request; drop them when the queue is full."""
        if len(self._queue) >= QUEUE:
            self._dropped.add(len(records))
            return
        self._queue.append(records)

    def close(self) -> None:
        """Send what is left; give up after two seconds."""
        self._stopped.set()
        self._thread.join(_CLOSE_SECONDS)
        self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def _work(self) -> None:
        stopped = False
        while not stopped:
            stopped = self._stopped.wait(_PAUSE_SECONDS)
            while self._queue:
                self._send(min(_BATCH, len(self._queue)))

    def _send(self, count: int) -> None:
        spans = []
        for _ in range(count):
            for record in self._queue.popleft():
                spans.append(self._maker.span(record))
                # Lets a request that waits for the interpreter go first.
                time.sleep(0)
        sent = self._exporter.export(spans) is SpanExportResult.SUCCESS
        (self._exported if sent else self._failed).add(len(spans))
        if sent is self._failing:
            self._failing = not sent
            log.log(
                logging.INFO if sent else logging.ERROR,
                "traces are exported again" if sent else "traces cannot be exported; they are dropped",
            )


class SpanMaker:
    """Makes OpenTelemetry spans of finished requests. For one thread."""

    def __init__(self) -> None:
        own = {
            "service.name": "mlops-serving",
            "service.version": version("mlops-serving"),
            "service.instance.id": f"{socket.gethostname()}/{os.getpid()}",
        }
        resource = Resource.create(own).merge(OTELResourceDetector().detect())
        self._ids, self._ended = _GivenIds(), _Ended()
        provider = TracerProvider(ALWAYS_ON, resource, shutdown_on_exit=False, id_generator=self._ids)
        provider.add_span_processor(self._ended)
        self._tracer = provider.get_tracer("mlops_serving", version("mlops-serving"))

    def span(self, record: Record) -> ReadableSpan:
        """A span with the ids and times of `record`; only a request's own may have a parent elsewhere."""
        self._ids.trace_id, self._ids.span_id = int(record.trace_id, 16), int(record.span_id, 16)
        context = None
        if record.parent_id:
            parent = _context(record.trace_id, record.parent_id, record.server)
            context = set_span_in_context(NonRecordingSpan(parent))
        span = self._tracer.start_span(
            record.name,
            context,
            SpanKind.SERVER if record.server else SpanKind.INTERNAL,
            record.attributes,
            [Link(_context(*link)) for link in record.links],
            record.start,
        )
        if record.failed:
            span.set_status(Status(StatusCode.ERROR))
        span.end(record.end)
        return self._ended.span


def _context(trace_id: str, span_id: str, is_remote: bool = False) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote, flags)


class _GivenIds(IdGenerator):
    """The ids that the client and the log have been told already."""

    trace_id = span_id = 0

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


class _Ended(SpanProcessor):
    """Keeps the span that ended last."""

    span: ReadableSpan

    def on_end(self, span: ReadableSpan) -> None:
        self.span = span
