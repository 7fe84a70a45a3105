"""The protobuf wire format, as far as large fields are written without the library, which would copy them.

Messages may be concatenated, and a packed array of floats or booleans is its little-endian bytes.
Source: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

_LENGTH_DELIMITED: Final = 2


@lru_cache(256)
def head(number: int, size: int) -> bytes:
    """What comes before the `size` bytes of field `number` (below 16) when it is bytes or a message."""
    parts = bytearray((number << 3 | _LENGTH_DELIMITED,))
    while size > 0x7F:
        parts.append(size & 0x7F | 0x80)
        size >>= 7
    parts.append(size)
    return bytes(parts)
