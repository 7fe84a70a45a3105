"""Those whom Alertmanager tells, on free ports of loopback: a webhook that may hang, and a mail server."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hook:
    """A webhook; it lets its first `hanging` requests wait until the test ends."""

    def __init__(self, hanging: int = 0) -> None:
        self._hanging, self._lock, self._end = hanging, threading.Lock(), threading.Event()
        self.asked = 0
        self.told: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.tokens: set[str | None] = set()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.hangs():
                    hook.wait()
                    self.close_connection = True
                    return
                hook.take(json.loads(body), self.headers["Authorization"])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/told"

    def hangs(self) -> bool:
        """Whether this request is one to let wait."""
        with self._lock:
            self.asked += 1
            return self.asked <= self._hanging

    def wait(self) -> None:
        """Until the test ends."""
        self._end.wait()

    def take(self, message: dict[str, Any], token: str | None) -> None:
        """Note a message."""
        with self._lock:
            self.told.append(message)
            self.times.append(time.monotonic())
            self.tokens.add(token)

    def labels(self) -> list[dict[str, str]]:
        """Labels of every alert of every message."""
        return [alert["labels"] for message in list(self.told) for alert in message.get("alerts", [])]

    @contextmanager
    def serving(self) -> Iterator[Hook]:
        """Answer, until the context ends."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self._end.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()


class _Mailbox(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.connections = 0
        self.mails: list[str] = []


class _Smtp(socketserver.StreamRequestHandler):
    """As much of SMTP as one mail needs; it has no TLS."""

    def handle(self) -> None:
        box = self.server
        assert isinstance(box, _Mailbox)
        box.connections += 1
        self._say("220 ready")
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                self._say("354 go on")
                text = b""
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    text += line
                box.mails.append(text.decode())
            if word == b"QUIT":
                self._say("221 bye")
                return
            self._say("250 fine")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mailbox() -> Iterator[tuple[str, _Mailbox]]:
    """A mail server without TLS: its `host:port`, and what it was sent."""
    box = _Mailbox()
    thread = threading.Thread(target=box.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{box.server_address[1]}", box
    finally:
        box.shutdown()
        box.server_close()
        thread.join()
