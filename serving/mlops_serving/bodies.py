"""Bodies of requests: read whole, but no larger, no longer and no more at a time than allowed.

    protocol() ─▶ future ─┬▶ the body
                          └▶ cancelled by the sweep, which looks at the oldest first ─▶ 408

The sweep replaces a timer for each body: nearly all bodies are there at once, and then cost no timer.
"""

from __future__ import annotations

import asyncio
from asyncio import CancelledError, to_thread
from contextlib import suppress
from time import perf_counter
from typing import Any, Final

from granian.rsgi import ProtocolClosed, ProtocolError  # type: ignore[attr-defined]  # not in an __all__

from mlops_serving.errors import BodyIncomplete, BodyTooSlow, Overloaded
from mlops_serving.protocol import encodings

_SWEEPS: Final = 10
"""So often is looked for late bodies in the time that one may take."""
_SMALL: Final = 1 << 16
"""Bodies up to so many bytes are always read, so that large ones cannot keep them out."""


class Bodies:
    """Reads the bodies of one worker's requests, on the event loop's thread."""

    def __init__(self, largest: int, most: int, seconds: float) -> None:
        self._largest, self._most, self._seconds = largest, most, seconds
        self._large = 0
        """Bytes of the large bodies that are being read."""
        self._coming: dict[Any, float] = {}
        """What is being read, and since when: the oldest first."""
        self._sweeping = False

    async def whole(self, headers: Any, protocol: Any) -> bytes:
        """The body as the client had it; raises `RequestError` if it cannot be had or is not allowed."""
        encoding = headers.get("content-encoding")
        body = await self._received(headers, protocol)
        if encoding is None or encoding == "identity":
            return body
        if len(body) <= encodings.INLINE_BYTES:
            return encodings.inflate(body, encoding, self._largest)
        return await to_thread(encodings.inflate, body, encoding, self._largest)

    async def discard(self, protocol: Any) -> None:
        """Read what a refused client still sends: many never see an answer that comes before the end."""
        size = 0
        with suppress(ProtocolClosed, ProtocolError, TimeoutError):
            async with asyncio.timeout(self._seconds):
                async for chunk in protocol:
                    size += len(chunk)
                    if size > self._largest:
                        return

    async def _received(self, headers: Any, protocol: Any) -> bytes:
        length = headers.get("content-length")
        try:
            if length is None:
                return await self._chunks(protocol)
            size = int(length)
            self._check(size)
            if size <= _SMALL:
                return await self._at_once(protocol())
            try:
                self._reserve(size)
            except Overloaded:
                await self.discard(protocol)
                raise
            try:
                return await self._at_once(protocol())
            finally:
                self._large -= size
        except (ProtocolClosed, ProtocolError) as error:
            raise BodyIncomplete("the body ended before it was whole; send it again") from error

    async def _at_once(self, coming: Any) -> bytes:
        self._coming[coming] = perf_counter()
        if not self._sweeping:
            self._sweeping = True
            asyncio.get_running_loop().call_later(self._seconds / _SWEEPS, self._sweep)
        try:
            body: bytes = await coming
            return body
        except CancelledError:
            if coming in self._coming:
                raise
            raise self._late() from None
        finally:
            self._coming.pop(coming, None)

    def _sweep(self) -> None:
        before = perf_counter() - self._seconds
        for coming in [coming for coming, began in self._coming.items() if began < before]:
            del self._coming[coming]
            coming.cancel()
        self._sweeping = bool(self._coming)
        if self._sweeping:
            asyncio.get_running_loop().call_later(self._seconds / _SWEEPS, self._sweep)

    async def _chunks(self, protocol: Any) -> bytes:
        chunks: list[bytes] = []
        size = reserved = 0
        try:
            async with asyncio.timeout(self._seconds):
                async for chunk in protocol:
                    size += len(chunk)
                    self._check(size)
                    if size > _SMALL:
                        self._reserve(size - reserved)
                        reserved = size
                    chunks.append(chunk)
        except TimeoutError:
            raise self._late() from None
        finally:
            self._large -= reserved
        return b"".join(chunks)

    def _check(self, size: int) -> None:
        if size > self._largest:
            raise encodings.too_large(self._largest)

    def _reserve(self, size: int) -> None:
        if self._large and self._large + size > self._most:
            raise Overloaded(
                f"too many large bodies are being read ({self._large} bytes); try again in a moment"
            )
        self._large += size

    def _late(self) -> BodyTooSlow:
        return BodyTooSlow(
            f"the body took longer than {self._seconds:g} s; send it faster, or in smaller requests"
        )
