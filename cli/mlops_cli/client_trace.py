"""The client's end of a trace: the header that a server's spans hang below, and a span if it can be sent.

Source of `traceparent`: W3C Trace Context; of the variables: the OpenTelemetry specification.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Final

from mlops_stacks.settings import Settings

_COLLECTORS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_EXPORT_SECONDS: Final = 5.0


@contextmanager
def traceparent(name: str, *, sampled: bool) -> Iterator[str]:
    """The header for one request, `sampled` if its trace is to be recorded.

    Where OTEL_EXPORTER_OTLP_ENDPOINT names a collector, a sampled one leaves a span `name` there when the
    block ends, an error if that raised. A collector that does not answer costs 5 s, and no error.
    """
    if sampled and any(os.environ.get(variable) for variable in _COLLECTORS):
        with _recorded(name) as header:
            yield header
    else:
        yield _header(token_hex(16), token_hex(8), sampled)


def trace_id(header: str) -> str:
    """The id of the trace in a `traceparent`, by which logs and spans are found."""
    return header.split("-")[1]


def uncollected(settings: Settings, endpoint: str) -> str | None:
    """Why nobody would find the trace of a request to an endpoint, and what to do; None if it is."""
    own = any(each.tracing for each in settings.endpoints if each.name == endpoint)
    if own or settings.monitoring.tracing:
        return None
    return f"nothing collects it: set mlops:monitoring.tracing, or tracing of {endpoint}, then `mlops up`"


@contextmanager
def _recorded(name: str) -> Iterator[str]:
    # A third of a second to import, which only they wait for who want a span.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON
    from opentelemetry.trace import SpanKind, StatusCode

    resource = Resource.create({"service.name": "mlops-cli"}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(ALWAYS_ON, resource, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(timeout=_EXPORT_SECONDS)))
    span = provider.get_tracer("mlops_cli").start_span(name, kind=SpanKind.CLIENT)
    context = span.get_span_context()
    try:
        yield _header(f"{context.trace_id:032x}", f"{context.span_id:016x}", sampled=True)
    except BaseException:
        # Its text may quote the request, and no data goes into spans.
        span.set_status(StatusCode.ERROR)
        raise
    finally:
        span.end()


def _header(trace: str, span: str, sampled: bool) -> str:
    return f"00-{trace}-{span}-{'01' if sampled else '00'}"
