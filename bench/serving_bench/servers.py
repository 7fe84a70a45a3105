"""Servers as processes: ours, the bare HTTP server under it, MLServer and KServe. One worker each.

Each peer has an environment of its own, made by uv, and its best honest settings: uvloop and httptools,
orjson, no access log, no compression, the model's session on one thread.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from mlops_serving.publish import publish
from mlops_serving.settings import Settings
from mlops_serving.store import Store, store_settings
from serving_bench.figures import BenchError, parse_metrics
from serving_bench.models import Model

MLSERVER = ["mlserver==1.7.1", "httptools==0.9.0", "orjson==3.13.0", "uvloop==0.23.0"]
KSERVE = ["kserve==0.21.0"]
_BENCH = Path(__file__).parents[1]
_START_SECONDS = 300.0
_STOP_SECONDS = 30.0
_LARGEST_BYTES = 256 << 20


@dataclass(frozen=True)
class Server:
    """A running server; a port is 0 where it does not serve that protocol.

    `process` is the id of its first process; the others are below it.
    """

    name: str
    model: Model
    http: int
    grpc: int = 0
    admin: int = 0
    process: int = 0

    @property
    def path(self) -> str:
        """Where its model is asked."""
        return f"/v2/models/{self.model.name}/infer"

    def metric(self, line: str) -> float:
        """A value of our server's operators' port."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics", timeout=10) as reply:
            return parse_metrics(reply.read().decode())[line]


def cpu_seconds(root: int) -> float:
    """Processor time that a process and those below it have used, also below those that ended."""
    found = dict[int, tuple[int, int]]()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        found[int(path.parent.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    tree = {root}
    while more := {process for process, (parent, _) in found.items() if parent in tree} - tree:
        tree |= more
    return sum(found[process][1] for process in tree if process in found) / os.sysconf("SC_CLK_TCK")


def knows(setting: str) -> bool:
    """Whether our server has a setting of this name, say `grpc_port`."""
    return setting in Settings.model_fields


@contextmanager
def ours(
    model: Model, folder: Path, settings: Mapping[str, str] | None = None, cores: Sequence[int] = ()
) -> Iterator[Server]:
    """The model server on a folder store, pinned to version 1; confined to `cores` if any are named."""
    ports = free_ports(3)
    grpc = ports[2] if knows("grpc_port") else 0
    environ = {
        "MLOPS_MODELS": json.dumps([{"name": model.name, "endpoint": "bench", "version": "1"}]),
        "MLOPS_HTTP_HOST": "127.0.0.1",
        "MLOPS_HTTP_PORT": str(ports[0]),
        "MLOPS_ADMIN_PORT": str(ports[1]),
        "MLOPS_STORE_URL": f"file://{folder}",
        "MLOPS_CACHE_DIR": str(folder / "cache"),
        "MLOPS_DRAIN_SECONDS": "0",
        **({"MLOPS_GRPC_PORT": str(grpc)} if grpc else {}),
        **(settings or {}),
    }
    publish(Store(store_settings(environ)), model.folder, model.manifest)
    command = [sys.executable, "-m", "mlops_serving"]
    if cores:
        command = ["taskset", "-c", ",".join(map(str, cores)), *command]
    server = Server("mlops-serving", model, ports[0], grpc, ports[1])
    with _running(command, environ, server, folder) as running:
        yield running


@contextmanager
def echo(model: Model, folder: Path) -> Iterator[Server]:
    """granian alone, embedded and set as ours is."""
    server = Server("bare echo", model, free_ports(1)[0])
    command = [sys.executable, str(Path(__file__).with_name("echo.py")), str(server.http)]
    with _running(command, {}, server, folder) as running:
        yield running


@contextmanager
def mlserver(model: Model, folder: Path) -> Iterator[Server]:
    """MLServer without a process pool (`parallel_workers` 0), which is its fastest for small models."""
    http, grpc, metrics = free_ports(3)
    home = folder / f"mlserver-{http}"
    home.mkdir()
    shutil.copy(_BENCH / "peers" / "mlserver_onnx.py", home)
    settings = {
        "debug": False,
        "parallel_workers": 0,
        "host": "127.0.0.1",
        "http_port": http,
        "grpc_port": grpc,
        "metrics_port": metrics,
        "grpc_max_message_length": _LARGEST_BYTES,
        "gzip_enabled": False,
    }
    (home / "settings.json").write_text(json.dumps(settings))
    served = {
        "name": model.name,
        "implementation": "mlserver_onnx.OnnxModel",
        "parameters": {"uri": str(model.file)},
    }
    (home / "model-settings.json").write_text(json.dumps(served))
    server = Server("MLServer", model, http, grpc)
    with _running([*_uv(MLSERVER), "mlserver", "start", str(home)], {}, server, folder) as running:
        yield running


@contextmanager
def kserve(model: Model, folder: Path) -> Iterator[Server]:
    """KServe's Python server with one process, without a log line per request."""
    http, grpc = free_ports(2)
    options = {
        "model_name": model.name,
        "http_port": str(http),
        "grpc_port": str(grpc),
        "enable_latency_logging": "false",
        "event-loop": "uvloop",
        "grpc_max_send_message_length": str(_LARGEST_BYTES),
        "grpc_max_receive_message_length": str(_LARGEST_BYTES),
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    script = str(_BENCH / "peers" / "kserve_onnx.py")
    server = Server("KServe", model, http, grpc)
    command = [*_uv(KSERVE), "python", script, str(model.file), *flags]
    with _running(command, {"KSERVE_LOGLEVEL": "ERROR"}, server, folder) as running:
        yield running


def _uv(packages: Sequence[str]) -> list[str]:
    """Run in an environment of these packages, with our version of onnxruntime."""
    uv = shutil.which("uv") or str(_BENCH.parent / ".venv" / "bin" / "uv")
    # MLServer 1.7 does not run on later Pythons.
    python = sys.executable if sys.version_info < (3, 13) else "3.12"
    wanted = [*packages, f"onnxruntime=={version('onnxruntime')}"]
    return [
        *(uv, "run", "--quiet", "--no-project", "--python", python),
        *(part for package in wanted for part in ("--with", package)),
    ]


@contextmanager
def _running(
    command: Sequence[str], environ: Mapping[str, str], server: Server, folder: Path
) -> Iterator[Server]:
    """A server with its process, from the time it is ready to the end of the block."""
    log = folder / f"{server.name}-{server.http}.log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLOPS_")}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, env=kept | dict(environ), stdout=stream, stderr=stream, start_new_session=True
        )
    try:
        until = time.monotonic() + _START_SECONDS
        while not _ready(server.http):
            if process.poll() is not None or time.monotonic() > until:
                raise BenchError(f"{server.name} does not serve:\n{log.read_text()[-2000:]}")
            time.sleep(0.1)
        yield replace(server, process=process.pid)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and those it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(_STOP_SECONDS)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _ready(port: int) -> bool:
    """Whether the server says so; the bare one has nothing to say but answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/health/ready", timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def free_ports(count: int) -> list[int]:
    """Different TCP ports nobody listens on."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
