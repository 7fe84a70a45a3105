"""What `mlops status` says of an endpoint, by what answers at its address."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mlops_cli import status

ENTRY = {"name": "seldom", "url": "http://e", "model": "iris"}


@pytest.mark.parametrize(
    ("ready", "asked", "said"),
    [
        (httpx.Response(200), 2, (True, "ready", "7")),
        (httpx.Response(200, headers={status.STATE: "idle"}), 1, (True, "idle", None)),
        (httpx.Response(200, headers={status.STATE: "waking"}), 1, (True, "waking", None)),
        (httpx.Response(503), 2, (False, "not ready", "7")),
    ],
)
def test_an_endpoint_without_pods_is_idle_and_not_woken(
    monkeypatch: pytest.MonkeyPatch, ready: httpx.Response, asked: int, said: tuple[bool, str, str | None]
) -> None:
    urls = []

    def get(url: str, **_: Any) -> httpx.Response:
        urls.append(url)
        return ready if url.endswith("/ready") else httpx.Response(200, json={"versions": ["6", "7"]})

    monkeypatch.setattr(status.httpx, "get", get)
    found = status._endpoint(ENTRY)
    assert (found["ready"], found["state"], found["version"]) == said
    assert urls == ["http://e/v2/models/iris/ready", "http://e/v2/models/iris"][:asked]


def test_an_endpoint_that_does_not_answer_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(*_: Any, **__: Any) -> httpx.Response:
        raise httpx.ConnectError("no")

    monkeypatch.setattr(status.httpx, "get", get)
    found = status._endpoint(ENTRY)
    assert (found["ready"], found["state"], found["version"]) == (False, "not ready", None)
