"""A gate process, and the pod behind it: a server that comes, is slow, breaks and goes as a test says."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from serving_process import free_port, wait_until

INFER = "/v2/models/iris/infer"


@dataclass
class Pod:
    """A server on a port; `seen` are the heads and bodies of its requests, `broken` counts those who left."""

    port: int
    seen: list[tuple[bytes, bytes]] = field(default_factory=list)
    broken: int = 0
    release: threading.Event = field(default_factory=threading.Event)
    _listening: socket.socket | None = None

    def start(self) -> None:
        """Accept from now on."""
        self._listening = socket.create_server(("127.0.0.1", self.port), backlog=200)
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def stop(self) -> None:
        """Accept no more."""
        if self._listening is not None:
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as coming, suppress(OSError):
            while head := _head(coming):
                body = _body(head, coming)
                self.seen.append((head, body))
                if not self._answer(head, body, connection):
                    return

    def _answer(self, head: bytes, body: bytes, connection: socket.socket) -> bool:
        path = head.split(b" ")[1]
        if path == b"/die":
            return False
        if path == b"/die-in-answer":
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n" + bytes(1000))
            return False
        if path == b"/slow":
            connection.settimeout(0.05)
            while not self.release.is_set():
                try:
                    if connection.recv(1) == b"":
                        self.broken += 1
                        return False
                except TimeoutError:
                    continue
            connection.settimeout(None)
        if path == b"/pieces":
            connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            self.release.wait(10)
            connection.sendall(b"6\r\nsecond\r\n0\r\n\r\n")
            return True
        answer = b"%d" % len(body)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\ntraceparent: 00-1\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer
        )
        return True


def _head(coming: object) -> bytes:
    lines = b""
    while line := coming.readline():  # type: ignore[attr-defined]  # a socket's file
        lines += line
        if line == b"\r\n":
            return lines
    return b""


def _body(head: bytes, coming: object) -> bytes:
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    read = coming.read  # type: ignore[attr-defined]  # a socket's file
    if b"content-length" in fields:
        return bytes(read(int(fields[b"content-length"])))
    body = b""
    if fields.get(b"transfer-encoding") == b"chunked":
        while size := int(coming.readline(), 16):  # type: ignore[attr-defined]  # a socket's file
            body += read(size)
            read(2)
        read(2)
    return body


@dataclass
class GateProcess:
    """A gate as its container starts it."""

    process: subprocess.Popen[bytes]
    port: int
    admin_port: int
    pod: Pod

    def ask(
        self, path: str = INFER, body: object = b"{}", headers: dict[str, str] | None = None, method: str = ""
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer."""
        return _asked(self.port, method or ("GET" if body is None else "POST"), path, body, headers or {})

    def admin(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """The same of the operators' port."""
        return _asked(self.admin_port, "GET", path, None, {})

    def figure(self, name: str) -> float:
        """One of its metrics, with its labels."""
        lines = self.admin("/metrics")[2].decode().splitlines()
        return next(float(line.split(" ")[1]) for line in lines if line.startswith(f"{name} "))

    def wanted(self) -> float:
        """What it tells the autoscaler."""
        return float(json.loads(self.admin("/requests")[2])["requests"])

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def _asked(
    port: int, method: str, path: str, body: object, headers: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, headers)  # type: ignore[arg-type]  # bytes or their iterator
        answer = connection.getresponse()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


@contextmanager
def running_gate(folder: Path, pod: Pod | None = None, **settings: object) -> Iterator[GateProcess]:
    """A gate before a pod that does not accept yet."""
    pod = pod or Pod(free_port())
    given = {
        "target": f"http://127.0.0.1:{pod.port}",
        "host": "127.0.0.1",
        "port": free_port(),
        "admin_port": free_port(),
        "hold_seconds": 15,
        "drain_seconds": 0.2,
        **settings,
    }
    environ = {"PATH": os.environ["PATH"]} | {
        f"MLOPS_GATE_{name.upper()}": str(value) for name, value in given.items()
    }
    with (folder / "gate.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlops_serving", "gate"], env=environ, stdout=log, stderr=log
        )
    gate = GateProcess(process, int(str(given["port"])), int(str(given["admin_port"])), pod)
    try:
        wait_until(lambda: _accepts(gate.port) and _accepts(gate.admin_port))
        yield gate
    finally:
        process.kill()
        process.wait()
        pod.release.set()
        pod.stop()


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
