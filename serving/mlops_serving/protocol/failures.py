"""What goes out where there is no answer: bodies of failures and of health, headers of failures.

Light to import, since the supervisor needs it too.
"""

from __future__ import annotations

from typing import Any

import orjson

from mlops_serving.errors import (
    MethodNotAllowed,
    RequestError,
    Unauthenticated,
    Unavailable,
    UnsupportedEncoding,
)


def health(ready: bool, why_not: str = "") -> bytes:
    """Body of both health paths: clients differ in the key they read."""
    body: dict[str, Any] = {"live": True, "ready": ready}
    return orjson.dumps({"error": why_not, **body} if why_not else body)


def error(text: str) -> bytes:
    """Body of every failure."""
    return orjson.dumps({"error": text})


def headers(error: RequestError) -> list[tuple[str, str]]:
    """The headers that HTTP wants beside the status of a failure."""
    if isinstance(error, Unavailable):
        return [("retry-after", str(error.retry_after))]
    if isinstance(error, MethodNotAllowed):
        return [("allow", error.allowed)]
    if isinstance(error, UnsupportedEncoding):
        return [("accept-encoding", error.allowed)]
    if isinstance(error, Unauthenticated):
        return [("www-authenticate", error.challenge)]
    return []
