"""Paths to actions."""

from __future__ import annotations

import pytest

from mlops_serving.errors import MethodNotAllowed, NotFound
from mlops_serving.protocol.paths import Action, Route, route


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v2", Route(Action.SERVER_METADATA)),
        ("GET", "/v2/", Route(Action.SERVER_METADATA)),
        ("GET", "/v2/health/live", Route(Action.LIVE)),
        ("GET", "/v2/health/ready", Route(Action.READY)),
        ("GET", "/v2/openapi.json", Route(Action.OPENAPI)),
        ("GET", "/v2/models/stats", Route(Action.ALL_STATISTICS)),
        ("GET", "/v2/models/m/stats", Route(Action.STATISTICS, "m")),
        ("GET", "/v2/models/m/versions/3/stats", Route(Action.STATISTICS, "m", "3")),
        ("GET", "/v2/models/m", Route(Action.MODEL_METADATA, "m")),
        ("GET", "/v2/models/m/versions/3", Route(Action.MODEL_METADATA, "m", "3")),
        ("GET", "/v2/models/m/ready", Route(Action.MODEL_READY, "m")),
        ("GET", "/v2/models/m/versions/3/ready", Route(Action.MODEL_READY, "m", "3")),
        ("POST", "/v2/models/m/infer", Route(Action.INFER, "m")),
        ("POST", "/v2/models/m/versions/3/infer", Route(Action.INFER, "m", "3")),
        ("POST", "/v2/models/a%2Fb%20c/infer", Route(Action.INFER, "a/b c")),
    ],
)
def test_known_paths(method, path, expected):
    assert route(method, path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/metrics",
        "/v2/health",
        "/v2/models",
        "/v2/models/m/infer/x",
        "/v2/models/m/versions",
        "/v2/models/m/versions/3/x",
        "/v2/models/m/generate",
        "/v2/metrics",
    ],
)
def test_unknown_paths(path):
    with pytest.raises(NotFound):
        route("GET", path)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/v2/models/m/infer", "POST"), ("POST", "/v2", "GET"), ("DELETE", "/v2/models/m", "GET")],
)
def test_a_known_path_asked_with_the_wrong_method_names_the_right_one(method, path, allowed):
    with pytest.raises(MethodNotAllowed) as caught:
        route(method, path)
    assert caught.value.allowed == allowed
