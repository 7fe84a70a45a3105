"""Leaving: SIGTERM under load must not cost a single request."""

from __future__ import annotations

import json
import signal
import threading
import time

import numpy as np

from mlops_serving.publish import publish
from mlops_serving.store import Store, store_settings
from serving_process import models

PATH = "/v2/models/iris/infer"


def test_sigterm_under_load_loses_no_request_and_tells_every_client_to_leave(
    serve, gateway, iris_store, iris, iris_body, wait_until
):
    body = json.dumps(iris_body(iris.rows[:1])).encode()
    for run in range(20):
        workers = {"MLOPS_WORKERS": str(1 + run % 2)}
        server = serve(gateway.environ("models") | workers).wait_ready()
        load = server.load(8, PATH, body, threading.Event())
        wait_until(lambda load=load: len(load.replies) > 200)
        assert server.terminate() == 0
        load.join()
        assert load.lost == []
        assert {status for status, _ in load.replies} == {200}
        assert load.told_to_close == 8


def test_while_draining_it_is_not_ready_but_still_serves_new_connections(
    serve, gateway, iris_store, iris, iris_body, wait_until
):
    server = serve(gateway.environ("models") | {"MLOPS_DRAIN_SECONDS": "3"}).wait_ready()
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: server.status() == 503)
    ready = server.ask("/v2/health/ready")
    assert ready.json == {"error": "the server is shutting down", "live": True, "ready": False}
    assert server.status("/v2/health/live") == 200
    reply = server.ask(PATH, iris_body(iris.rows[:1]))
    assert (reply.status, reply.headers["connection"]) == (200, "close")
    assert server.process.wait(10) == 0


def test_requests_that_are_with_the_model_at_the_end_of_the_drain_are_answered(
    serve, gateway, slow_artifact, wait_until
):
    environ = gateway.environ("models") | {
        "MLOPS_MODELS": models("1", "slow"),
        "MLOPS_DRAIN_SECONDS": "0",
        "MLOPS_MAX_BATCH_ROWS": "1",
    }
    publish(Store(store_settings(environ)), *slow_artifact)
    server = serve(environ).wait_ready()
    tensor = {"name": "X", "shape": [1, 256], "datatype": "FP32", "data": [0.5] * 256}
    stop = threading.Event()
    load = server.load(4, "/v2/models/slow/infer", json.dumps({"inputs": [tensor]}).encode(), stop)
    wait_until(lambda: server.metric('mlops_in_flight{model="slow"}') == 4)
    stop.set()
    assert server.terminate() == 0
    load.join()
    assert load.lost == []
    assert [status for status, _ in load.replies[-4:]] == [200] * 4
    answer = json.loads(load.replies[-1][1])["outputs"][0]["data"]
    np.testing.assert_array_equal(answer, 0.5)


def test_an_idle_server_leaves_after_half_the_drain_time(serve, gateway, iris_store):
    server = serve(gateway.environ("models") | {"MLOPS_DRAIN_SECONDS": "4"}).wait_ready()
    began = time.monotonic()
    assert server.terminate() == 0
    assert 2 <= time.monotonic() - began < 4


def test_ctrl_c_does_not_wait_for_load_balancers(serve, gateway, iris_store):
    server = serve(gateway.environ("models") | {"MLOPS_DRAIN_SECONDS": "60"}).wait_ready()
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(5) == 0
