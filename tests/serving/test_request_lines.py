"""Which requests get a line in the log, and by what it is found."""

from __future__ import annotations

import logging

import pytest

from mlops_serving import request_lines
from mlops_serving.publish import publish
from mlops_serving.request_lines import Lines, identity
from mlops_serving.store import Store, store_settings
from otlp_receiver import Receiver
from serving_folder import folder_environ
from serving_process import models
from serving_python import make_class

INFER = "/v2/models/iris/infer"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"
SLEEPER = """
import time

class Double:
    def predict(self, inputs):
        time.sleep(0.05)
        return {"y": inputs["x"] * 2}
"""
BODY = {"id": "mine", "inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [3]}]}


def test_a_request_is_told_from_others_by_its_trace_and_its_id():
    assert identity(None, None, None) == {}
    assert identity({}.get, None, None) == {}
    given = {"traceparent": UNSAMPLED, "x-request-id": "r" * 200}
    assert identity(given.get, None, None) == {"trace_id": TRACE, "request_id": "r" * 128}


def test_of_many_slow_requests_ten_a_second_are_logged_and_the_others_counted(caplog, monkeypatch):
    now = 5.0
    monkeypatch.setattr(request_lines, "monotonic", lambda: now)
    lines = Lines()
    with caplog.at_level(logging.INFO, "mlops_serving"):
        for number in range(25):
            lines.noticed({"request_id": number})
        assert [record.fields for record in caplog.records] == [{"request_id": n} for n in range(10)]
        lines.asked_for({"request_id": "asked"})
        now = 6.5
        lines.noticed({"request_id": 25})
        lines.noticed({"request_id": 26})
    assert [(record.levelname, record.fields) for record in caplog.records[10:]] == [
        ("INFO", {"request_id": "asked"}),
        ("WARNING", {"request_id": 25, "left_out": 15}),
        ("WARNING", {"request_id": 26}),
    ]


def answered(server):
    return [line for line in server.logged() if line["message"] == "answered"]


def test_requests_drawn_for_the_log_get_one_line_without_their_data(serve, tmp_path, iris, iris_body):
    server = serve(folder_environ(tmp_path / "store", iris) | {"MLOPS_LOG_REQUESTS": "1"}).wait_ready()
    server.ask(INFER, iris_body(iris.rows[:2], id="mine"), traceparent=UNSAMPLED)
    server.ask(INFER, {"inputs": []}, x_request_id="theirs")
    first, second = answered(server)
    assert 0 < first.pop("seconds") < 5
    assert first.pop("time")
    assert first == {
        "level": "info",
        "message": "answered",
        "model": "iris",
        "version": "1",
        "role": "stable",
        "rows": 2,
        "status": 200,
        "trace_id": TRACE,
        "request_id": "mine",
    }
    assert (second["status"], second["request_id"]) == (400, "theirs")


def test_every_traced_request_has_a_line_with_its_trace(serve, tmp_path, iris, iris_body, wait_until):
    receiver = Receiver()
    try:
        more = {"MLOPS_OTLP_ENDPOINT": receiver.endpoint, "MLOPS_TRACE_SAMPLE": "1"}
        server = serve(folder_environ(tmp_path / "store", iris) | more).wait_ready()
        server.ask(INFER, iris_body(iris.rows[:2], id="mine"), traceparent=UNSAMPLED)
        server.ask(INFER, iris_body(iris.rows[:2], id="mine"), traceparent=SAMPLED)
        server.ask(INFER, iris_body(iris.rows[:2]), x_request_id="theirs")
        wait_until(lambda: len(receiver.spans) == 8)
        traces = list(dict.fromkeys(span.trace_id for span in receiver.spans))
    finally:
        receiver.close()
    assert traces[0] == TRACE
    assert [(line["trace_id"], line["request_id"]) for line in answered(server)] == [
        (traces[0], "mine"),
        (traces[1], "theirs"),
    ]


def test_nothing_is_logged_of_quick_requests_unless_asked_for(serve, tmp_path, iris, iris_body):
    server = serve(folder_environ(tmp_path / "store", iris)).wait_ready()
    server.ask(INFER, iris_body(iris.rows[:2]), traceparent=SAMPLED)
    assert answered(server) == []


@pytest.fixture
def sleeper(tmp_path, serve):
    """A server of a model that takes 50 ms."""
    environ = {
        "MLOPS_STORE_URL": f"file://{tmp_path / 'store'}",
        "MLOPS_MODELS": models("1", "double"),
        "MLOPS_ALLOW_CODE": '["double"]',
        "MLOPS_LOG_SLOW_SECONDS": "0.05",
    }
    publish(Store(store_settings(environ)), tmp_path / "made", make_class(tmp_path / "made", SLEEPER))
    return lambda **more: serve(environ | more).wait_ready()


def test_a_slow_request_has_a_line_by_which_it_is_found(sleeper):
    server = sleeper()
    assert server.ask("/v2/models/double/infer", BODY, traceparent=UNSAMPLED).status == 200
    (line,) = answered(server)
    assert line["seconds"] >= 0.05
    assert (line["level"], line["status"], line["trace_id"], line["request_id"]) == (
        "warning",
        200,
        TRACE,
        "mine",
    )


def test_a_request_whose_time_ran_out_has_a_line(sleeper):
    server = sleeper(MLOPS_LOG_SLOW_SECONDS="60")
    assert server.ask("/v2/models/double/infer", BODY).status == 200
    late = BODY | {"parameters": {"timeout": 1}}
    assert server.ask("/v2/models/double/infer", late, traceparent=SAMPLED).status == 503
    (line,) = answered(server)
    assert (line["level"], line["status"], line["trace_id"]) == ("warning", 503, TRACE)
