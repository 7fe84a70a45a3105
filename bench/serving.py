"""`make bench`: our server beside a FastAPI server, same model, same machine, in turns.

Single-row JSON requests over 32 connections and over one. Each figure is the median of the rounds;
the servers take turns round by round, so that whatever else the machine does hits both.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from load import Figures, measure, tool

from mlops_serving.publish import publish
from mlops_serving.store import Store, store_settings

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests" / "support"))

from serving_models import make_iris  # noqa: E402 - the line before makes it importable

PATH = "/v2/models/iris/infer"
BODY = '{"inputs":[{"name":"X","shape":[1,4],"datatype":"FP32","data":[5.1,3.5,1.4,0.2]}]}'
ROUNDS, SECONDS = 5, 3
PEER = ["fastapi", "uvicorn[standard]", "onnxruntime", "numpy"]


def main() -> None:
    """Start both servers, measure in turns, print the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ports = {
            "mlops-serving": stack.enter_context(our_server(folder)),
            "FastAPI": stack.enter_context(peer_server(folder)),
        }
        for connections in (32, 1):
            say(table(connections, rounds(ports, connections, folder)))


def rounds(ports: dict[str, int], connections: int, folder: Path) -> dict[str, Figures]:
    """The median figures of each server."""
    taken: dict[str, list[Figures]] = {name: [] for name in ports}
    for _ in range(ROUNDS):
        for name, port in ports.items():
            taken[name].append(measure(port, PATH, BODY, connections, SECONDS, folder))
    return {
        name: Figures(
            *(statistics.median(getattr(one, part) for one in all_) for part in ("rate", "p50", "p99"))
        )
        for name, all_ in taken.items()
    }


def table(connections: int, figures: dict[str, Figures]) -> str:
    """A Markdown table with the ratio of ours to the peer's."""
    ours, peer = figures["mlops-serving"], figures["FastAPI"]
    lines = [
        f"\nSingle-row JSON, {connections} connections, one worker, {tool()}, "
        f"median of {ROUNDS} x {SECONDS} s, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"granian {version('granian')}, onnxruntime {version('onnxruntime')}, "
        f"{datetime.now(UTC):%Y-%m-%d}, load average {os.getloadavg()[0]:.1f}",
        "| server | requests/s | p50 ms | p99 ms |",
        "|---|---|---|---|",
        *(f"| {name} | {one.rate:,.0f} | {one.p50:.2f} | {one.p99:.2f} |" for name, one in figures.items()),
        f"| ratio | {ours.rate / peer.rate:.1f} x | {peer.p50 / ours.p50:.1f} x "
        f"| {peer.p99 / ours.p99:.1f} x |",
    ]
    return "\n".join(lines)


@contextmanager
def our_server(folder: Path) -> Iterator[int]:
    """The model server, pinned to version 1, on a folder store."""
    iris = make_iris(lambda name: Path(tempfile.mkdtemp(prefix=name, dir=folder)))
    port = free_port()
    settings = {
        "MLOPS_ENDPOINT": "flowers",
        "MLOPS_MODEL": "iris",
        "MLOPS_MODEL_VERSION": "1",
        "MLOPS_HTTP_HOST": "127.0.0.1",
        "MLOPS_HTTP_PORT": str(port),
        "MLOPS_STORE_URL": f"file://{folder}",
        "MLOPS_CACHE_DIR": str(folder / "cache"),
    }
    publish(Store(store_settings(settings)), iris.folders["1"], iris.manifests["1"])
    shutil.copy(iris.folders["1"] / "model.onnx", folder / "model.onnx")
    with running([sys.executable, "-m", "mlops_serving"], settings, port, folder):
        yield port


@contextmanager
def peer_server(folder: Path) -> Iterator[int]:
    """The FastAPI server in an environment of its own, made by uv."""
    port = free_port()
    uv = shutil.which("uv") or str(ROOT / ".venv" / "bin" / "uv")
    packages = [part for package in PEER for part in ("--with", package)]
    command = [uv, "run", "--quiet", "--no-project", "--python", sys.executable, *packages, "uvicorn"]
    options = ["--factory", "peer_fastapi:app", "--app-dir", str(ROOT / "bench"), "--port", str(port)]
    with running(
        [*command, *options, "--no-access-log"], {"MODEL": str(folder / "model.onnx")}, port, folder
    ):
        yield port


@contextmanager
def running(command: list[str], settings: dict[str, str], port: int, folder: Path) -> Iterator[None]:
    """A server process from its first right answer to the end of the block."""
    log = folder / f"{port}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(command, env=os.environ | settings, stdout=stream, stderr=stream)
    try:
        until = time.monotonic() + 180
        while not answers(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[0]} does not serve:\n{log.read_text()[-2000:]}")
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(30)


def answers(port: int) -> bool:
    """Whether the server gives the model's answer."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{PATH}", BODY.encode(), {"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310 - our own server on 127.0.0.1
            return bool(json.load(reply)["outputs"][1]["shape"] == [1, 3])
    except OSError:
        return False


def free_port() -> int:
    """A TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
