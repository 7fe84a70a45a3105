"""Load on a server: closed loop by wrk and our gRPC client, open loop by vegeta, large bodies by a socket.

Each tells how many cores the client itself took, for the reader to see whether it was the bottleneck.
"""

from __future__ import annotations

import base64
import json
import resource
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from serving_bench.bodies import Body
from serving_bench.figures import (
    BenchError,
    Figures,
    Hit,
    of_times,
    parse_grpcload,
    parse_vegeta,
    parse_wrk,
)
from serving_bench.programs import Programs
from serving_bench.servers import Server, cpu_seconds

_LONGEST_SECONDS = 120.0

Cores = dict[str, float]


@dataclass(frozen=True)
class Clients:
    """The programs and a folder for what they are given."""

    programs: Programs
    folder: Path

    def wrk(self, server: Server, body: Body, connections: int, seconds: float) -> Figures:
        """One request after another on each connection; `BenchError` if any fails."""
        script = self.folder / "post.lua"
        headers = "".join(f"wrk.headers[{name!r}] = {value!r}\n" for name, value in body.headers.items())
        script.write_text(f'wrk.method = "POST"\n{headers}wrk.body = [[{body.data.decode()}]]\n')
        url = f"http://127.0.0.1:{server.http}{server.path}"
        options = [
            "-t1",
            f"-c{connections}",
            f"-d{max(1, round(seconds))}",
            "--latency",
            "--timeout=30",
            "-s",
            str(script),
        ]
        text, cores = _run([self.programs.wrk, *options, url], server)
        return replace(parse_wrk(text), **cores)

    def vegeta(
        self, server: Server, body: Body, rate: float, seconds: float, connections: int = 0
    ) -> tuple[list[Hit], Cores]:
        """Requests at a fixed rate, whatever becomes of those before; the hits and the cores.

        With `connections` a request waits for one of so many, and the wait counts.
        """
        target = {
            "method": "POST",
            "url": f"http://127.0.0.1:{server.http}{server.path}",
            "body": base64.b64encode(body.data).decode(),
            "header": {name: [value] for name, value in body.headers.items()},
        }
        targets, hits = self.folder / "targets.json", self.folder / "hits.bin"
        targets.write_text(json.dumps(target) + "\n")
        options = {
            "format": "json",
            "targets": str(targets),
            "output": str(hits),
            "rate": f"{max(1, round(rate))}/1s",
            "duration": f"{max(1, round(seconds))}s",
            "timeout": "10s",
            "max-body": "0",
            "max-connections": str(connections),
        }
        flags = [f"-{name}={value}" for name, value in options.items()]
        _, cores = _run([str(self.programs.vegeta), "attack", *flags], server)
        text, _ = _run([str(self.programs.vegeta), "encode", "-to=csv", str(hits)], server)
        return parse_vegeta(text.splitlines()), cores

    def grpc(self, server: Server, body: Body, connections: int, seconds: float) -> tuple[Figures, bytes]:
        """One call after another on each connection; the figures and the last encoded reply."""
        message, reply = self.folder / "message.bin", self.folder / "reply.bin"
        message.write_bytes(body.data)
        options = {
            "address": f"127.0.0.1:{server.grpc}",
            "message": str(message),
            "reply": str(reply),
            "connections": str(connections),
            "duration": f"{seconds}s",
        }
        flags = [f"-{name}={value}" for name, value in options.items()]
        text, cores = _run([str(self.programs.grpcload), *flags], server)
        return replace(parse_grpcload(text), **cores), reply.read_bytes()


def _run(command: Sequence[str], server: Server) -> tuple[str, Cores]:
    """Standard output, and the cores that the server and the program used on average."""
    before, idle, began = _used_by_children(), cpu_seconds(server.process), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode != 0:
        raise BenchError(f"{Path(command[0]).name} failed: {done.stderr.strip()[-500:]}")
    served, used = cpu_seconds(server.process) - idle, _used_by_children() - before
    return done.stdout, {"server_cores": served / took, "client_cores": used / took}


def _used_by_children() -> float:
    """Processor seconds of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass(frozen=True)
class Answer:
    """Status, headers (lower case) and body of an answer, and milliseconds until it was whole."""

    status: int
    headers: Mapping[str, str]
    data: bytearray
    milliseconds: float


class RawConnection:
    """A kept-alive HTTP connection that does nothing with a body but send or receive it."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_LONGEST_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self._socket.makefile("rb")

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def post(self, path: str, body: Body) -> Answer:
        """Send a body and receive the answer, of a known length or in chunks."""
        headers = {"host": "127.0.0.1", "content-length": str(len(body.data)), **body.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        began = time.perf_counter()
        self._socket.sendall(f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode())
        self._socket.sendall(body.data)
        status, found, data = self._receive()
        return Answer(status, found, data, (time.perf_counter() - began) * 1e3)

    def _receive(self) -> tuple[int, dict[str, str], bytearray]:
        status = int(self._line().split()[1])
        headers = dict[str, str]()
        while line := self._line():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if "content-length" in headers:
            return status, headers, self._exactly(int(headers["content-length"]))
        data = bytearray()
        while size := int(self._line(), 16):
            data += self._exactly(size)
            self._line()
        self._line()
        return status, headers, data

    def _line(self) -> str:
        line = self._reader.readline()
        if not line:
            raise BenchError("the server closed the connection")
        return line.decode("latin-1").rstrip()

    def _exactly(self, size: int) -> bytearray:
        data = bytearray(size)
        if self._reader.readinto(data) != size:
            raise BenchError("the server closed the connection within an answer")
        return data


def one_by_one(server: Server, path: str, body: Body, seconds: float) -> tuple[Figures, Answer]:
    """Requests one after another on one connection, at least one; the figures and the last answer."""
    took = list[float]()
    idle, used, began = cpu_seconds(server.process), time.process_time(), time.perf_counter()
    with RawConnection(server.http) as connection:
        while not took or time.perf_counter() < began + seconds:
            answer = connection.post(path, body)
            if answer.status != 200:
                raise BenchError(f"answered {answer.status}: {answer.data[:200].decode()}")
            took.append(answer.milliseconds)
    whole = time.perf_counter() - began
    served, used = cpu_seconds(server.process) - idle, time.process_time() - used
    figures = replace(of_times(took), server_cores=served / whole, client_cores=used / whole)
    return figures, answer
