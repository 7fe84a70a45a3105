"""Which requests are traced and logged, and what of them."""

from __future__ import annotations

import json
import subprocess
import sys
from timeit import repeat

import pytest

from mlops_serving.calls import Parent, parse_traceparent
from mlops_serving.request_lines import identity
from mlops_serving.tracing import Telemetry
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

    def offer(self, record):
        self.records.append(record)

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
        telemetry = Telemetry(Kept(), share, 0)
        assert bool(telemetry.begin({}.get)) is without
        assert bool(telemetry.begin({"traceparent": "nonsense"}.get)) is without
        assert telemetry.begin({"traceparent": SAMPLED}.get)
        assert not telemetry.begin({"traceparent": UNSAMPLED}.get)
    half = Telemetry(Kept(), 0.5, 0)
    assert 400 < sum(bool(half.begin({}.get)) for _ in range(1000)) < 600


def test_a_trace_goes_on_with_a_span_of_its_own_and_the_client_is_told():
    call = Telemetry(Kept(), 0, 0).begin({"traceparent": SAMPLED}.get)
    assert (call.trace_id, call.parent_id) == (TRACE, SPAN)
    assert call.headers == [("traceparent", f"00-{TRACE}-{call.span_id}-01")]
    assert parse_traceparent(call.headers[0][1]).span_id != SPAN
    fresh = Telemetry(Kept(), 1, 0).begin({}.get)
    assert (fresh.parent_id, len(fresh.trace_id), len(fresh.span_id)) == ("", 32, 16)


def test_a_request_that_is_only_logged_tells_the_client_of_no_trace():
    call = Telemetry(Kept(), 0, 1).begin({"traceparent": UNSAMPLED}.get)
    assert (call.traced, call.logged, call.headers, call.trace_id) == (False, True, [], TRACE)
    assert Telemetry(None, 1, 1).begin({"traceparent": SAMPLED}.get).traced is False


def test_stages_are_those_that_were_reached():
    call = Telemetry(Kept(), 1, 0).begin({}.get)
    assert call.stages(10, 11) == {}
    call.decoded = 11.0
    assert call.stages(10, 19) == {"decode": 1}
    call.taken = 13.0
    assert call.stages(10, 19) == {"decode": 1, "queue": 2}
    call.answered = 16.0
    assert call.stages(10, 20) == {"decode": 1, "queue": 2, "predict": 3, "encode": 4}
    call.taken = 0.0
    assert call.stages(10, 20) == {"decode": 1, "predict": 5, "encode": 4}


def test_a_request_is_told_from_others_by_its_trace_and_its_id():
    assert identity(None, None, None) == {}
    assert identity({}.get, None, None) == {}
    given = {"traceparent": UNSAMPLED, "x-request-id": "r" * 200}
    assert identity(given.get, None, None) == {"trace_id": TRACE, "request_id": "r" * 128}


@pytest.mark.parametrize("sent", [{}, {"traceparent": UNSAMPLED}], ids=["no parent", "unsampled parent"])
def test_a_request_that_is_not_traced_pays_less_than_two_microseconds(sent):
    telemetry = Telemetry(Kept(), 1e-9, 0)
    assert min(repeat(lambda: telemetry.begin(sent.get), number=2000, repeat=20)) / 2000 < 2e-6


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


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


def start(serve, tmp_path, iris, **more):
    return serve(folder_environ(tmp_path / "store", iris) | more).wait_ready()


def test_a_span_tells_of_model_rows_status_and_stages_and_hangs_below_its_caller(
    serve, tmp_path, iris, iris_body, receiver, wait_until
):
    server = start(serve, tmp_path, iris, MLOPS_OTLP_ENDPOINT=receiver.endpoint, MLOPS_TRACE_SAMPLE="0")
    body = iris_body(iris.rows[:3], id="mine")
    assert "traceparent" not in server.ask(INFER, body, traceparent=UNSAMPLED).headers
    assert "traceparent" not in server.ask(INFER, body).headers
    told = parse_traceparent(server.ask(INFER, body, traceparent=SAMPLED).headers["traceparent"])
    wait_until(lambda: receiver.spans)
    [span] = receiver.spans
    assert receiver.paths == {"/v1/traces"}
    assert (span.trace_id, span.parent_id) == (TRACE, SPAN) == (told.trace_id, SPAN)
    assert (span.span_id, span.name, span.kind, span.status) == (told.span_id, "infer", 2, 0)
    stages = {f"mlops.{stage}_seconds" for stage in ("decode", "predict", "encode")}
    assert span.attributes.keys() - stages == {
        "mlops." + name for name in ("model", "version", "role", "rows", "status")
    }
    assert [span.attributes[f"mlops.{name}"] for name in ("model", "version", "role", "rows", "status")] == [
        "iris",
        "1",
        "stable",
        3,
        200,
    ]
    assert sum(span.attributes[stage] for stage in stages) == pytest.approx(
        (span.end - span.start) / 1e9, abs=1e-4
    )
    assert span.resource["service.name"] == "mlops-serving"
    wait_until(lambda: server.metric('mlops_spans_total{result="exported"}') == 1)


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
    assert len({(span.trace_id, span.span_id) for span in receiver.spans}) == 30


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


def test_sampled_requests_get_one_line_without_their_data(serve, tmp_path, iris, iris_body):
    server = start(serve, tmp_path, iris, MLOPS_LOG_REQUESTS="1")
    server.ask(INFER, iris_body(iris.rows[:2], id="mine"), traceparent=UNSAMPLED)
    server.ask(INFER, {"inputs": []}, x_request_id="theirs")
    first, second = (line for line in server.logged() if line["message"] == "answered")
    assert 0 < first.pop("seconds") < 5
    assert first.keys() == {
        "time",
        "level",
        "message",
        "model",
        "version",
        "role",
        "rows",
        "status",
        "trace_id",
        "request_id",
    }
    assert [
        first[name] for name in ("model", "version", "role", "rows", "status", "trace_id", "request_id")
    ] == [
        "iris",
        "1",
        "stable",
        2,
        200,
        TRACE,
        "mine",
    ]
    assert (second["status"], second["request_id"]) == (400, "theirs")


def test_nothing_is_logged_of_requests_unless_asked_for(serve, tmp_path, iris, iris_body):
    server = start(serve, tmp_path, iris)
    server.ask(INFER, iris_body(iris.rows[:2]), traceparent=SAMPLED)
    assert not [line for line in server.logged() if line["message"] == "answered"]
