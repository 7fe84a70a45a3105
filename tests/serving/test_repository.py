"""The model repository on the operators' port: off unless the settings allow it."""

from __future__ import annotations

import pytest

from serving_process import models

INFER = "/v2/models/iris/infer"


@pytest.fixture
def server(serve, gateway, iris_store):
    environ = {"MLOPS_REPOSITORY_API": "true", "MLOPS_WORKERS": "2", "MLOPS_MODELS": models("2")}
    return serve(gateway.environ("models") | environ).wait_ready()


def repository(server, path):
    return server.ask(f"/v2/repository/{path}", {}, port=server.admin_port)


def test_a_model_is_unloaded_by_every_worker_and_loaded_again(server, iris, iris_body, wait_until):
    wait_until(lambda: server.metric("mlops_ready") == 1)
    assert repository(server, "index").json == [
        {"name": "iris", "version": "2", "state": "READY", "reason": ""}
    ]
    assert repository(server, "models/iris/unload").status == 200
    assert repository(server, "index").json == [
        {"name": "iris", "state": "UNAVAILABLE", "reason": "not loaded"}
    ]
    body = iris_body(iris.rows[:1])
    assert {server.ask(INFER, body).status for _ in range(10)} == {503}
    # Who unloads a model means it: the server wants the requests for its other models.
    assert server.status() == 200
    assert repository(server, "models/iris/load").status == 200
    assert {server.ask(INFER, body).status for _ in range(10)} == {200}


def test_what_is_not_there_is_said_with_what_is(server):
    wrong = {
        "models/roses/load": "there is no model 'roses' here; this server has ['iris']",
        "models/iris/delete": "the model repository has index, models/<name>/load and models/<name>/unload",
    }
    for path, text in wrong.items():
        reply = repository(server, path)
        assert (reply.status, reply.json) == (404, {"error": text})
    asked = server.ask("/v2/repository/index", port=server.admin_port)
    assert (asked.status, asked.headers["allow"]) == (405, "POST")


def test_it_is_off_unless_allowed(serve, gateway, iris_store):
    server = serve(gateway.environ("models")).wait_ready()
    reply = repository(server, "models/iris/unload")
    assert (reply.status, reply.json["error"]) == (
        404,
        "the model repository is off; set MLOPS_REPOSITORY_API=true to allow it",
    )
    assert server.status() == 200
