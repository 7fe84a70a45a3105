"""One HTTP/1.1 connection to a pod: a request out as it comes, an answer back as it comes.

h11 keeps to RFC 9112; here are the socket, the pace, and what is passed on between two connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from time import monotonic
from typing import Final, NamedTuple

import h11

from mlops_serving.errors import RequestError

Headers = list[tuple[str, str]]
Sent = h11.Request | h11.Data | h11.EndOfMessage

PIECE: Final = 1 << 16
_LARGEST_HEAD: Final = 1 << 16
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


def passed_on(headers: Sequence[tuple[str, str]]) -> Headers:
    """The headers that go on to the other side."""
    named = {
        word.strip().lower() for name, value in headers if name == "connection" for word in value.split(",")
    }
    return [(name, value) for name, value in headers if name not in _BETWEEN_TWO and name not in named]


def request(method: str, target: str, headers: Headers) -> h11.Request:
    """The head of a request; raises `RequestError` for what HTTP/1.1 does not allow."""
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    try:
        return h11.Request(method=method, target=target, headers=fields)
    except h11.LocalProtocolError as error:
        raise RequestError(f"this cannot be passed on to a pod: {error}") from error


class Connection:
    """An open connection; at most one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        self._born = self._used = monotonic()

    @classmethod
    async def open(cls, host: str, port: int) -> Connection:
        """Connect; raises `OSError`."""
        return cls(*await asyncio.open_connection(host, port))

    def usable(self, idle_seconds: float, age_seconds: float) -> bool:
        """Whether it is open still, and neither idle nor in use for longer."""
        now = monotonic()
        fresh = now - self._used < idle_seconds and now - self._born < age_seconds
        return fresh and not self._reader.at_eof() and not self._writer.is_closing()

    def close(self) -> None:
        """Close at once."""
        self._writer.close()

    async def send(self, *parts: Sent) -> None:
        """Send in one piece, no faster than it is taken; raises `BrokenAnswer`."""
        try:
            self._writer.write(b"".join(self._http.send(part) or b"" for part in parts))
            await self._writer.drain()
        except (OSError, RuntimeError, h11.LocalProtocolError) as error:
            raise BrokenAnswer(str(error)) from error

    async def answer(self, method: str) -> Answer:
        """The head of the answer to a request with this method; raises `BrokenAnswer`."""
        while True:
            event = await self._event()
            if isinstance(event, h11.Response):
                break
            if not isinstance(event, h11.InformationalResponse):
                raise BrokenAnswer("it closed without an answer")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers]
        values = dict(headers)
        size: int | None = None
        if method == "HEAD" or event.status_code in _NO_CONTENT:
            size = 0
        elif "transfer-encoding" not in values and "content-length" in values:
            size = int(values["content-length"])
        return Answer(event.status_code, passed_on(headers), size)

    async def body(self) -> AsyncIterator[bytes]:
        """The pieces of the answer's body; raises `BrokenAnswer` if it ends before it is whole."""
        while isinstance(event := await self._event(), h11.Data):
            yield bytes(event.data)
        self._used = monotonic()

    def renewed(self) -> bool:
        """Whether another request may follow: request and answer are whole, and nothing came after them."""
        if self._http.trailing_data[0] or not self._http.our_state is self._http.their_state is h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    async def _event(self) -> object:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(PIECE))
        except (OSError, h11.RemoteProtocolError) as error:
            raise BrokenAnswer(str(error)) from error
        return event
