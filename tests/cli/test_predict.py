"""What `mlops up` and `mlops predict` say of an endpoint's answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mlops_cli import predict
from mlops_cli.errors import NotServing, RequestRefused
from mlops_cli.ui import Ui
from mlops_stacks.settings import load
from stack_settings import CLUSTER

IDLE = {"minReplicas": 0, "scaling": {"by": "concurrency", "targetInFlight": 3}}
SETTINGS = load(
    {
        "cluster": CLUSTER,
        "keda": {"mode": "run"},
        "monitoring": {"mode": "run"},
        "endpoints": [
            {"name": "mortgage", "model": "mortgage"},
            {"name": "seldom", "model": "mortgage", "nodePort": 30081} | IDLE,
            {"name": "rare", "model": "mortgage", "nodePort": 30082}
            | IDLE
            | {"scaling": IDLE["scaling"] | {"idle": {"holdFor": "2m"}}},
        ],
    }
)
NOBODY = "http://127.0.0.1:1"
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-00"


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """The address of an endpoint that always answers so."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on the test's output."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("endpoint", "seconds"), [("mortgage", 10), ("seldom", 70), ("rare", 130)])
def test_an_endpoint_that_may_have_no_pods_is_given_the_time_of_its_gate(endpoint: str, seconds: int) -> None:
    assert predict.patience(SETTINGS, endpoint) == seconds


def test_an_answer_is_decoded() -> None:
    with answering(200, b'{"model_name": "m"}') as url:
        assert predict.predict(url, {}, TRACE, 10) == {"model_name": "m"}


@pytest.mark.parametrize(("status", "failure"), [(400, RequestRefused), (503, NotServing)])
def test_another_answer_is_told_with_the_trace(status: int, failure: type[NotServing]) -> None:
    with answering(status, b"why") as url, pytest.raises(NotServing) as caught:
        predict.predict(url, {}, TRACE, 10)
    assert type(caught.value) is failure
    assert str(caught.value) == (
        f"{url} answered {status}: why\nWhat the server's log says of it has the trace_id {'a' * 32}."
    )


def test_up_does_not_fail_for_a_version_that_takes_other_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(400, b"input 'features' is unknown") as url:
        predict.show_example({"state": "ready", "model": "mortgage", "url": url}, Ui())
    said = capsys.readouterr().out.splitlines()
    assert said[-3:-1] == [
        "The version that is served does not take the reference model's row:",
        f"{url}/v2/models/mortgage/infer answered 400: input 'features' is unknown",
    ]


def test_up_fails_for_an_endpoint_that_does_not_serve() -> None:
    with answering(503, b"") as url, pytest.raises(NotServing):
        predict.show_example({"state": "ready", "model": "mortgage", "url": url}, Ui())


def test_no_example_is_sent_to_a_model_of_somebody_else(capsys: pytest.CaptureFixture[str]) -> None:
    predict.show_example({"state": "ready", "model": "iris", "url": NOBODY}, Ui())
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("state", ["idle", "waking"])
def test_an_endpoint_without_pods_is_not_asked(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    predict.show_example({"state": state, "model": "mortgage", "url": NOBODY}, Ui())
    assert capsys.readouterr().out.splitlines()[-1] == "not asked, as it has no pod: a request starts one"
