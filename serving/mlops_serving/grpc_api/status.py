"""Which gRPC status answers which error."""

from __future__ import annotations

from typing import Final

import grpc

from mlops_serving.errors import (
    BodyTooLarge,
    DeadlineExceeded,
    Forbidden,
    NotFound,
    Overloaded,
    PredictionFailed,
    RequestError,
    Unauthenticated,
    Unavailable,
    Unsupported,
)

_LONGEST_TEXT: Final = 1000
"""Characters; a status travels as a header, of which clients take 8 KiB in all."""

_CODES: Final[dict[type[RequestError], grpc.StatusCode]] = {
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    Forbidden: grpc.StatusCode.PERMISSION_DENIED,
    NotFound: grpc.StatusCode.NOT_FOUND,
    BodyTooLarge: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Unsupported: grpc.StatusCode.UNIMPLEMENTED,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
    Overloaded: grpc.StatusCode.RESOURCE_EXHAUSTED,
    DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    PredictionFailed: grpc.StatusCode.INTERNAL,
    RequestError: grpc.StatusCode.INVALID_ARGUMENT,
}


def status(error: RequestError) -> tuple[grpc.StatusCode, str]:
    """Code and text; the code is that of the error's nearest known class."""
    code = next(_CODES[kind] for kind in type(error).__mro__ if kind in _CODES)
    return code, str(error)[:_LONGEST_TEXT]
