"""What `mlops predict` says of its trace, to the server, to a collector and to whoever asked."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mlops_cli import client_trace, lifecycle, main
from mlops_serving.publish import publish
from mlops_serving.store import Store, store_settings
from mlops_stacks.settings import Settings, load
from otlp_receiver import Receiver
from serving_process import ServerProcess, models, wait_until
from serving_python import make_class
from stack_settings import CLUSTER

COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"
TENSOR = {"name": "x", "shape": [1], "datatype": "FP32", "data": [3]}


def traced(which: str) -> Settings:
    """Settings with tracing of all endpoints, of `one` or of `none`."""
    tracing = {"endpoint": "http://collector.example.org:4318"}
    endpoints = [{"name": name, "model": "double"} for name in ("double", "other")]
    endpoints[0] |= {"tracing": tracing} if which == "one" else {}
    monitoring = {"mode": "run", "tracing": {}} if which == "all" else {"mode": "none"}
    return load({"cluster": CLUSTER, "endpoints": endpoints, "monitoring": monitoring})


@pytest.fixture
def server(tmp_path: Path, receiver: Receiver) -> Iterator[ServerProcess]:
    """A model server that traces what its clients want traced."""
    environ = {
        "MLOPS_STORE_URL": f"file://{tmp_path / 'store'}",
        "MLOPS_MODELS": models("1", "double"),
        "MLOPS_ALLOW_CODE": '["double"]',
        "MLOPS_OTLP_ENDPOINT": receiver.endpoint,
        "MLOPS_TRACE_SAMPLE": "1",
    }
    publish(Store(store_settings(environ)), tmp_path / "made", make_class(tmp_path / "made"))
    server = ServerProcess(environ, tmp_path)
    yield server.wait_ready()
    server.process.kill()
    server.process.wait()


@pytest.fixture
def predict(server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`predict(*options, tensor)` runs the command against the server."""
    entry = {"url": f"http://127.0.0.1:{server.port}", "model": "double"}
    monkeypatch.setattr(main, "_environment", lambda name: SimpleNamespace(settings=traced("all")))
    monkeypatch.setattr(lifecycle, "endpoint_of", lambda *asked: entry)
    file = tmp_path / "request.json"

    def run(*options: str, **changed: Any) -> Result:
        file.write_text(json.dumps({"id": "mine", "inputs": [TENSOR | changed]}))
        return CliRunner().invoke(main.app, ["predict", "double", "--file", str(file), *options])

    return run


def told(result: Result) -> str:
    """The trace's id that the command printed, and nothing else on stderr."""
    found = re.fullmatch("trace ([0-9a-f]{32})\n", result.stderr)
    assert found, result.stderr
    return found[1]


def test_one_trace_leads_from_the_client_to_the_model(
    predict: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, server: ServerProcess
) -> None:
    monkeypatch.setenv(COLLECTOR, receiver.endpoint)
    result = predict("--trace")
    assert json.loads(result.stdout)["outputs"][0]["data"] == [6]
    wait_until(lambda: len(receiver.spans) == 5)
    spans = {span.name: span for span in receiver.spans}
    assert {span.trace_id for span in receiver.spans} == {told(result)}
    parents = {name: span.parent_id for name, span in spans.items()}
    assert parents == {
        "predict": spans["batch"].span_id,
        "batch": spans["infer"].span_id,
        "queue": spans["infer"].span_id,
        "infer": spans["mlops predict"].span_id,
        "mlops predict": "",
    }
    client = spans["mlops predict"]
    assert (client.kind, client.status, client.resource["service.name"]) == (3, 0, "mlops-cli")
    assert client.start <= spans["infer"].start <= spans["infer"].end <= client.end
    (line,) = [line for line in server.logged() if line["message"] == "answered"]
    assert (line["trace_id"], line["request_id"]) == (told(result), "mine")


def test_without_a_collector_of_its_own_the_client_leaves_no_span_but_the_server_does(
    predict: Any, receiver: Receiver
) -> None:
    result = predict("--trace")
    wait_until(lambda: len(receiver.spans) == 4)
    assert {span.trace_id for span in receiver.spans} == {told(result)}
    assert receiver.spans[0].parent_id


def test_a_request_that_is_not_to_be_traced_is_not(predict: Any, server: ServerProcess) -> None:
    result = predict()
    assert (result.exit_code, result.stderr) == (0, "")
    assert server.metric('mlops_spans_total{result="exported"}') == 0
    assert [line for line in server.logged() if line["message"] == "answered"] == []


def test_a_failed_request_says_by_what_the_log_has_it_and_its_span_has_no_data(
    predict: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COLLECTOR, receiver.endpoint)
    result = predict("--trace", datatype="123454321")
    assert result.exit_code == 1
    assert f"trace_id {told(result)}" in str(result.exception)
    wait_until(lambda: len(receiver.spans) == 2)
    client = next(span for span in receiver.spans if span.name == "mlops predict")
    assert client.status == 2
    assert "123454321" not in repr(receiver.spans)


def test_a_collector_that_does_not_answer_costs_seconds_and_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setenv(COLLECTOR, f"http://127.0.0.1:{listening.getsockname()[1]}")
        began = time.monotonic()
        with client_trace.traceparent("mlops predict", sampled=True) as header:
            assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", header)
        assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("which", "found"), [("all", (True, True)), ("one", (True, False)), ("none", (False, False))]
)
def test_a_trace_that_nobody_collects_is_said_to_be_so(which: str, found: tuple[bool, bool]) -> None:
    settings = traced(which)
    said = [client_trace.uncollected(settings, name) for name in ("double", "other")]
    assert tuple(one is None for one in said) == found
    assert all("set mlops:monitoring.tracing" in one for one in said if one)
