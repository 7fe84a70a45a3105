"""One HTTP/1.1 connection to a pod (RFC 9112): a request out as it comes, an answer back as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from time import monotonic
from typing import Final, NamedTuple

Headers = list[tuple[str, str]]

PIECE: Final = 1 << 16
_LARGEST_HEAD: Final = 1 << 16
_END: Final = b"\r\n\r\n"
_LINE: Final = b"\r\n"
_BETWEEN_TWO: Final = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that are about one connection, not about the request (RFC 9110, 7.6.1)."""
_NO_CONTENT: Final = (204, 304)


class BrokenAnswer(Exception):
    """The other end closed, or what it says is no HTTP."""


class Answer(NamedTuple):
    """The head of an answer. `size` is that of its body, None where only its end tells."""

    status: int
    headers: Headers
    size: int | None
    chunked: bool
    lasting: bool
    """Whether the connection can be used again."""


def passed_on(headers: Sequence[tuple[str, str]]) -> Headers:
    """The headers that go on to the other side."""
    named = {
        word.strip().lower() for name, value in headers if name == "connection" for word in value.split(",")
    }
    return [(name, value) for name, value in headers if name not in _BETWEEN_TWO and name not in named]


class Connection:
    """An open connection; at most one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._born = self._used = monotonic()

    @classmethod
    async def open(cls, host: str, port: int) -> Connection:
        """Connect; raises `OSError`."""
        return cls(*await asyncio.open_connection(host, port, limit=_LARGEST_HEAD))

    def usable(self, idle_seconds: float, age_seconds: float) -> bool:
        """Whether it is open still, and neither idle nor in use for longer."""
        now = monotonic()
        fresh = now - self._used < idle_seconds and now - self._born < age_seconds
        return fresh and not self._reader.at_eof() and not self._writer.is_closing()

    def close(self) -> None:
        """Close at once."""
        self._writer.close()

    async def send(self, data: bytes) -> None:
        """Send bytes, no faster than they are taken; raises `BrokenAnswer`."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except (OSError, RuntimeError) as error:
            raise BrokenAnswer(str(error)) from error

    async def answer(self, method: str) -> Answer:
        """The head of the answer to a request with this method; raises `BrokenAnswer`."""
        while True:
            try:
                head = await self._reader.readuntil(_END)
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
                raise BrokenAnswer(str(error)) from error
            status, answer = _parsed(head, method)
            if status >= 200:
                return answer

    async def body(self, answer: Answer) -> AsyncIterator[bytes]:
        """The pieces of the answer's body; raises `BrokenAnswer` if it ends before it is whole."""
        try:
            if answer.chunked:
                async for piece in self._chunks():
                    yield piece
            elif answer.size is None:
                while piece := await self._reader.read(PIECE):
                    yield piece
            else:
                left = answer.size
                while left:
                    piece = await self._reader.read(min(left, PIECE))
                    if not piece:
                        raise BrokenAnswer(f"{left} bytes of the answer are missing")
                    left -= len(piece)
                    yield piece
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            raise BrokenAnswer(str(error)) from error
        self._used = monotonic()

    async def _chunks(self) -> AsyncIterator[bytes]:
        while left := int((await self._reader.readuntil(_LINE)).split(b";")[0], 16):
            while left:
                piece = await self._reader.read(min(left, PIECE))
                if not piece:
                    raise BrokenAnswer("the answer ended in a chunk")
                left -= len(piece)
                yield piece
            await self._reader.readexactly(len(_LINE))
        while await self._reader.readuntil(_LINE) != _LINE:
            continue


def request_head(method: str, target: str, headers: Headers) -> bytes:
    """The head of a request, as it is sent."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _parsed(head: bytes, method: str) -> tuple[int, Answer]:
    first, *lines = head[: -len(_END)].decode("latin-1").split("\r\n")
    parts = first.split(" ", 2)
    if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or not parts[1].isdigit():
        raise BrokenAnswer(f"no HTTP/1.1: {first[:80]!r}")
    status = int(parts[1])
    headers = [
        (name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    ]
    values = dict(headers)
    lasting = parts[0] == "HTTP/1.1" and "close" not in values.get("connection", "").lower()
    chunked = "chunked" in values.get("transfer-encoding", "").lower()
    size: int | None = None
    if method == "HEAD" or status in _NO_CONTENT:
        size, chunked = 0, False
    elif not chunked and values.get("content-length", "").isdigit():
        size = int(values["content-length"])
    lasting = lasting and (chunked or size is not None)
    return status, Answer(status, passed_on(headers), size, chunked, lasting)
