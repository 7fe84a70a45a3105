"""`grpc.health.v1.Health`: the server, and the inference service, serve while the server wants requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import grpc

from mlops_serving.errors import RequestError
from mlops_serving.grpc_api.messages import HealthCheckRequest, HealthCheckResponse, parse
from mlops_serving.grpc_api.status import status

_SERVICE: Final = "grpc.health.v1.Health"
_TICK_SECONDS: Final = 0.05


class Health:
    """Answers Check at once; tells every Watch of a change within a tick."""

    def __init__(self, ready: Callable[[], bool], service: str) -> None:
        self._ready, self._known = ready, ("", service)
        self._told = False
        self._changed = asyncio.Event()
        self._ended = False
        self._following = asyncio.get_running_loop().create_task(self._follow())

    def handlers(self) -> Any:
        """For a gRPC server."""
        return grpc.method_handlers_generic_handler(
            _SERVICE,
            {
                "Check": grpc.unary_unary_rpc_method_handler(self._check),
                "Watch": grpc.unary_stream_rpc_method_handler(self._watch),
            },
        )

    def end(self) -> None:
        """Say a last time that the server does not serve, and let every Watch end."""
        self._ended = True
        self._following.cancel()
        self._wake()

    async def _follow(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(_TICK_SECONDS)

    def _look(self) -> None:
        if self._ready() != self._told:
            self._told = not self._told
            self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _check(self, data: bytes, context: Any) -> bytes:
        service = await _service(data, context)
        if service not in self._known:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"there is no service {service!r} here")
        return self._status()

    async def _watch(self, data: bytes, context: Any) -> None:
        service, said = await _service(data, context), b""
        while True:
            now = self._status() if service in self._known else _status("SERVICE_UNKNOWN")
            changed = self._changed
            if now != said:
                await context.write(now)
                said = now
            if self._ended:
                return
            await changed.wait()

    def _status(self) -> bytes:
        # What was said to anybody is what the next change is a change of.
        self._look()
        return _status("SERVING" if self._told and not self._ended else "NOT_SERVING")


async def _service(data: bytes, context: Any) -> str:
    try:
        asked: str = parse(HealthCheckRequest, data).service
        return asked
    except RequestError as error:
        await context.abort(*status(error))
        raise


def _status(name: str) -> bytes:
    written: bytes = HealthCheckResponse(status=name).SerializeToString()
    return written
