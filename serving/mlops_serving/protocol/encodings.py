"""Content codings of bodies: gzip and deflate, both ways.

What is inflated is counted while it grows, so a small body cannot fill the memory.
Source: RFC 9110, sections 8.4.1 and 12.5.3; deflate is the zlib format of RFC 1950.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Final

from mlops_serving.errors import BodyTooLarge, RequestError, UnsupportedEncoding

INLINE_BYTES: Final = 1 << 14
"""A longer body is for a thread: to (de)compress it would hold up other requests for milliseconds."""
SMALLEST: Final = 1 << 10
"""A shorter reply is sent as it is: it fits into one packet anyway."""
_WINDOWS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_ALLOWED: Final = "gzip, deflate"
_LEVEL: Final = 1


def too_large(limit: int) -> BodyTooLarge:
    """What is raised for a body over the limit in bytes."""
    return BodyTooLarge(f"the body is larger than {limit} bytes; send fewer rows")


def inflate(body: bytes, encoding: str, limit: int) -> bytes:
    """The body before its client compressed it, at most `limit` bytes.

    Raises `UnsupportedEncoding`, `BodyTooLarge`, and `RequestError` for a broken stream.
    """
    window = _WINDOWS.get(encoding.strip().lower())
    if window is None:
        raise UnsupportedEncoding(
            f"content encoding {encoding[:40]!r} is not supported; send the body as it is or in one of "
            f"{_ALLOWED}",
            _ALLOWED,
        )
    stream = zlib.decompressobj(window)
    try:
        inflated = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise RequestError(f"the body is not {encoding}, as its content encoding says: {error}") from error
    if len(inflated) > limit:
        raise too_large(limit)
    if not stream.eof or stream.unused_data:
        what = "goes on after its end" if stream.eof else "ends too early"
        raise RequestError(f"the body, in content encoding {encoding}, {what}; send it whole, in one piece")
    return inflated


def deflate(body: bytes, encoding: str) -> bytes:
    """A body in a coding that `accepted` chose."""
    stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOWS[encoding])
    return stream.compress(body) + stream.flush()


@lru_cache(maxsize=64)
def accepted(header: str) -> str | None:
    """The coding for a reply by the request's Accept-Encoding, gzip before deflate; None for none."""
    weights = {"gzip": 0.0, "deflate": 0.0}
    for item in header.lower().split(","):
        name, _, rest = item.partition(";")
        if name.strip() in weights:
            weights[name.strip()] = _weight(rest)
    best = max(weights, key=lambda name: weights[name])
    return best if weights[best] > 0 else None


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
