"""Closed-loop HTTP load on one URL: `wrk` where it is installed, else a client in a Python process."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True)
class Figures:
    """Answers a second, and latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


def tool() -> str:
    """The load generator that `measure` will use."""
    return "wrk" if shutil.which("wrk") else "python client"


def measure(port: int, path: str, body: str, connections: int, seconds: int, folder: Path) -> Figures:
    """Post `body` again and again over `connections` kept-alive connections to 127.0.0.1."""
    if tool() == "wrk":
        return _wrk(f"http://127.0.0.1:{port}{path}", body, connections, seconds, folder)
    command = [sys.executable, __file__, str(port), path, body, str(connections), str(seconds)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Figures(*map(float, text.split()))


def _wrk(url: str, body: str, connections: int, seconds: int, folder: Path) -> Figures:
    script = folder / "post.lua"
    script.write_text(
        f'wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.body = [[{body}]]\n'
    )
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", str(script), url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text:
        raise RuntimeError(f"{url} answered with errors:\n{text}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    quantiles = re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", text)
    found = {quantile: float(number) * _UNITS[unit] for quantile, number, unit in quantiles}
    if not rate:
        raise RuntimeError(f"wrk said nothing usable:\n{text}")
    return Figures(float(rate[1]), found["50"], found["99"])


async def _client(port: int, request: bytes, until: float, took: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(head.decode())
        length = re.search(rb"content-length: (\d+)", head.lower())
        await reader.readexactly(int(length[1]) if length else 0)
        took.append(time.perf_counter() - began)
    writer.close()


async def _python_client(port: int, path: str, body: str, connections: int, seconds: int) -> Figures:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    took: list[float] = []
    until = time.perf_counter() + seconds
    request = (head + body).encode()
    await asyncio.gather(*(_client(port, request, until, took) for _ in range(connections)))
    took.sort()
    return Figures(len(took) / seconds, took[len(took) // 2] * 1e3, took[len(took) * 99 // 100] * 1e3)


if __name__ == "__main__":
    asked_port, asked_path, asked_body, *numbers = sys.argv[1:]
    result = asyncio.run(_python_client(int(asked_port), asked_path, asked_body, *map(int, numbers)))
    sys.stdout.write(f"{result.rate} {result.p50} {result.p99}\n")
