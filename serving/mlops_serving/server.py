"""One server process: assemble, accept, follow releases, and leave without losing a request.

    SIGTERM ─▶ ready 503 ─▶ serve on, closing connections ─▶ stop accepting ─▶ finish ─▶ exit 0

The HTTP server is granian embedded in our event loop, so that its shutdown comes when we say.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from time import perf_counter
from typing import Final

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from mlops_serving.app import App
from mlops_serving.batcher import Batcher, Limits
from mlops_serving.cpus import cpu_limit
from mlops_serving.errors import ServingError
from mlops_serving.logs import log
from mlops_serving.metrics import Metrics
from mlops_serving.models import ModelSlot
from mlops_serving.releases import Follower
from mlops_serving.settings import Settings
from mlops_serving.store import Store

_KEEP_ALIVE_MILLISECONDS: Final = 75_000
"""Longer than the idle time of common proxies, so that they close first."""
_QUIET_SECONDS: Final = 1.0
_TICK_SECONDS: Final = 0.05


async def serve(settings: Settings, store: Store) -> None:
    """Run until SIGTERM or SIGINT; raises `ServingError` when the port or the model cannot be had."""
    _check_port(settings.http_host, settings.http_port)
    loop = asyncio.get_running_loop()
    failed: asyncio.Future[None] = loop.create_future()
    leaving = Leaving(loop)
    metrics, slot = Metrics(), ModelSlot(settings.model)
    batcher = Batcher(_limits(settings), metrics)
    app = App(slot, batcher, metrics, settings.max_body_bytes)
    follower = Follower(settings, store, slot, metrics, cpu_limit())

    def give_up(error: ServingError) -> None:
        loop.call_soon_threadsafe(failed.set_exception, error)

    http = _http_server(app, settings)
    serving = loop.create_task(http.serve())
    threading.Thread(target=follower.run, args=(give_up,), name="releases", daemon=True).start()
    log.info("listening", extra={"fields": {"port": settings.http_port, "endpoint": settings.endpoint}})
    try:
        await asyncio.wait((serving, failed, leaving.asked), return_when=asyncio.FIRST_COMPLETED)
        if leaving.asked.done():
            await drain(app, leaving, settings.drain_seconds)
        await _in_flight_done(app, settings.request_timeout_seconds)
    finally:
        follower.stop()
        http.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait((serving,), timeout=settings.request_timeout_seconds)
        batcher.close()
    if serving.done():
        serving.result()
    if failed.done():
        failed.result()
    log.info("stopped")


class Leaving:
    """The wish to stop: the first signal asks for a drain, SIGINT or a second signal for haste."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.asked: asyncio.Future[None] = loop.create_future()
        self.hurry = False
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal, number)

    def _on_signal(self, number: signal.Signals) -> None:
        self.hurry = self.hurry or self.asked.done() or number is signal.SIGINT
        if not self.asked.done():
            self.asked.set_result(None)


async def drain(app: App, leaving: Leaving, seconds: float) -> None:
    """Say not ready and serve on: at least half of `seconds`, for load balancers to notice, and then
    until no request has come for a second, at most `seconds`."""
    app.draining = True
    log.info("draining", extra={"fields": {"seconds": seconds}})
    began = perf_counter()
    while not leaving.hurry:
        now = perf_counter()
        quiet = not app.in_flight and now - app.last_request > _QUIET_SECONDS
        if now - began >= seconds or (quiet and now - began >= seconds / 2):
            return
        await asyncio.sleep(_TICK_SECONDS)


async def _in_flight_done(app: App, seconds: float) -> None:
    until = perf_counter() + seconds
    while app.in_flight and perf_counter() < until:
        await asyncio.sleep(_TICK_SECONDS)


def _check_port(host: str, port: int) -> None:
    """granian listens with SO_REUSEPORT and would quietly share the port with another server."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServingError(
                f"cannot listen on {host}:{port}: {error.strerror}; stop what listens there or set another "
                "MLOPS_HTTP_PORT"
            ) from error


def _limits(settings: Settings) -> Limits:
    return Limits(
        batch_rows=settings.max_batch_rows,
        queue_rows=settings.queue_rows,
        queue_bytes=settings.queue_bytes,
        timeout=settings.request_timeout_seconds,
    )


def _http_server(app: App, settings: Settings) -> Server:
    return Server(
        app,
        address=settings.http_host,
        port=settings.http_port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_KEEP_ALIVE_MILLISECONDS),
        websockets=False,
        backlog=1024,
        log_enabled=False,
    )
