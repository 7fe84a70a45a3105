"""More requests than the model can answer: refusals at once, and health that never queues."""

from __future__ import annotations

import json
import threading
import time

import pytest

from mlops_serving.publish import publish
from mlops_serving.store import Store, store_settings
from serving_process import models

PATH = "/v2/models/slow/infer"
ROW = {"name": "X", "shape": [1, 256], "datatype": "FP32", "data": [0.5] * 256}
BODY = json.dumps({"inputs": [ROW]}).encode()


@pytest.fixture
def slow_server(serve, gateway, slow_artifact):
    environ = gateway.environ("models") | {
        "MLOPS_MODELS": models("1", "slow"),
        "MLOPS_MAX_BATCH_ROWS": "1",
        "MLOPS_QUEUE_ROWS": "2",
    }
    publish(Store(store_settings(environ)), *slow_artifact)
    return serve(environ).wait_ready()


def test_over_the_bound_requests_are_refused_with_retry_after_and_the_rest_are_answered(
    slow_server, wait_until
):
    stop = threading.Event()
    load = slow_server.load(8, PATH, BODY, stop)
    refused = wait_until(lambda: (reply := slow_server.ask(PATH, BODY)).status == 503 and reply)
    assert refused.headers["retry-after"] == "1"
    assert refused.json["error"].startswith("the queue is full (2 rows, ")
    wait_until(lambda: [status for status, _ in load.replies].count(200) >= 5)
    stop.set()
    load.join()
    assert load.lost == []
    assert {status for status, _ in load.replies} == {200, 503}
    assert slow_server.metric('mlops_rejected_total{model="slow",reason="overloaded"}') > 0
    wait_until(lambda: slow_server.metric('mlops_queue_rows{model="slow"}') == 0)


def test_health_answers_while_the_model_is_busy(slow_server, wait_until):
    stop = threading.Event()
    load = slow_server.load(3, PATH, BODY, stop)
    wait_until(lambda: slow_server.metric('mlops_queue_rows{model="slow"}') > 0)
    took = []
    for _ in range(20):
        began = time.perf_counter()
        assert slow_server.status() == 200
        took.append(time.perf_counter() - began)
    stop.set()
    load.join()
    assert sorted(took)[10] < 0.05


def test_a_requests_own_timeout_is_kept(slow_server, wait_until):
    stop = threading.Event()
    load = slow_server.load(2, PATH, BODY, stop)
    wait_until(lambda: slow_server.metric('mlops_queue_rows{model="slow"}') > 0)
    reply = slow_server.ask(PATH, {"inputs": [ROW], "parameters": {"timeout": 1000}})
    stop.set()
    load.join()
    assert reply.status == 503
    assert "longer than it may" in reply.json["error"]
