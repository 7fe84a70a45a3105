"""Several worker processes behind one port: they share the work, and a dead one is replaced."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

INFER = "/v2/models/iris/infer"


@pytest.fixture
def server(serve, gateway, iris_store, wait_until):
    server = serve(gateway.environ("models") | {"MLOPS_WORKERS": "2"}).wait_ready()
    wait_until(lambda: server.metric("mlops_ready") == 1)
    return server


def workers(server):
    """Process ids of the workers."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return [int(child) for child in children.split()]


def answered(server):
    return server.metric('mlops_requests_total{model="iris",version="1",role="stable",code="200"}')


def test_every_worker_answers_and_the_metrics_are_of_all_of_them(server, iris, iris_body, wait_until):
    assert len(workers(server)) == 2
    for _ in range(40):
        assert server.ask(INFER, iris_body(iris.rows[:1])).status == 200
    assert answered(server) == 40

    def statistics():
        (found,) = server.ask("/v2/models/iris/stats").json["model_stats"]
        return found["inference_stats"]["success"]["count"], found["inference_count"], found["last_inference"]

    wait_until(lambda: statistics()[:2] == (40, 40))
    assert abs(statistics()[2] / 1000 - time.time()) < 60
    assert server.metric("mlops_workers") == 2
    used = [server.metric(f'process_cpu_seconds_total{{process="worker-{number}"}}') for number in (0, 1)]
    assert all(seconds > 0 for seconds in used)


def test_a_killed_worker_is_replaced_and_only_its_own_requests_are_lost(server, iris, iris_body, wait_until):
    stop = threading.Event()
    connections = 8
    load = server.load(connections, INFER, json.dumps(iris_body(iris.rows[:1])).encode(), stop)
    wait_until(lambda: answered(server) > 100)
    victim = workers(server)[0]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: server.metric("mlops_worker_restarts_total") == 1)
    wait_until(lambda: len(workers(server)) == 2 and server.metric("mlops_ready") == 1)
    before = answered(server)
    wait_until(lambda: answered(server) > before + 100)
    stop.set()
    load.join()
    assert victim not in workers(server)
    assert {status for status, _ in load.replies} == {200}
    # A client loses at most the one request that it had with the dead worker.
    assert 0 < len(load.lost) < connections
    assert answered(server) >= len(load.replies)
    wait_until(lambda: server.metric('mlops_in_flight{model="iris"}') == 0)
    assert [line["code"] for line in server.logged() if "worker died" in line["message"]] == [-9]


def test_all_workers_drain_and_the_server_ends_well(server):
    assert server.terminate() == 0
    assert server.logged()[-1]["message"] == "stopped"
    assert sum(line["message"] == "draining" for line in server.logged()) == 2


def test_workers_leave_when_their_supervisor_is_gone(server, wait_until):
    left = workers(server)
    server.process.kill()
    server.process.wait()
    wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in left))


def test_sigterm_before_the_workers_have_begun_is_a_good_end(serve, gateway, iris_store, wait_until):
    server = serve(gateway.environ("models") | {"MLOPS_WORKERS": "2"})
    wait_until(lambda: len(workers(server)) == 2)
    assert server.terminate() == 0
