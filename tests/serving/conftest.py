"""Real models from real data, a real object store, and the real server process."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from mlops_serving.artifact import (
    MANIFEST,
    Dataset,
    Golden,
    Manifest,
    Tensor,
    TensorSpec,
    dump_manifest,
    file_entry,
)
from mlops_serving.publish import publish
from mlops_serving.release import Release, append
from mlops_serving.store import Store, store_settings

DEADLINE = 20.0


def wait_until(condition: Callable[[], Any], seconds: float = DEADLINE) -> Any:
    """The first true value of `condition`, asked every 20 ms; fails after `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if value := condition():
            return value
        time.sleep(0.02)
    pytest.fail(f"nothing became true within {seconds} s")


@pytest.fixture(scope="session", name="wait_until")
def _wait_until() -> Callable[..., Any]:
    return wait_until


def free_port() -> int:
    """A TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_artifact(
    folder: Path,
    model: bytes,
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    golden: Golden,
    name: str = "iris",
    version: str = "1",
) -> Manifest:
    """Write a model and its manifest into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model)
    manifest = Manifest(
        name=name,
        version=version,
        created_at=datetime(2026, 11, 24, tzinfo=UTC),
        framework="onnx",
        dependencies={"onnxruntime": "1.23"},
        files=(file_entry(folder, "model.onnx"),),
        model_file="model.onnx",
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        golden=golden,
        dataset=Dataset(name="iris", sha256="0" * 64, rows=150),
        code_revision="abc",
        metrics={"accuracy": 0.9},
        fairness={},
    )
    (folder / MANIFEST).write_bytes(dump_manifest(manifest))
    return manifest


@pytest.fixture(scope="session", name="make_artifact")
def _make_artifact() -> Callable[..., Manifest]:
    return make_artifact


@dataclass(frozen=True)
class Iris:
    """Three versions of an iris classifier that answer differently, and what each must answer."""

    rows: np.ndarray
    folders: dict[str, Path]
    manifests: dict[str, Manifest]
    probabilities: dict[str, np.ndarray]


@pytest.fixture(scope="session")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Iris:
    """Logistic regressions of three strengths on the iris data, exported with skl2onnx."""
    features, target = load_iris(return_X_y=True)
    rows = features.astype(np.float32)
    made = Iris(rows, {}, {}, {})
    for version, strength in (("1", 0.01), ("2", 1.0), ("3", 100.0)):
        model = LogisticRegression(C=strength, max_iter=2000).fit(rows, target)
        answers = model.predict_proba(rows).astype(np.float32)
        exported = to_onnx(
            model,
            rows[:1],
            options={"zipmap": False},
            final_types=None,
            target_opset={"": 18, "ai.onnx.ml": 3},
        )
        folder = tmp_path_factory.mktemp(f"iris-{version}")
        made.folders[version] = folder
        made.probabilities[version] = answers
        made.manifests[version] = make_artifact(
            folder,
            exported.SerializeToString(),
            [TensorSpec(name="X", datatype="FP32", shape=(-1, 4))],
            [
                TensorSpec(name="label", datatype="INT64", shape=(-1,)),
                TensorSpec(name="probabilities", datatype="FP32", shape=(-1, 3)),
            ],
            Golden(
                inputs=(Tensor(name="X", shape=(3, 4), datatype="FP32", data=flat(rows[:3])),),
                outputs=(
                    Tensor(name="probabilities", shape=(3, 3), datatype="FP32", data=flat(answers[:3])),
                ),
                atol=1e-5,
            ),
            version=version,
        )
    return made


@pytest.fixture(scope="session")
def slow_artifact(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """A model that gives its rows back after some tenths of a second of multiplying by the identity."""
    size, steps = 256, 6000
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_on"], ["still"]),
            helper.make_node("MatMul", ["rows_in", "unit"], ["rows_out"]),
        ],
        "multiply",
        [
            helper.make_tensor_value_info("step", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("rows_in", TensorProto.FLOAT, ["n", size]),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("rows_out", TensorProto.FLOAT, ["n", size]),
        ],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["steps", "yes", "X"], ["Y"], body=body)],
        "slow",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["n", size])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["n", size])],
        [
            numpy_helper.from_array(np.int64(steps), "steps"),
            numpy_helper.from_array(np.bool_(True), "yes"),
            numpy_helper.from_array(np.eye(size, dtype=np.float32), "unit"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    folder = tmp_path_factory.mktemp("slow")
    row = flat(np.arange(size, dtype=np.float32))
    golden = Golden(
        inputs=(Tensor(name="X", shape=(1, size), datatype="FP32", data=row),),
        outputs=(Tensor(name="Y", shape=(1, size), datatype="FP32", data=row),),
        atol=0,
    )
    spec = {"datatype": "FP32", "shape": (-1, size)}
    inputs, outputs = [TensorSpec(name="X", **spec)], [TensorSpec(name="Y", **spec)]
    return folder, make_artifact(folder, model.SerializeToString(), inputs, outputs, golden, name="slow")


def flat(array: np.ndarray) -> tuple[float, ...]:
    """Values of an array in row-major order."""
    return tuple(float(value) for value in array.reshape(-1))


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


@pytest.fixture
def gateway(binaries: Callable[[str], Path], tmp_path: Path) -> Iterator[Gateway]:
    """An object store of the test's own."""
    folder = tmp_path / "buckets"
    folder.mkdir()
    made = Gateway(binaries("versitygw") / "versitygw", folder)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def store(gateway: Gateway) -> Store:
    """A client of the bucket `models`."""
    return Store(store_settings(gateway.environ("models")))


@pytest.fixture
def iris_store(store: Store, iris: Iris) -> Store:
    """A bucket with all versions of the iris model and a release of version 1 for endpoint `flowers`."""
    for version, manifest in iris.manifests.items():
        publish(store, iris.folders[version], manifest)
    release(store, 1, "1")
    return store


def release(store: Store, number: int, version: str, **more: Any) -> Release:
    """Append a release of the iris model to the log of endpoint `flowers`."""
    record = Release(
        number=number,
        endpoint="flowers",
        model="iris",
        stable_version=version,
        who="a test",
        when=datetime.now(UTC),
        why="to see it served",
        gates={},
        previous=number - 1 or None,
        **more,
    )
    append(store, record)
    return record


@pytest.fixture(scope="session", name="release")
def _release() -> Callable[..., Release]:
    return release


@dataclass(frozen=True)
class Reply:
    """Status, headers (lower case) and decoded JSON of an answer."""

    status: int
    headers: dict[str, str]
    json: Any


class Load:
    """Clients in threads, each on a connection that it keeps until the server tells it to close."""

    def __init__(self, port: int, connections: int, path: str, body: bytes, stop: threading.Event) -> None:
        self._port, self._path, self._body, self._stop = port, path, body, stop
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
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=DEADLINE)
        while not self._stop.is_set():
            try:
                connection.request("POST", self._path, self._body)
                answer = connection.getresponse()
                self.replies.append((answer.status, answer.read()))
            except OSError as error:
                self.lost.append(repr(error))
                break
            if answer.getheader("connection") == "close":
                self.told_to_close += 1
                break
        connection.close()


class ServerProcess:
    """`python3 -m mlops_serving` on a port of its own."""

    def __init__(self, environ: dict[str, str], folder: Path) -> None:
        self.port = free_port()
        self.log = folder / f"server-{self.port}.log"
        base = {
            "PATH": os.environ["PATH"],
            "MLOPS_ENDPOINT": "flowers",
            "MLOPS_MODEL": "iris",
            "MLOPS_HTTP_HOST": "127.0.0.1",
            "MLOPS_HTTP_PORT": str(self.port),
            "MLOPS_POLL_SECONDS": "0.1",
            "MLOPS_DRAIN_SECONDS": "1",
            "MLOPS_CACHE_DIR": str(folder / "cache"),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlops_serving"], env=base | environ, stderr=log
            )

    def ask(self, path: str, body: object = None, method: str = "", **headers: str) -> Reply:
        """One request on a connection of its own; a body that is not bytes is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method or ("GET" if body is None else "POST"), path, raw, sent)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, json.loads(text) if path != "/metrics" else text.decode())

    def status(self, path: str = "/v2/health/ready") -> int:
        """Status of a path, 0 while nobody listens."""
        try:
            return self.ask(path).status
        except OSError:
            return 0

    def metric(self, line: str) -> float:
        """The number after a metric's name and labels, -1 if there is none."""
        for found in self.ask("/metrics").json.splitlines():
            if found.startswith(f"{line} "):
                return float(found.rsplit(" ", 1)[1])
        return -1

    def logged(self) -> list[dict[str, Any]]:
        """The log's lines; each must be JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def wait_ready(self) -> ServerProcess:
        """Wait until the readiness path says 200."""
        wait_until(lambda: self.process.poll() is not None or self.status() == 200)
        assert self.process.poll() is None, self.log.read_text()
        return self

    def load(self, connections: int, path: str, body: bytes, stop: threading.Event) -> Load:
        """Send one request after another on `connections` kept-alive connections until `stop` is set."""
        return Load(self.port, connections, path, body, stop)

    def terminate(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """`serve(environ)` starts a server; whatever is left of it is killed after the test."""
    started: list[ServerProcess] = []

    def start(environ: dict[str, str]) -> ServerProcess:
        started.append(ServerProcess(environ, tmp_path))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
        server.process.wait()


def iris_body(rows: np.ndarray, **more: Any) -> dict[str, Any]:
    """An infer request for the iris model."""
    data = [float(value) for value in rows.reshape(-1)]
    return {"inputs": [{"name": "X", "shape": list(rows.shape), "datatype": "FP32", "data": data}], **more}


@pytest.fixture(scope="session", name="iris_body")
def _iris_body() -> Callable[..., dict[str, Any]]:
    return iris_body
