"""The log's lines about single requests: which get one, and the fields by which it is found; never data."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final

from mlops_serving.calls import Call, Header, parse_traceparent
from mlops_serving.logs import log
from mlops_serving.protocol.requests import InferRequest

_ID_LENGTH: Final = 128
"""So much of a client's request id is logged."""
_MOST_A_SECOND: Final = 10
"""Lines of requests that nobody asked to have logged: when all are slow, a few tell as much."""


class Lines:
    """Writes `answered`: every line that was asked for, and some of slow or failed requests."""

    def __init__(self) -> None:
        self._second = self._written = self._left_out = 0

    def asked_for(self, fields: Mapping[str, Any]) -> None:
        """A line about a request that is traced, or drawn to be logged."""
        log.info("answered", extra={"fields": fields})

    def noticed(self, fields: Mapping[str, Any], level: int = logging.WARNING) -> None:
        """A line about a request that is slow, failed or traced by its client.

        `left_out` says how many before it got none.
        """
        second = int(monotonic())
        if second != self._second:
            self._second, self._written = second, 0
        if self._written >= _MOST_A_SECOND:
            self._left_out += 1
            return
        self._written += 1
        more = {"left_out": self._left_out} if self._left_out else {}
        self._left_out = 0
        log.log(level, "answered", extra={"fields": {**fields, **more}})


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
