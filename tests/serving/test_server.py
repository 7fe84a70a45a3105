"""The server as its users meet it: a process, HTTP, and an object store."""

from __future__ import annotations

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
