"""The first process: starts the workers, replaces those that die, and shows the metrics of all.

    SIGTERM ─▶ to every worker ─▶ each drains ─▶ all are gone ─▶ exit 0

It never touches a request. A worker that ends with `GAVE_UP` has a model that can never be served; then
the whole server ends.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from importlib.util import find_spec
from time import monotonic
from typing import Final

from mlops_serving.access import Access, read_keys
from mlops_serving.certificate import read_certificate
from mlops_serving.control import Command
from mlops_serving.cpus import cpu_limit
from mlops_serving.errors import ServingError, SettingsError
from mlops_serving.logs import log
from mlops_serving.metrics.catalog import (
    ACCESS_REFUSED,
    LISTENING,
    READY,
    RELOADS,
    SPECS,
    WORKER_RESTARTS,
    WORKERS,
)
from mlops_serving.metrics.meters import Meter
from mlops_serving.metrics.segment import Segment, new_segment
from mlops_serving.settings import Settings

GAVE_UP: Final = 1
_SHORT_LIFE_SECONDS: Final = 10.0
_LONGEST_PAUSE_SECONDS: Final = 10.0
_EXPORTER: Final = "opentelemetry.exporter.otlp.proto.http"
_GAUGES: Final = frozenset(spec.name for spec in SPECS if spec.kind == "gauge")


class Supervisor:
    """The workers of one server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._handles = [new_segment(f"worker-{number}") for number in range(settings.workers)]
        self._own = Segment(new_segment("supervisor"))
        self.segments = [*map(Segment, self._handles), self._own]
        for segment in self.segments[:-1]:
            # A worker that has not begun yet is one that is not ready, and that a client will meet.
            Meter(READY, segment).labels().set(0)
            Meter(LISTENING, segment).labels().set(1)
        self._restarts = Meter(WORKER_RESTARTS, self._own).labels()
        self._running = Meter(WORKERS, self._own).labels()
        self._access = self._admin_access()
        self._workers: dict[int, Process] = {}
        self._stopping = asyncio.Event()
        self._failed = 0

    @property
    def processes(self) -> dict[str, int]:
        """Process ids by name."""
        workers = {f"worker-{number}": process.pid for number, process in self._workers.items()}
        return {"supervisor": os.getpid(), **workers}

    async def run(self) -> int:
        """Keep the workers alive until a signal says stop; the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._pass_on, number)
        lives = [loop.create_task(self._keep_alive(number)) for number in range(self._settings.workers)]
        from mlops_serving.admin import admin_server

        admin = admin_server(self, self._settings, self._access)
        showing = loop.create_task(admin.serve())
        await asyncio.wait(lives)
        admin.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait((showing,), timeout=5)
        return self._failed

    async def tell(self, command: Command) -> None:
        """Give a command to every worker."""
        for process in self._workers.values():
            if process.stdin:
                process.stdin.write(command.line())
                await process.stdin.drain()

    def _admin_access(self) -> Access | None:
        path = self._settings.admin_key_file
        if path is None:
            return None
        refused, reloads = Meter(ACCESS_REFUSED, self._own), Meter(RELOADS, self._own)
        return Access(path, refused, reloads, self._settings.watch_seconds)

    async def _keep_alive(self, number: int) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            process = await self._start(number)
            began = monotonic()
            code = await process.wait()
            del self._workers[number]
            self._running.set(len(self._workers))
            self._forget_gauges(number)
            if self._stopping.is_set() or code == GAVE_UP:
                self._end(code)
                return
            self._restarts.add()
            lived = monotonic() - began
            pause = min(_LONGEST_PAUSE_SECONDS, pause * 2 or 0.5) if lived < _SHORT_LIFE_SECONDS else 0.0
            log.error(
                "a worker died and is replaced",
                extra={"fields": {"worker": number, "code": code, "lived_seconds": round(lived, 3)}},
            )
            await self._pause(pause)

    async def _start(self, number: int) -> Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mlops_serving", "worker", str(number), *map(str, self._handles)),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=self._handles,
            # What computes beneath a model (BLAS, OpenMP) reads this once, when it is loaded.
            env={"OMP_NUM_THREADS": str(max(1, cpu_limit() // self._settings.workers))} | os.environ,
            # Ctrl-C is for us to pass on, once.
            start_new_session=True,
        )
        self._workers[number] = process
        self._running.set(len(self._workers))
        if self._stopping.is_set():
            process.terminate()
        return process

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    def _pass_on(self, number: signal.Signals) -> None:
        self._stopping.set()
        for process in self._workers.values():
            process.send_signal(number)

    def _end(self, code: int) -> None:
        """One worker is gone for good: so is the server, with the worst code."""
        if self._stopping.is_set() and code == -signal.SIGTERM:
            # It was told to leave before it had begun: nobody lost anything.
            code = 0
        self._failed = max(self._failed, code if code >= 0 else 128 - code)
        if not self._stopping.is_set():
            self._pass_on(signal.SIGTERM)

    def _forget_gauges(self, number: int) -> None:
        """What a dead worker had in hand is gone; what it has counted stays."""
        segment = self.segments[number]
        for series in segment.series():
            if series.metric in _GAUGES:
                segment.set(series, 0.0)


def check_port(host: str, port: int, variable: str) -> None:
    """Workers listen with SO_REUSEPORT and would quietly share the port with another server."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServingError(
                f"cannot listen on {host}:{port}: {error.strerror}; stop what listens there or set another "
                f"{variable}"
            ) from error


def check_mounted(settings: Settings) -> None:
    """Raise `SettingsError` now for what every worker would fail on."""
    if settings.access_keys_file:
        read_keys(settings.access_keys_file)
    if settings.tls_cert_file and settings.tls_key_file:
        read_certificate(settings.tls_cert_file, settings.tls_key_file, settings.tls_client_ca_file)
    if settings.otlp_endpoint and not _installed(_EXPORTER):
        raise SettingsError(
            "MLOPS_OTLP_ENDPOINT is set but OpenTelemetry is not installed; install mlops-serving[otel]"
        )


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def supervise(settings: Settings) -> int:
    """Run the server until it is told to stop; the exit code."""
    check_port(settings.http_host, settings.http_port, "MLOPS_HTTP_PORT")
    check_port(settings.http_host, settings.admin_port, "MLOPS_ADMIN_PORT")
    if settings.grpc_port:
        check_port(settings.http_host, settings.grpc_port, "MLOPS_GRPC_PORT")
    check_mounted(settings)

    async def run() -> int:
        return await Supervisor(settings).run()

    log.info("starting", extra={"fields": {"port": settings.http_port, "workers": settings.workers}})
    code = asyncio.run(run())
    if code == 0:
        log.info("stopped")
    return code
