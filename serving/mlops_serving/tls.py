"""HTTPS with a certificate that can change while requests are answered.

    files change ─▶ check ─▶ new granian on the same socket ─▶ old one accepts no more
                      │                                        and says "connection: close"
                      └─▶ not usable: nothing changes          ─▶ after the drain time it stops

granian reads its certificate once. All of a process's servers accept from one listening socket, so that
none takes waiting connections with it when it stops; SO_REUSEPORT sockets would, each has its own queue.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Final

from granian.constants import SSLProtocols
from granian.net import SocketHolder  # type: ignore[attr-defined]
from granian.server.embed import Server

from mlops_serving.app import App
from mlops_serving.certificate import Certificate, read_certificate
from mlops_serving.errors import ServingError, SettingsError
from mlops_serving.file_watch import FileWatch
from mlops_serving.logs import log
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.settings import Settings

Headers = list[tuple[str, str]]

_CLOSE: Final = ("connection", "close")


class TlsServer:
    """What granian's `Server` is to a worker, with TLS. Methods are for the event loop's thread."""

    def __init__(self, app: App, settings: Settings, metrics: Metrics, options: dict[str, Any]) -> None:
        self._app, self._settings, self._metrics, self._options = app, settings, metrics, options
        files = (settings.tls_cert_file, settings.tls_key_file, settings.tls_client_ca_file)
        self._watch = FileWatch([path for path in files if path], self._changed, settings.watch_seconds)
        self._certificate = self._read()
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._changing = asyncio.Lock()
        self._fronts: list[_Front] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Serve until `stop`, then until every request in hand is answered."""
        where = (self._options["address"], self._options["port"], self._options["backlog"])
        with listen(*where) as self._socket:
            await self._start(self._certificate)
            self._watch.start()
            await self._stopped.wait()
            self._watch.stop()
            for front in self._fronts:
                front.stop()
            await asyncio.gather(*(front.task for front in self._fronts))

    def stop(self) -> None:
        """Accept no more connections, and end."""
        self._stopped.set()

    def _read(self) -> Certificate:
        cert, key = self._settings.tls_cert_file, self._settings.tls_key_file
        if cert is None or key is None:
            raise SettingsError("TLS needs both MLOPS_TLS_CERT_FILE and MLOPS_TLS_KEY_FILE")
        return read_certificate(cert, key, self._settings.tls_client_ca_file)

    def _changed(self) -> None:
        """In the watch's thread: check the new files, and let the loop take them over."""
        try:
            certificate = self._read()
        except SettingsError as error:
            self._loop.call_soon_threadsafe(self._refuse, error)
            return
        self._loop.call_soon_threadsafe(self._spawn, certificate)

    def _spawn(self, certificate: Certificate) -> None:
        task = self._loop.create_task(self._change(certificate))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _change(self, certificate: Certificate) -> None:
        async with self._changing:
            old = self._fronts[-1]
            try:
                await self._start(certificate)
            except ServingError as error:
                self._refuse(error)
                return
        old.close_door()
        self._metrics.reloads.labels("tls", "done").add()
        log.info("serving with a new certificate", extra={"fields": {"not_after": certificate.not_after}})
        await asyncio.sleep(self._settings.drain_seconds)
        old.stop()
        await old.task
        self._fronts.remove(old)

    async def _start(self, certificate: Certificate) -> None:
        """Accept with a certificate from now on, beside whoever accepts already.

        A server that ends by itself ends all, so that the worker is replaced.
        """
        front = _Front(self._app, certificate, self._socket, self._options)
        await front.start()
        self._fronts.append(front)
        front.task.add_done_callback(lambda _: None if front.stopping else self._stopped.set())
        self._metrics.tls_not_after.labels().set(certificate.not_after)

    def _refuse(self, error: ServingError) -> None:
        self._metrics.reloads.labels("tls", "refused").add()
        log.error(f"the certificate before stays: {error}")


class _Front:
    """One granian with one certificate, before the application that all share."""

    def __init__(
        self,
        app: App,
        certificate: Certificate,
        shared: socket.socket,
        options: dict[str, Any],
    ) -> None:
        self.closing = self.stopping = False
        self._app = app
        self._up = asyncio.Event()
        self._server = _SharingServer(
            self,
            **options,
            ssl_cert=certificate.cert,
            ssl_key=certificate.key,
            ssl_ca=certificate.client_ca,
            ssl_client_verify=certificate.client_ca is not None,
            ssl_protocol_min=SSLProtocols.tls12,
        )
        self._server.copy = os.dup(shared.fileno())

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # granian reads the certificate right after this call, before the loop turns.
        loop.call_soon(self._up.set)

    def __rsgi__(self, scope: Any, protocol: Any) -> Awaitable[None]:
        return self._app.__rsgi__(scope, _Closing(protocol) if self.closing else protocol)

    async def start(self) -> None:
        """Be ready to accept; raises `ServingError` when granian does not take the certificate."""
        self.task = asyncio.get_running_loop().create_task(self._server.serve())
        up = asyncio.ensure_future(self._up.wait())
        await asyncio.wait((self.task, up), return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if not self._alive():
            await asyncio.wait((self.task,))
            raise ServingError(f"the HTTP server does not take the certificate: {self.task.exception()}")

    def _alive(self) -> bool:
        workers: list[Any] = self._server.wrks
        return bool(workers) and all(worker.is_alive() for worker in workers)

    def close_door(self) -> None:
        """Accept no more, and end each connection with its next answer."""
        self.closing = True
        self._server.accept_no_more()

    def stop(self) -> None:
        """Accept no more, let what is in hand be answered, and close the idle connections."""
        self.stopping = True
        self._server.stop()  # type: ignore[no-untyped-call]


class _SharingServer(Server):
    """granian on a copy of the handle of a socket that others accept from too."""

    copy: int

    def _init_shared_socket(self) -> None:
        self._shd = SocketHolder(self.copy, False, self.backlog)  # type: ignore[assignment,call-arg]

    def accept_no_more(self) -> None:
        """Put a socket that nobody can connect to in the place of the copy.

        granian itself stops accepting only together with everything else, and so drops the connections
        whose TLS handshake has just begun.
        """
        with socket.socket(socket.AF_UNIX) as nowhere:
            nowhere.setblocking(False)
            nowhere.bind("")
            nowhere.listen()
            os.dup2(nowhere.fileno(), self.copy, inheritable=False)


class _Closing:
    """granian's protocol object for a connection that shall end with this answer."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def __call__(self) -> Any:
        return self._protocol()

    def __aiter__(self) -> AsyncIterator[bytes]:
        chunks: AsyncIterator[bytes] = self._protocol.__aiter__()
        return chunks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._protocol, name)

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer, and say that the connection ends."""
        self._protocol.response_bytes(status, headers if _CLOSE in headers else [*headers, _CLOSE], body)


def listen(host: str, port: int, backlog: int) -> socket.socket:
    """A listening socket that other processes may have beside us (SO_REUSEPORT)."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.bind((host, port))
    listening.listen(backlog)
    return listening
