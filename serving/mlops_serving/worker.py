"""One worker process: it accepts, decodes and predicts in place, follows releases, and leaves without
losing a request.

    SIGTERM ─▶ ready 503 ─▶ serve on, closing connections ─▶ stop accepting ─▶ finish ─▶ exit 0

The HTTP server is granian embedded in our event loop, so that its shutdown comes when we say. Workers
share a port (SO_REUSEPORT) and nothing else; their supervisor starts them and replaces the dead.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Coroutine, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Protocol

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from mlops_serving.access import Access
from mlops_serving.app import EXTENSIONS, App
from mlops_serving.batcher import Batcher, Limits
from mlops_serving.bodies import Bodies
from mlops_serving.control import parse_command
from mlops_serving.cpus import cpu_limit
from mlops_serving.errors import ServingError
from mlops_serving.inference import Inference
from mlops_serving.logs import log
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.metrics.segment import Segment
from mlops_serving.observe.everything import watch
from mlops_serving.peers import Peers
from mlops_serving.releases import Follower
from mlops_serving.settings import Settings
from mlops_serving.shadow import Shadow
from mlops_serving.slots import ModelSlot, Slots
from mlops_serving.store import Store, store_settings
from mlops_serving.tracing import telemetry

if TYPE_CHECKING:
    from mlops_serving.grpc_api.server import GrpcServer

_BACKLOG: Final = 1024
_QUIET_SECONDS: Final = 1.0
_TICK_SECONDS: Final = 0.05
_SWITCH_SECONDS: Final = 0.0005
"""So long may a thread behind the request path compute in Python before requests have their turn."""
_NEW_OBJECTS: Final = 20_000
"""Requests that wait to be looked at are many young objects; to search them for cycles often is in vain."""


async def work(settings: Settings, number: int, segments: Sequence[int]) -> None:
    """Be worker `number` of those that share their numbers through these file descriptors."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.set_threshold(_NEW_OBJECTS)
    store = Store(store_settings(os.environ)) if settings.store_url else None
    await Worker(settings, store, number, [Segment(handle) for handle in segments]).run()


class HttpServer(Protocol):
    """What a worker needs of its HTTP server."""

    def serve(self) -> Coroutine[Any, Any, None]:
        """Serve until `stop`."""
        ...

    def stop(self) -> None:
        """Accept no more connections, answer what is in hand, and end."""
        ...


class Worker:
    """What one process is made of; `run` is its life."""

    def __init__(
        self, settings: Settings, store: Store | None, number: int, segments: Sequence[Segment]
    ) -> None:
        self._settings, self._segments = settings, segments
        self._metrics, self._peers = Metrics(segments[number]), Peers(segments, number)
        self._slots = Slots(
            {one.name: ModelSlot(one.name, one.endpoint, self._metrics) for one in settings.models}
        )
        self._batchers = {name: Batcher(_limits(settings)) for name in self._slots}
        self._shadow = Shadow(self._metrics, settings.shadow_bytes)
        self._telemetry = telemetry(settings, self._metrics)
        self._watch = watch(settings, store, self._metrics, number)
        self._inference = Inference(
            self._slots,
            self._batchers,
            self._shadow,
            self._metrics,
            self._telemetry,
            (self._watch,),
            self._peers.all_ready,
        )
        self._access = _access(settings, self._metrics)
        threads = max(1, cpu_limit() // settings.workers)
        loop = asyncio.get_running_loop()
        self._followers = {
            one.name: Follower(one, settings, store, self._slots[one.name], self._metrics, threads, loop)
            for one in settings.models
        }

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; raises `ServingError` when a pinned model cannot be had."""
        loop = asyncio.get_running_loop()
        failed: asyncio.Future[None] = loop.create_future()
        leaving = Leaving(loop)
        self._follow(loop, failed)
        flushing = loop.create_task(self._flush())
        threading.Thread(target=self._obey, args=(loop, leaving), name="control", daemon=True).start()
        try:
            while self._waits():
                done, _ = await asyncio.wait((failed, leaving.asked), timeout=_TICK_SECONDS)
                if done:
                    break
            else:
                await self._listen(failed, leaving)
        finally:
            flushing.cancel()
            self._close()
            # Only now has everything been answered that will be.
            await asyncio.to_thread(self._watch.close)
            self._telemetry.close()
            self._metrics.flush()
        if failed.done():
            failed.result()

    def _waits(self) -> bool:
        """Whether others answer what this worker could not yet."""
        return (
            not self._peers.listens_at_once and self._peers.some_ready() and not self._inference.worker_ready
        )

    async def _listen(self, failed: asyncio.Future[None], leaving: Leaving) -> None:
        """Accept until one of the two comes, and finish what was accepted."""
        # Before it accepts: from now on others are not ready unless this one is.
        self._metrics.listening.labels().set(1)
        http = _http_server(self._app(), self._settings, self._metrics)
        rpc = await self._rpc()
        serving = asyncio.create_task(http.serve())
        try:
            await asyncio.wait((serving, failed, leaving.asked), return_when=asyncio.FIRST_COMPLETED)
            if leaving.asked.done():
                await drain(self._inference, leaving, self._settings.drain_seconds)
        finally:
            if rpc:
                await rpc.stop(self._settings.request_timeout_seconds)
            await _in_flight_done(self._inference, self._settings.request_timeout_seconds)
            http.stop()
            # All is answered: who still sends the headers of a request, or has not read its answer.
            await asyncio.wait((serving,), timeout=self._settings.body_timeout_seconds)
            self._metrics.listening.labels().set(0)
        if serving.done():
            serving.result()

    def _app(self) -> App:
        settings = self._settings
        more = ("model_repository",) if settings.repository_api else ()
        bodies = Bodies(settings.max_body_bytes, settings.reading_bytes, settings.body_timeout_seconds)
        sticky = settings.sticky_header
        return App(self._inference, bodies, sticky, self._segments, EXTENSIONS + more, self._access)

    async def _rpc(self) -> GrpcServer | None:
        """The gRPC server, which costs nothing, not even its import, when it is off."""
        if not self._settings.grpc_port:
            return None
        from mlops_serving.grpc_api.server import GrpcServer

        rpc = GrpcServer(self._inference, self._settings, self._access, self._metrics.reloads)
        await rpc.start()
        return rpc

    def _follow(self, loop: asyncio.AbstractEventLoop, failed: asyncio.Future[None]) -> None:
        def give_up(error: ServingError) -> None:
            loop.call_soon_threadsafe(_fail, failed, error)

        for name, follower in self._followers.items():
            threading.Thread(
                target=follower.run, args=(give_up,), name=f"releases-{name}", daemon=True
            ).start()

    async def _flush(self) -> None:
        while True:
            self._metrics.flush()
            await asyncio.sleep(_TICK_SECONDS)

    def _obey(self, loop: asyncio.AbstractEventLoop, leaving: Leaving) -> None:
        """Do what the supervisor says on standard input; leave when it is gone."""
        for line in sys.stdin:
            command = parse_command(line)
            self._followers[command.model].obey(command)
        loop.call_soon_threadsafe(leaving.ask)

    def _close(self) -> None:
        for follower in self._followers.values():
            follower.stop()
        for batcher in self._batchers.values():
            batcher.close()
        self._shadow.close()


class Leaving:
    """The wish to stop: the first signal asks for a drain, SIGINT or a second signal for haste."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.asked: asyncio.Future[None] = loop.create_future()
        self.hurry = False
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal, number)

    def ask(self) -> None:
        """Ask for a drain."""
        if not self.asked.done():
            self.asked.set_result(None)

    def _on_signal(self, number: signal.Signals) -> None:
        self.hurry = self.hurry or self.asked.done() or number is signal.SIGINT
        self.ask()


async def drain(inference: Inference, leaving: Leaving, seconds: float) -> None:
    """Say not ready and serve on: at least half of `seconds`, for load balancers to notice, and then
    until no request has come for a second, at most `seconds`."""
    inference.draining = True
    log.info("draining", extra={"fields": {"seconds": seconds}})
    began = perf_counter()
    while not leaving.hurry:
        now = perf_counter()
        quiet = not inference.in_flight and now - inference.last_request > _QUIET_SECONDS
        if now - began >= seconds or (quiet and now - began >= seconds / 2):
            return
        await asyncio.sleep(_TICK_SECONDS)


async def _in_flight_done(inference: Inference, seconds: float) -> None:
    until = perf_counter() + seconds
    while inference.in_flight and perf_counter() < until:
        await asyncio.sleep(_TICK_SECONDS)


def _fail(failed: asyncio.Future[None], error: ServingError) -> None:
    if not failed.done():
        failed.set_exception(error)


def _limits(settings: Settings) -> Limits:
    return Limits(
        batch_rows=settings.max_batch_rows,
        queue_rows=settings.queue_rows,
        queue_bytes=settings.queue_bytes,
        timeout=settings.request_timeout_seconds,
    )


def _access(settings: Settings, metrics: Metrics) -> Access | None:
    if settings.access_keys_file is None:
        return None
    return Access(settings.access_keys_file, metrics.access_refused, metrics.reloads, settings.watch_seconds)


def _http_server(app: App, settings: Settings, metrics: Metrics) -> HttpServer:
    options: dict[str, Any] = {
        "address": settings.http_host,
        "port": settings.http_port,
        "interface": Interfaces.RSGI,
        "http": HTTPModes.http1,
        "http1_settings": HTTP1Settings(header_read_timeout=round(settings.idle_timeout_seconds * 1000)),
        "websockets": False,
        "backlog": _BACKLOG,
        "log_enabled": False,
    }
    if settings.tls_cert_file:
        from mlops_serving.tls import TlsServer

        return TlsServer(app, settings, metrics, options)
    return Server(app, **options)
