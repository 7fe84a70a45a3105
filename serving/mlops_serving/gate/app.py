"""The gate's request path: RSGI in, HTTP/1.1 out to a pod, the answer back in pieces.

Requests that ask how the endpoint is do not wake it: where no pod is, the gate answers for the endpoint, with
`mlops-endpoint-state: idle` or, while requests wait for a pod, `waking`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final, Protocol
from urllib.parse import quote

import h11
from granian.rsgi import ProtocolClosed, ProtocolError  # type: ignore[attr-defined]  # not in an __all__

from mlops_serving.errors import BodyIncomplete, BodyTooLarge, BodyTooSlow, RequestError
from mlops_serving.gate.client import PIECE, Answer, BrokenAnswer, Connection, passed_on, request
from mlops_serving.gate.door import Door
from mlops_serving.gate.failures import PodBroke, PodSilent
from mlops_serving.gate.load import Load
from mlops_serving.gate.settings import GateSettings
from mlops_serving.logs import log
from mlops_serving.protocol import failures

STATE: Final = "mlops-endpoint-state"
_JSON: Final = ("content-type", "application/json")
_CLOSE: Final = ("connection", "close")
_SAFE: Final = "/:@!$&'()*+,;=~"
"""What a path may hold as it is (RFC 3986, 3.3)."""


class _Writer(Protocol):
    async def send_bytes(self, data: bytes) -> None: ...


class Gate:
    """The RSGI callable of the port of requests."""

    def __init__(self, door: Door, load: Load, settings: GateSettings) -> None:
        self._door, self._load, self._settings = door, load, settings
        self.draining = False

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request; a client that goes away takes its request to the pod with it."""
        if _asks_how_it_is(scope.method, scope.path):
            # Not counted: the probes of a load balancer would keep the last pod for ever.
            if not await self._tell(protocol):
                await self._while_there(scope, protocol)
            return
        with self._load.request():
            await self._while_there(scope, protocol)

    async def _while_there(self, scope: Any, protocol: Any) -> None:
        work = asyncio.ensure_future(self._pass(scope, protocol))
        gone = asyncio.ensure_future(protocol.client_disconnect())
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not work.done():
                work.cancel()
            with suppress(asyncio.CancelledError):
                await work

    async def _tell(self, protocol: Any) -> bool:
        """Say how the endpoint is where no pod can; whether that was said."""
        if not self._load.waiting:
            connection = await self._door.attempt()
            if connection is not None:
                self._door.keep(connection)
                return False
        state = "waking" if self._load.waiting else "idle"
        protocol.response_bytes(200, [_JSON, (STATE, state), *self._leaving()], failures.health(True))
        return True

    async def _pass(self, scope: Any, protocol: Any) -> None:
        connection: Connection | None = None
        try:
            size = self._size(scope.headers.get("content-length"))
            connection = await self._door.enter()
            if await self._exchange(connection, scope, protocol, size):
                self._door.keep(connection)
                connection = None
        except RequestError as error:
            headers = [_JSON, *failures.headers(error), *self._leaving()]
            protocol.response_bytes(error.status, headers, failures.error(str(error)))
        except (ProtocolClosed, ProtocolError):
            # The client is gone: nobody is there to be told.
            pass
        except Exception:
            log.exception(
                "a request failed for a reason that is a bug", extra={"fields": {"path": scope.path}}
            )
            protocol.response_bytes(500, [_JSON], failures.error("the gate failed; its log says why"))
        finally:
            if connection is not None:
                connection.close()

    async def _exchange(self, connection: Connection, scope: Any, protocol: Any, size: int | None) -> bool:
        """Send the request and hand on its answer; whether the connection is clean afterwards."""
        sending = asyncio.ensure_future(self._send(connection, scope, protocol, size))
        try:
            answering = asyncio.ensure_future(connection.answer(scope.method))
            await asyncio.wait((sending, answering), return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and not answering.done() and _is_of_client(sending):
                answering.cancel()
                await sending
            answer = await self._in_time(answering)
            await self._hand_on(connection, answer, scope.method, protocol)
        except BrokenAnswer as error:
            self._load.failed["broken"] += 1
            log.error("a pod went away with a request", extra={"fields": {"why": str(error)}})
            raise PodBroke(
                "the pod went away with the request, which may have been computed; ask again if that does no "
                "harm"
            ) from error
        finally:
            if not sending.done():
                sending.cancel()
        return connection.renewed()

    async def _in_time(self, answering: asyncio.Future[Answer]) -> Answer:
        try:
            async with asyncio.timeout(self._settings.answer_seconds):
                return await answering
        except TimeoutError:
            self._load.failed["timeout"] += 1
            raise PodSilent(f"the pod has said nothing for {self._settings.answer_seconds:g} s") from None

    async def _send(self, connection: Connection, scope: Any, protocol: Any, size: int | None) -> None:
        # The path comes decoded, the query as it was.
        path = quote(scope.path, safe=_SAFE)
        target = f"{path}?{scope.query_string}" if scope.query_string else path
        headers = passed_on(scope.headers.items())
        chunked = size is None and scope.headers.get("transfer-encoding") is not None
        if chunked:
            headers.append(("transfer-encoding", "chunked"))
        if "host" not in dict(headers):
            headers.append(("host", scope.authority or self._settings.target_place[0]))
        head = request(scope.method, target, headers)
        if not chunked and (size or 0) <= PIECE:
            body = await self._soon(protocol()) if size else b""
            if len(body) != (size or 0):
                raise BodyIncomplete("the body ended before it was whole; send it again")
            await connection.send(head, h11.Data(data=body), h11.EndOfMessage())
            return
        await connection.send(head)
        await self._stream(connection, protocol, size)

    async def _stream(self, connection: Connection, protocol: Any, size: int | None) -> None:
        coming, sent = aiter(protocol), 0
        while piece := await self._soon(anext(coming, b"")):
            sent += len(piece)
            if sent > self._settings.max_body_bytes:
                raise self._too_large()
            await connection.send(h11.Data(data=piece))
        if size not in (None, sent):
            raise BodyIncomplete("the body ended before it was whole; send it again")
        await connection.send(h11.EndOfMessage())

    async def _soon(self, coming: Any) -> Any:
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                return await coming
        except TimeoutError:
            raise BodyTooSlow(
                f"nothing more of the body came for {self._settings.body_seconds:g} s; send it faster"
            ) from None
        except (ProtocolClosed, ProtocolError) as error:
            raise BodyIncomplete("the body ended before it was whole; send it again") from error

    async def _hand_on(self, connection: Connection, answer: Answer, method: str, protocol: Any) -> None:
        headers = [*answer.headers, *self._leaving()]
        pieces = connection.body()
        if answer.size is not None and answer.size <= PIECE:
            body = b"".join([piece async for piece in pieces])
            if method == "HEAD" or answer.status in (204, 304):
                protocol.response_empty(answer.status, headers)
            else:
                protocol.response_bytes(answer.status, headers, body)
            return
        out: _Writer = protocol.response_stream(answer.status, headers)
        try:
            async for piece in pieces:
                await out.send_bytes(piece)
        except BrokenAnswer as error:
            # Its head is out already. Fewer bytes than it promised tell the client.
            self._load.failed["broken"] += 1
            log.error("a pod went away in the middle of an answer", extra={"fields": {"why": str(error)}})
            connection.close()

    def _size(self, given: str | None) -> int | None:
        if given is None:
            return None
        size = int(given)
        if size > self._settings.max_body_bytes:
            raise self._too_large()
        return size

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(
            f"the body is larger than {self._settings.max_body_bytes} bytes; send less at once"
        )

    def _leaving(self) -> list[tuple[str, str]]:
        return [_CLOSE] if self.draining else []


def _asks_how_it_is(method: str, path: str) -> bool:
    if method not in ("GET", "HEAD") or not path.startswith("/v2/"):
        return False
    return path in ("/v2/health/live", "/v2/health/ready") or (
        path.startswith("/v2/models/") and path.endswith("/ready")
    )


def _is_of_client(sending: asyncio.Future[None]) -> bool:
    """Whether it is the client that stopped the sending: a pod's answer is of no interest then."""
    return not sending.cancelled() and isinstance(sending.exception(), RequestError)
