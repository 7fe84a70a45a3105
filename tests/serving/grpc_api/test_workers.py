"""The gRPC port of several workers, of none, and one that another server has."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

import pytest
from tritonclient.utils import InferenceServerException

LISTENING, ESTABLISHED = "0A", "01"


def workers(server):
    """Process ids of the workers."""
    pid = server.process.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def sockets(worker, port, state):
    """How many sockets on a local port a process has in a state of /proc/net/tcp."""
    tables = [Path("/proc/net/tcp").read_text(), Path("/proc/net/tcp6").read_text()]
    lines = [line.split() for table in tables for line in table.splitlines()[1:]]
    wanted = {
        f"socket:[{line[9]}]" for line in lines if line[1].endswith(f":{port:04X}") and line[3] == state
    }
    held = set()
    for descriptor in Path(f"/proc/{worker}/fd").iterdir():
        with suppress(FileNotFoundError):
            held.add(str(descriptor.readlink()))
    return len(wanted & held)


def answered(server):
    return server.process.metric('mlops_requests_total{model="iris",version="1",role="stable",code="200"}')


@pytest.fixture
def inputs(tensor, iris):
    return [tensor("X", "FP32", iris.rows[:1])]


def test_workers_share_the_port(start, iris_artifact, inputs, wait_until):
    server = start(iris_artifact, workers=2)
    wait_until(lambda: server.process.metric("mlops_ready") == 1)
    wait_until(lambda: all(sockets(one, server.port, LISTENING) for one in workers(server)))
    clients = [server.client() for _ in range(24)]
    for client in clients:
        assert client.infer("iris", inputs).as_numpy("label").tolist() == [0]
    assert answered(server) == 24
    held = [sockets(one, server.port, ESTABLISHED) for one in workers(server)]
    assert sum(held) == 24
    assert min(held) > 0


def test_a_client_of_a_killed_worker_comes_back_by_itself(start, iris_artifact, inputs, wait_until):
    server = start(iris_artifact)
    client = server.client()
    client.infer("iris", inputs)
    victim, statuses = workers(server)[0], set()
    os.kill(victim, signal.SIGKILL)

    def answers():
        try:
            return client.infer("iris", inputs)
        except InferenceServerException as error:
            statuses.add(error.status())
            return None

    assert wait_until(answers).as_numpy("label").tolist() == [0]
    assert victim not in workers(server)
    assert statuses <= {"StatusCode.UNAVAILABLE"}


def test_a_port_that_another_server_has_is_refused_on_start(start, iris_artifact, serve, tmp_path):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        server = serve({"MLOPS_STORE_URL": f"file://{tmp_path}", "MLOPS_GRPC_PORT": str(port)})
        assert server.process.wait(20) == 1
    assert server.logged()[-1]["message"] == (
        f"cannot listen on 127.0.0.1:{port}: Address already in use; stop what listens there or set another "
        "MLOPS_GRPC_PORT"
    )


def test_a_server_without_the_port_does_not_load_the_library(start, iris_artifact):
    def maps(server):
        return [Path(f"/proc/{worker}/maps").read_text() for worker in workers(server)]

    assert all("cygrpc" in text for text in maps(start(iris_artifact)))
    assert not any("cygrpc" in text for text in maps(start(iris_artifact, grpc_port=0)))
