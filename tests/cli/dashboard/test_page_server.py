from __future__ import annotations

import hashlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.datastructures import Headers

import dashboard_world
from dashboard_page import Page, served
from mlops_cli.dashboard.hub import Topic
from mlops_cli.dashboard.server import HERE, SECURITY, listen, refusal, topic_of
from mlops_cli.errors import CommandError
from serving_process import wait_until

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """Renews itself once a minute."""
    with served(dashboard_world.script(), refresh=60) as made:
        yield made


@pytest.fixture(scope="module")
def client(page: Page) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=page.origin, trust_env=False) as made:
        yield made


def first_event(client: httpx.Client, path: str) -> dict[str, Any]:
    with client.stream("GET", path) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line.startswith("data: "):
                document: dict[str, Any] = json.loads(line.removeprefix("data: "))
                return document
    pytest.fail("the stream ended without data")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/style.css", "text/css"),
        ("/static/main.js", "text/javascript"),
        ("/static/icon.svg", "image/svg+xml"),
        ("/vendor/uPlot.esm.js", "text/javascript"),
        ("/vendor/uPlot.LICENSE", "text/plain"),
        ("/runbooks/input-drift.md", "text/plain"),
    ],
)
def test_every_file_has_its_type_and_all_guards(client: httpx.Client, path: str, kind: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert {name: answer.headers[name] for name in SECURITY} == SECURITY
    assert "server" not in answer.headers


def test_files_of_others_are_as_they_came() -> None:
    rows = [line.split("`") for line in (HERE / "vendor" / "README.md").read_text().splitlines()]
    named = {row[1]: row[5] for row in rows if len(row) == 7}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (HERE / "vendor").iterdir()
        if path.name != "README.md"
    }
    assert found == named


def test_nothing_is_allowed_but_files_of_this_server() -> None:
    directives = dict(each.split(" ", 1) for each in SECURITY["content-security-policy"].split("; "))
    assert {source for name, source in directives.items() if name.endswith("-src")} == {"'self'", "'none'"}
    assert directives["default-src"] == directives["frame-ancestors"] == "'none'"
    assert (directives["require-trusted-types-for"], directives["trusted-types"]) == ("'script'", "'none'")


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/static/../server.py", "/static/%2e%2e/server.py", "/vendor/", "/page.html", "/server.py"],
)
def test_there_is_nothing_else(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert {name: answer.headers[name] for name in SECURITY} == SECURITY


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_it_is_read_only(client: httpx.Client, method: str) -> None:
    answer = client.request(method, "/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:8088", 200),
        ("LOCALHOST", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:8088", 421),
        ("localhost.", 421),
        ("evil.example:localhost", 421),
        ("[::1]:8088", 421),
        ("", 421),
    ],
)
def test_other_names_are_refused(client: httpx.Client, host: str, status: int) -> None:
    for path in ("/", "/static/main.js"):
        assert client.get(path, headers={"host": host}).status_code == status
    if status != 200:
        assert client.get("/events", headers={"host": host}).status_code == status


def test_two_hosts_are_no_host() -> None:
    headers = Headers(raw=[(b"host", b"localhost"), (b"host", b"evil.example")])
    answer = refusal("GET", headers, 0)
    assert answer is not None
    assert answer.status_code == 421


@pytest.mark.parametrize(
    ("site", "mode", "refused"),
    [
        ("same-origin", "cors", False),
        ("none", "navigate", False),
        ("cross-site", "navigate", False),
        ("cross-site", "cors", True),
        ("cross-site", "no-cors", True),
        ("same-site", "cors", True),
    ],
)
def test_other_sites_may_link_here_but_not_ask(site: str, mode: str, refused: bool) -> None:
    headers = Headers({"host": "localhost", "sec-fetch-site": site, "sec-fetch-mode": mode})
    answer = refusal("GET", headers, 0)
    assert (answer is not None and answer.status_code == 403) == refused


def test_a_long_query_is_refused(client: httpx.Client) -> None:
    assert client.get("/events", params={"endpoint": "e" * 3000}).status_code == 414


def test_the_stream_has_all_endpoints(client: httpx.Client) -> None:
    shown = first_event(client, "/events")
    assert (shown["environment"], shown["problem"], shown["detail"]) == ("local", None, None)
    assert [each["name"] for each in shown["overview"]["endpoints"]] == ["gone", "mortgage", "quiet"]
    assert [each["name"] for each in shown["overview"]["alerts"]] == [
        "MlopsEndpointDown",
        "MlopsInputDrift",
        "MlopsRequestsWait",
    ]


def test_the_stream_has_one_endpoint_where_it_is_asked_for(client: httpx.Client) -> None:
    shown = first_event(client, "/events?endpoint=mortgage&span=1h")
    assert (shown["detail"]["name"], shown["detail"]["span"]) == ("mortgage", "1h")
    assert {name: len(chart["times"]) for name, chart in shown["detail"]["charts"].items()} == dict.fromkeys(
        ("requests", "latency", "load", "replicas"), 121
    )
    assert shown["detail"]["drift"]["features"][0]["feature"] == "loan_amount"


def test_a_span_that_there_is_not_is_refused_with_those_there_are(client: httpx.Client) -> None:
    answer = client.get("/events?span=2y")
    assert (answer.status_code, answer.text) == (400, "span is one of 15m, 1h, 6h\n")
    assert topic_of({}) == Topic(None, "15m")


def test_a_line_end_in_a_name_stays_in_its_event(client: httpx.Client) -> None:
    name = "a\n\ndata: {}\n\n"
    with client.stream("GET", "/events", params={"endpoint": name}) as response:
        data = next(line for line in response.iter_lines() if line.startswith("data: "))
    assert json.loads(data.removeprefix("data: "))["detail"]["name"] == name


def test_queries_end_when_the_browser_goes() -> None:
    with served(dashboard_world.script(), refresh=0.05) as made, httpx.Client(trust_env=False) as client:
        first_event(client, f"{made.origin}/events")
        client.close()
        asked = made.prometheus.asked

        def settled() -> bool:
            before = len(asked)
            time.sleep(0.5)
            return len(asked) == before

        wait_until(settled, 20)


def test_a_port_that_is_taken_is_named() -> None:
    with listen(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=rf"cannot listen on 127\.0\.0\.1:{port}: .*another --port"):
            listen(port)


COMMAND = """
import sys
from types import SimpleNamespace
from pathlib import Path
from mlops_cli.dashboard import server
from mlops_cli.monitoring.prometheus import Prometheus
from mlops_cli.monitoring.reach import Direct
server.prometheus_of = lambda environment: Prometheus(Direct("Prometheus", sys.argv[1]), 30)
paths = SimpleNamespace(workspace=Path.cwd())
settings = SimpleNamespace(endpoints=[])
environment = SimpleNamespace(name="local", paths=paths, settings=settings)
server.serve(environment, 0, lambda line: print(line, flush=True))
"""


@pytest.mark.parametrize("fault", ["", "hang"])
def test_ctrl_c_ends_it_within_a_second_though_browsers_watch(page: Page, fault: str) -> None:
    page.prometheus.script.fault = fault
    command = [sys.executable, "-c", COMMAND, page.prometheus.url]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        line = run.stdout.readline()
        port = int(line.split("  ")[0].rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as browser:
            browser.sendall(b"GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n")
            received = b""
            while (b"data: " if not fault else b"retry: ") not in received:
                received += browser.recv(4096)
            started = time.monotonic()
            run.send_signal(signal.SIGINT)
            assert run.wait(30) == 0
            took = time.monotonic() - started
        assert (run.stdout.read(), run.stderr.read()) == ("stopped\n", "")
    page.prometheus.script.fault = ""
    assert took < 1.0
