from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mlops_pipelines.errors import Unreachable
from mlops_pipelines.waiting import wait_for


class Answers(BaseHTTPRequestHandler):
    """Answers the statuses it was given, one a request."""

    statuses: Iterator[int] = iter(())

    def do_GET(self) -> None:
        self.send_response(next(self.statuses))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def url() -> Iterator[str]:
    """A server that is up and answers with `Answers.statuses`."""
    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_that_is_still_starting_is_waited_for_and_said_once(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlops_pipelines.waiting.POLL_SECONDS", 0.01)
    monkeypatch.setattr(Answers, "statuses", iter((503, 502, 403)))
    lines: list[str] = []
    wait_for("MLflow", url, lines.append)
    assert lines == [f"waiting for MLflow at {url}"]


def test_a_server_that_never_answers_is_given_up_with_its_address() -> None:
    with pytest.raises(
        Unreachable, match=r"the object store at http://127.0.0.1:9 did not answer within 0 s"
    ):
        wait_for("the object store", "http://127.0.0.1:9", lambda _: None, seconds=0)


def test_the_status_of_a_broken_server_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answers, "statuses", iter((500,)))
    with pytest.raises(Unreachable, match="within 0 s: status 500"):
        wait_for("MLflow", url, lambda _: None, seconds=0)
