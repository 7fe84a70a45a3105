"""Which requests are traced and logged, and what of them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mlops_serving import request_lines
from mlops_serving.calls import MOST_LINKS, Parent, batched, parse_traceparent
from mlops_serving.tracing import Clock, Telemetry, records
from otlp_receiver import Receiver
from serving_folder import folder_environ
from serving_process import free_port

INFER = "/v2/models/iris/infer"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"


class Kept:
    """A recorder that keeps what it is offered."""

    def __init__(self):
        self.records = []

    def offer(self, records):
        self.records += records

    def close(self):
        pass


@pytest.mark.parametrize(
    ("given", "sampled"),
    [
        (SAMPLED, True),
        (UNSAMPLED, False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"00-{TRACE}-{SPAN}-02", False),
        (f"cc-{TRACE}-{SPAN}-01", True),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", True),
    ],
)
def test_a_traceparent_gives_ids_and_the_callers_decision(given, sampled):
    assert parse_traceparent(given) == Parent(TRACE, SPAN, sampled)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "00",
        SAMPLED + "-more",
        SAMPLED + ".",
        SAMPLED.upper().replace("00-", "00-", 1),
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0x",
        f"00-{TRACE}-{SPAN}-1",
        f"cc-{TRACE}-{SPAN}-01.what",
        f" {SAMPLED}",
    ],
)
def test_a_malformed_traceparent_counts_as_absent(given):
    assert parse_traceparent(given) is None


def test_the_caller_decides_and_without_one_the_share_does():
    for share, without in ((0, False), (1, True)):
        telemetry = Telemetry(Kept(), share, 0, 9)
        assert bool(telemetry.begin({}.get)) is without
        assert bool(telemetry.begin({"traceparent": "nonsense"}.get)) is without
        assert telemetry.begin({"traceparent": SAMPLED}.get)
        assert not telemetry.begin({"traceparent": UNSAMPLED}.get)
    half = Telemetry(Kept(), 0.5, 0, 9)
    assert 400 < sum(bool(half.begin({}.get)) for _ in range(1000)) < 600


def test_a_trace_goes_on_with_a_span_of_its_own_and_the_client_is_told():
    call = Telemetry(Kept(), 0, 0, 9).begin({"traceparent": SAMPLED}.get)
    assert (call.trace_id, call.parent_id) == (TRACE, SPAN)
    assert call.headers == [("traceparent", f"00-{TRACE}-{call.span_id}-01")]
    assert parse_traceparent(call.headers[0][1]).span_id != SPAN
    fresh = Telemetry(Kept(), 1, 0, 9).begin({}.get)
    assert (fresh.parent_id, len(fresh.trace_id), len(fresh.span_id)) == ("", 32, 16)


def test_a_request_that_is_only_logged_tells_the_client_of_no_trace():
    call = Telemetry(Kept(), 0, 1, 9).begin({"traceparent": UNSAMPLED}.get)
    assert (call.traced, call.logged, call.headers, call.trace_id) == (False, True, [], TRACE)
    assert Telemetry(None, 1, 1, 9).begin({"traceparent": SAMPLED}.get).traced is False


def test_of_requests_that_clients_trace_ten_a_second_are_logged(caplog, monkeypatch):
    monkeypatch.setattr(request_lines, "monotonic", lambda: 5.0)
    telemetry = Telemetry(Kept(), 1, 0, 9)
    with caplog.at_level("INFO", "mlops_serving"):
        for header in [{"traceparent": SAMPLED}] * 25 + [{}] * 20:
            telemetry.end(telemetry.begin(header.get), "m", None, None, 200, 0.0)
    theirs = [record for record in caplog.records if record.fields["trace_id"] == TRACE]
    assert (len(theirs), len(caplog.records)) == (10, 30)


def test_the_spans_of_a_request_are_of_what_it_reached():
    call = Telemetry(Kept(), 1, 0, 9).begin({}.get)
    assert [kept.name for kept in told(call)] == ["infer"]
    call.decoded, call.queued = 11.0, 11.0
    infer, queue = told(call)
    assert infer.attributes == {"mlops.status": 504, "mlops.decode_seconds": 1}
    assert (queue.start, queue.end, queue.parent_id) == (1_000, 10_000, call.span_id)
    call.taken = 13.0
    batched([call], 3, 7)
    call.predicted = 14.0, 16.0
    infer, queue, batch, predict = told(call)
    assert (infer.failed, queue.failed, batch.failed, predict.failed) == (True, False, True, True)
    call.answered = 17.0
    infer, queue, batch, predict = told(call, 200)
    assert infer.attributes["mlops.encode_seconds"] == 3
    assert batch.attributes == {"mlops.batch_requests": 3, "mlops.batch_rows": 7}
    assert [(kept.start, kept.end) for kept in (infer, queue, batch, predict)] == [
        (0, 10_000),
        (1_000, 3_000),
        (3_000, 7_000),
        (4_000, 6_000),
    ]
    assert [kept.parent_id for kept in (infer, queue, batch, predict)] == [
        "",
        infer.span_id,
        infer.span_id,
        batch.span_id,
    ]
    assert [kept.server for kept in (infer, queue, batch, predict)] == [True, False, False, False]
    assert {kept.failed for kept in (infer, queue, batch, predict)} == {False}


def told(call, code=504):
    """The spans of a call from second 10 to 20; nanoseconds are counted from its beginning."""
    moments = records(call, {"status": code}, code, 10.0, Clock(20.0, 10 * 10**9))
    return [kept._replace(start=kept.start // 10**6, end=kept.end // 10**6) for kept in moments]


def test_the_first_of_a_batch_is_linked_with_every_other_and_they_with_it():
    telemetry = Telemetry(Kept(), 0, 1, 9)
    calls = [telemetry.begin({"traceparent": SAMPLED}.get) for _ in range(3)]
    untraced = telemetry.begin({}.get)
    batched([calls[0], untraced, *calls[1:]], 9, 9)
    first, *others = [(call.trace_id, call.batch.span_id) for call in calls]
    assert [call.batch.links for call in calls] == [tuple(others), (first,), (first,)]
    assert untraced.batch is None
    many = [telemetry.begin({"traceparent": SAMPLED}.get) for _ in range(200)]
    batched(many, 200, 200)
    assert {len(call.batch.links) for call in many[1:]} == {1}
    assert len(many[0].batch.links) == MOST_LINKS


@pytest.mark.parametrize("sent", [{}, {"traceparent": UNSAMPLED}], ids=["no parent", "unsampled parent"])
def test_of_a_request_that_is_not_traced_one_header_is_read_and_nothing_is_noted(sent):
    asked = []
    telemetry = Telemetry(Kept(), 0, 0, 9)
    assert telemetry.begin(lambda name: asked.append(name) or sent.get(name)) is None
    assert asked == ["traceparent"]


def test_where_nothing_is_traced_or_logged_no_header_is_read():
    asked = []
    assert Telemetry(None, 1, 0, 9).begin(asked.append) is None
    assert asked == []


def test_without_an_endpoint_opentelemetry_is_not_imported():
    program = (
        "import sys, mlops_serving.worker, mlops_serving.supervisor\nprint('opentelemetry' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "False"


def test_traces_without_the_packages_for_them_are_a_wrong_setting():
    program = """
import sys
sys.modules["opentelemetry.exporter"] = None
from mlops_serving.settings import read_settings
from mlops_serving.supervisor import check_mounted
models = '[{"name": "iris", "endpoint": "flowers"}]'
end = {"MLOPS_OTLP_ENDPOINT": "http://collector:4318"}
check_mounted(read_settings({"MLOPS_MODELS": models, "MLOPS_STORE_URL": "file:///x"} | end))
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert found.stderr.splitlines()[-1] == (
        "mlops_serving.errors.SettingsError: MLOPS_OTLP_ENDPOINT is set but OpenTelemetry is not installed; "
        "install mlops-serving[otel]"
    )


def start(serve, tmp_path, iris, **more):
    return serve(folder_environ(tmp_path / "store", iris) | more).wait_ready()


def test_an_answer_names_its_span_if_the_caller_or_the_share_wanted_one(
    serve, tmp_path, iris, iris_body, receiver, wait_until
):
    server = start(serve, tmp_path, iris, MLOPS_OTLP_ENDPOINT=receiver.endpoint, MLOPS_TRACE_SAMPLE="0")
    body = iris_body(iris.rows[:3], id="mine")
    assert "traceparent" not in server.ask(INFER, body, traceparent=UNSAMPLED).headers
    assert "traceparent" not in server.ask(INFER, body).headers
    told = parse_traceparent(server.ask(INFER, body, traceparent=SAMPLED).headers["traceparent"])
    wait_until(lambda: len(receiver.spans) == 4)
    infer = receiver.spans[0]
    assert receiver.paths == {"/v1/traces"}
    assert (infer.trace_id, infer.span_id) == (TRACE, told.span_id) == (told.trace_id, told.span_id)
    assert infer.attributes.pop("mlops.decode_seconds") > 0 < infer.attributes.pop("mlops.encode_seconds")
    assert infer.attributes == {
        "mlops.model": "iris",
        "mlops.version": "1",
        "mlops.role": "stable",
        "mlops.rows": 3,
        "mlops.status": 200,
    }
    assert infer.resource["service.name"] == "mlops-serving"
    wait_until(lambda: server.metric('mlops_spans_total{result="exported"}') == 4)


def test_requests_that_fail_are_traced_too(serve, tmp_path, iris, iris_body, receiver, wait_until):
    environ = {"MLOPS_OTLP_ENDPOINT": receiver.endpoint, "OTEL_RESOURCE_ATTRIBUTES": "service.name=shop"}
    server = start(serve, tmp_path, iris, **environ)
    assert server.ask(INFER, {"inputs": []}, traceparent=SAMPLED).status == 400
    assert server.ask("/v2/models/other/infer", {}, traceparent=SAMPLED).status == 404
    wait_until(lambda: len(receiver.spans) == 2)
    assert [span.attributes for span in receiver.spans] == [
        {"mlops.model": "iris", "mlops.version": "1", "mlops.role": "stable", "mlops.status": 400},
        {"mlops.status": 404},
    ]
    assert {span.status for span in receiver.spans} == {0}
    assert {span.resource["service.name"] for span in receiver.spans} == {"shop"}


def test_what_is_left_is_sent_when_the_server_stops(serve, tmp_path, iris, iris_body, receiver):
    server = start(
        serve,
        tmp_path,
        iris,
        MLOPS_OTLP_ENDPOINT=receiver.endpoint,
        MLOPS_TRACE_SAMPLE="1",
        MLOPS_DRAIN_SECONDS="0",
    )
    for _ in range(30):
        server.ask(INFER, iris_body(iris.rows[:1]))
    assert server.terminate() == 0
    assert len({span.trace_id for span in receiver.spans}) == 30
    assert len({span.span_id for span in receiver.spans}) == 120


def test_a_collector_that_is_down_costs_spans_but_no_answers_and_is_used_when_it_is_back(
    serve, tmp_path, iris, iris_body, wait_until
):
    port = free_port()
    more = {"MLOPS_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "MLOPS_TRACE_SAMPLE": "1"}
    server = start(serve, tmp_path, iris, **more)
    body = json.dumps(iris_body(iris.rows[:1])).encode()
    for _ in range(20):
        assert server.ask(INFER, body).status == 200
    wait_until(lambda: server.metric('mlops_spans_total{result="failed"}') > 0)
    receiver = Receiver(port)
    try:
        wait_until(lambda: server.ask(INFER, body).status == 200 and receiver.spans)
        wait_until(lambda: "traces are exported again" in server.log.read_text())
    finally:
        receiver.close()
    said = [line["message"] for line in server.logged() if "traces" in line["message"]]
    assert said == ["traces cannot be exported; they are dropped", "traces are exported again"]
    assert server.terminate() == 0
