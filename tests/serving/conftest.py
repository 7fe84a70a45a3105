"""Real models from real data, a real object store, and the real server process."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlops_serving.artifact import Manifest
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.metrics.segment import Segment, new_segment
from mlops_serving.models import LoadedModel, load_model
from mlops_serving.publish import publish
from mlops_serving.release import Release, append
from mlops_serving.store import Store, store_settings
from serving_models import Iris, make_artifact, make_iris, make_slow
from serving_process import Gateway, ServerProcess, wait_until


@pytest.fixture(scope="session", name="wait_until")
def _wait_until() -> Callable[..., Any]:
    return wait_until


@pytest.fixture(scope="session", name="make_artifact")
def _make_artifact() -> Callable[..., Manifest]:
    return make_artifact


@pytest.fixture(scope="session")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Iris:
    """Three versions of an iris classifier."""
    return make_iris(tmp_path_factory.mktemp)


@pytest.fixture(scope="session")
def slow_artifact(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """A model that takes its time."""
    folder = tmp_path_factory.mktemp("slow")
    return folder, make_slow(folder)


@pytest.fixture(scope="session")
def loaded(iris: Iris) -> dict[str, LoadedModel]:
    """All versions of the iris model in memory."""
    return {
        version: load_model(iris.manifests[version], iris.folders[version], 1) for version in iris.folders
    }


@pytest.fixture
def metrics() -> Metrics:
    """Meters on an empty segment."""
    return Metrics(Segment(new_segment("test")))


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


@pytest.fixture
def mute() -> Iterator[str]:
    """The address of a collector that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
