"""The server as its users meet it: a process, HTTP, and an object store."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time

import numpy as np


def test_it_answers_what_the_training_library_answers(serve, gateway, iris_store, iris, iris_body):
    server = serve(gateway.environ("models")).wait_ready()
    reply = server.ask("/v2/models/iris/infer", iris_body(iris.rows, id="a-1"))
    assert reply.status == 200
    assert (reply.json["model_name"], reply.json["model_version"], reply.json["id"]) == ("iris", "1", "a-1")
    label, probabilities = reply.json["outputs"]
    assert (label["name"], label["datatype"], label["shape"]) == ("label", "INT64", [150])
    assert (probabilities["name"], probabilities["shape"]) == ("probabilities", [150, 3])
    got = np.array(probabilities["data"], np.float32).reshape(150, 3)
    np.testing.assert_allclose(got, iris.probabilities["1"], atol=1e-6)


def test_health_metadata_and_readiness_follow_the_protocol(serve, gateway, iris_store):
    server = serve(gateway.environ("models")).wait_ready()
    assert server.ask("/v2/health/live").json == {"live": True, "ready": True}
    assert server.ask("/v2/health/ready").json == {"live": True, "ready": True}
    assert server.ask("/v2").json == {
        "name": "mlops-serving",
        "version": "0.1.0",
        "extensions": ["binary_tensor_data", "statistics"],
    }
    assert server.ask("/v2/").json == server.ask("/v2").json
    assert server.ask("/v2/models/iris/ready").json == {"name": "iris", "ready": True}
    assert server.ask("/v2/models/iris/versions/1/ready").json == {"name": "iris", "ready": True}
    metadata = server.ask("/v2/models/iris")
    assert metadata.headers["content-type"] == "application/json"
    assert metadata.json == server.ask("/v2/models/iris/versions/1").json
    assert metadata.json == {
        "name": "iris",
        "versions": ["1"],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "X", "datatype": "FP32", "shape": [-1, 4]}],
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": [-1]},
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]},
        ],
    }


def test_the_model_repository_is_named_where_it_is_on(serve, gateway, iris_store):
    server = serve(gateway.environ("models") | {"MLOPS_REPOSITORY_API": "true"}).wait_ready()
    assert server.ask("/v2").json["extensions"] == ["binary_tensor_data", "statistics", "model_repository"]


def test_every_bad_request_is_a_status_with_an_error_text(serve, gateway, iris_store, iris, iris_body):
    server = serve(gateway.environ("models") | {"MLOPS_MAX_BODY_BYTES": "4096"}).wait_ready()
    good = iris_body(iris.rows[:1])
    infer = "/v2/models/iris/infer"
    cases = [
        (404, server.ask("/v1/models/iris"), "there is nothing at"),
        (404, server.ask("/"), "there is nothing at"),
        (404, server.ask("/v2/models/roses/infer", good), "there is no model 'roses'"),
        (404, server.ask("/v2/models/iris/versions/8/infer", good), "loaded are: 1"),
        (404, server.ask("/v2/models/iris/versions/8"), "loaded are: 1"),
        (405, server.ask(infer, method="GET"), "is asked with POST"),
        (405, server.ask("/v2/health/live", good), "is asked with GET"),
        (400, server.ask(infer, b""), "not JSON"),
        (400, server.ask(infer, b'{"inputs": [NaN]}'), "write a missing number as null"),
        (400, server.ask(infer, b"[" * 2000), "not JSON"),
        (400, server.ask(infer, {"inputs": []}), "inputs ['X'] are missing"),
        (413, server.ask(infer, b" " * 5000), "larger than 4096 bytes"),
        (415, server.ask(infer, good, content_encoding="br"), "content encoding 'br' is not supported"),
        (404, server.ask("/metrics"), "there is nothing at"),
        (404, server.ask("/v2/models/roses/stats"), "there is no model 'roses'"),
        (404, server.ask("/v2/models/iris/versions/8/stats"), "loaded are: 1"),
    ]
    for status, reply, text in cases:
        assert (reply.status, list(reply.json)) == (status, ["error"])
        assert text in reply.json["error"]
    assert server.ask(infer, method="GET").headers["allow"] == "POST"
    assert server.ask(infer, good).status == 200
    assert server.metric('mlops_rejected_total{model="iris",reason="body_too_large"}') == 1
    assert server.metric('mlops_requests_total{model="iris",version="1",role="stable",code="200"}') == 1


def test_a_chunked_body_is_counted_while_it_is_read(serve, gateway, iris_store):
    server = serve(gateway.environ("models") | {"MLOPS_MAX_BODY_BYTES": "100000"}).wait_ready()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(
            b"POST /v2/models/iris/infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 10_000_000:
                client.sendall(b"2710\r\n" + b" " * 10_000 + b"\r\n")
                sent += 10_000
        assert sent < 10_000_000
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")
    assert server.status() == 200


def test_small_answers_are_not_held_back_by_nagle(serve, gateway, iris_store, iris, iris_body):
    server = serve(gateway.environ("models")).wait_ready()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    body = json.dumps(iris_body(iris.rows[:1]))
    took = []
    for _ in range(50):
        began = time.perf_counter()
        connection.request("POST", "/v2/models/iris/infer", body)
        connection.getresponse().read()
        took.append(time.perf_counter() - began)
    connection.close()
    assert sorted(took)[25] < 0.02  # a delayed acknowledgement costs 40 ms


def test_a_wrong_setting_ends_the_server_with_status_2(serve, gateway, store):
    server = serve(gateway.environ("models") | {"MLOPS_POLL_SECOND": "5"})
    assert server.process.wait(10) == 2
    (line,) = server.logged()
    assert line["message"].startswith("MLOPS_POLL_SECOND is no setting of the model server; the settings are")


def test_a_port_in_use_ends_the_server_with_status_1(serve, gateway, iris_store):
    first = serve(gateway.environ("models")).wait_ready()
    second = serve(gateway.environ("models") | {"MLOPS_HTTP_PORT": str(first.port)})
    assert second.process.wait(10) == 1
    assert str(first.port) in second.logged()[-1]["message"]
    assert first.status() == 200


def test_a_small_model_is_ready_within_two_seconds_in_little_memory(serve, gateway, iris_store):
    server = serve(gateway.environ("models")).wait_ready()
    assert 0 < server.metric("mlops_start_seconds") < 2
    assert server.metric('process_resident_memory_bytes{process="worker-0"}') < 130e6


def test_the_log_is_json_lines_without_payload(serve, gateway, iris_store, iris, iris_body):
    server = serve(gateway.environ("models")).wait_ready()
    server.ask("/v2/models/iris/infer", iris_body(iris.rows[:1], id="a-secret-id"))
    server.ask("/v2/models/iris/infer", {"inputs": [{"name": "a-secret-name"}]})
    assert server.terminate() == 0
    assert {"time", "level", "message"} <= set(server.logged()[0])
    assert "a-secret" not in server.log.read_text()
