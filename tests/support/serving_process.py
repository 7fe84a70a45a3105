"""The model server, the object store and their clients as processes and threads, for tests."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

DEADLINE = 20.0
_given: set[int] = set()


def wait_until(condition: Callable[[], Any], seconds: float = DEADLINE) -> Any:
    """The first true value of `condition`, asked every 20 ms; fails after `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if value := condition():
            return value
        time.sleep(0.02)
    pytest.fail(f"nothing became true within {seconds} s")


def free_port() -> int:
    """A TCP port nobody listens on or was given, below those that the kernel gives to clients meanwhile."""
    while True:
        port = random.randrange(10_000, 32_000)  # noqa: S311 - not a secret
        with socket.socket() as probe:
            if port not in _given and probe.connect_ex(("127.0.0.1", port)) != 0:
                _given.add(port)
                return port


@dataclass
class Gateway:
    """A versitygw process over a folder, whose folders are the buckets."""

    program: Path
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it accepts."""
        environ = {"PATH": os.environ["PATH"], "ROOT_ACCESS_KEY": "root", "ROOT_SECRET_KEY": "root-secret"}
        command = [self.program, "--port", f"127.0.0.1:{self.port}", "--quiet", "posix", self.folder]
        with (self.folder.parent / "versitygw.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        wait_until(self._accepts)

    def stop(self) -> None:
        """Kill it, as a crash would."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def environ(self, bucket: str) -> dict[str, str]:
        """Variables with which a client uses a bucket, which is made if need be."""
        (self.folder / bucket).mkdir(exist_ok=True)
        return {
            "MLOPS_STORE_URL": f"http://127.0.0.1:{self.port}",
            "MLOPS_STORE_BUCKET": bucket,
            "AWS_ACCESS_KEY_ID": "root",
            "AWS_SECRET_ACCESS_KEY": "root-secret",
        }

    def _accepts(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@dataclass(frozen=True)
class Reply:
    """Status, headers (lower case) and decoded JSON of an answer."""

    status: int
    headers: dict[str, str]
    json: Any


class Load:
    """Clients in threads, each on a connection that it keeps until the server tells it to close."""

    def __init__(
        self,
        port: int,
        connections: int,
        path: str,
        body: bytes,
        stop: threading.Event,
        headers: dict[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        reconnect: bool = False,
    ) -> None:
        self._port, self._path, self._body, self._stop = port, path, body, stop
        self._headers, self._tls, self._reconnect = headers or {}, tls, reconnect
        self.replies: list[tuple[int, bytes]] = []
        self.lost: list[str] = []
        self.told_to_close = 0
        self._threads = [threading.Thread(target=self._client) for _ in range(connections)]
        for thread in self._threads:
            thread.start()

    def join(self) -> Load:
        """Wait for the clients, which end when `stop` is set or the server told them to close."""
        for thread in self._threads:
            thread.join()
        return self

    def _client(self) -> None:
        connection = self._connection()
        while not self._stop.is_set():
            try:
                connection.request("POST", self._path, self._body, self._headers)
                answer = connection.getresponse()
                self.replies.append((answer.status, answer.read()))
            except OSError as error:
                self.lost.append(repr(error))
                break
            if answer.getheader("connection") == "close":
                self.told_to_close += 1
                if not self._reconnect:
                    break
        connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection("127.0.0.1", self._port, timeout=DEADLINE)
        return http.client.HTTPSConnection("localhost", self._port, timeout=DEADLINE, context=self._tls)


def models(version: str, name: str = "iris", endpoint: str = "flowers") -> str:
    """The setting MLOPS_MODELS for one model."""
    return json.dumps([{"name": name, "endpoint": endpoint, "version": version}])


class ServerProcess:
    """`python3 -m mlops_serving` on a port of its own."""

    def __init__(self, environ: dict[str, str], folder: Path) -> None:
        self.port, self.admin_port = free_port(), free_port()
        self.log = folder / f"server-{self.port}.log"
        self.tls: ssl.SSLContext | None = None
        base = {
            "PATH": os.environ["PATH"],
            "MLOPS_MODELS": models("release"),
            "MLOPS_HTTP_HOST": "127.0.0.1",
            "MLOPS_HTTP_PORT": str(self.port),
            "MLOPS_ADMIN_PORT": str(self.admin_port),
            "MLOPS_POLL_SECONDS": "0.1",
            "MLOPS_DRAIN_SECONDS": "1",
            "MLOPS_CACHE_DIR": str(folder / "cache"),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlops_serving"], env=base | environ, stderr=log
            )

    def ask(
        self, path: str, body: object = None, method: str = "", *, port: int = 0, **headers: str
    ) -> Reply:
        """One request on a connection of its own; a body that is not bytes is sent as JSON."""
        if self.tls is None or port:
            connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=DEADLINE)
        else:
            connection = http.client.HTTPSConnection(
                "localhost", self.port, timeout=DEADLINE, context=self.tls
            )
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method or ("GET" if body is None else "POST"), path, raw, sent)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        found = {name.lower(): value for name, value in answer.getheaders()}
        is_json = found.get("content-type") == "application/json" and text
        return Reply(answer.status, found, json.loads(text) if is_json else text)

    def status(self, path: str = "/v2/health/ready") -> int:
        """Status of a path, 0 while nobody listens."""
        try:
            return self.ask(path).status
        except OSError:
            return 0

    def metrics(self) -> str:
        """The text of the operators' port."""
        answer = self.ask("/metrics", port=self.admin_port)
        assert answer.status == 200, answer
        text: bytes = answer.json
        return text.decode()

    def metric(self, line: str) -> float:
        """The number after a metric's name and labels, -1 if there is none."""
        for found in self.metrics().splitlines():
            if found.startswith(f"{line} "):
                return float(found.rsplit(" ", 1)[1])
        return -1

    def threads(self) -> int:
        """Threads of the server and its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in (self.process.pid, *children))

    def logged(self) -> list[dict[str, Any]]:
        """The log's lines; each must be JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def wait_ready(self) -> ServerProcess:
        """Wait until the readiness path says 200."""
        wait_until(lambda: self.process.poll() is not None or self.status() == 200)
        assert self.process.poll() is None, self.log.read_text()
        return self

    def load(
        self,
        connections: int,
        path: str,
        body: bytes,
        stop: threading.Event,
        headers: dict[str, str] | None = None,
        reconnect: bool = False,
    ) -> Load:
        """Send one request after another on `connections` kept-alive connections until `stop` is set.

        A client that is told to close ends, or with `reconnect` connects again and goes on.
        """
        return Load(self.port, connections, path, body, stop, headers, self.tls, reconnect)

    def terminate(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)
