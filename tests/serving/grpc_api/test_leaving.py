"""Leaving: SIGTERM under load must not cost a client a request that honours health."""

from __future__ import annotations

import queue
import time

import numpy as np

from serving_grpc import GrpcLoad

ROW = np.arange(256, dtype=np.float32)[None]


def test_sigterm_under_load_loses_no_request_and_tells_every_client_to_leave(
    start, iris_artifact, iris, tensor, wait_until
):
    inputs = [tensor("X", "FP32", iris.rows[:1])]
    for _ in range(3):
        server = start(iris_artifact)
        load = GrpcLoad(server.address, 8, lambda client: client.infer("iris", inputs))
        wait_until(lambda load=load: load.answers > 200)
        assert server.process.terminate() == 0
        load.join()
        assert load.lost == []
        assert load.told_to_leave == 8


def test_calls_that_are_with_the_model_at_the_end_of_the_drain_are_answered(
    start, slow_artifact, tensor, wait_until
):
    server = start(slow_artifact, drain_seconds=0, max_batch_rows=1)
    client, answers = server.client(), queue.Queue()
    for _ in range(4):
        client.async_infer(
            "slow", [tensor("X", "FP32", ROW)], lambda result, error: answers.put((result, error))
        )
    wait_until(lambda: server.process.metric('mlops_in_flight{model="slow"}') == 4 - answers.qsize() > 0)
    assert server.process.terminate() == 0
    for _ in range(4):
        result, error = answers.get(timeout=1)
        assert error is None
        np.testing.assert_array_equal(result.as_numpy("Y"), ROW)


def test_an_idle_stream_and_an_idle_connection_do_not_keep_the_server(start, iris_artifact, iris, tensor):
    server = start(iris_artifact, drain_seconds=0)
    client, answers = server.client(), queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    client.async_stream_infer("iris", [tensor("X", "FP32", iris.rows[:1])])
    result, error = answers.get(timeout=10)
    assert error is None
    assert result.as_numpy("label").tolist() == [0]
    began = time.monotonic()
    assert server.process.terminate() == 0
    assert time.monotonic() - began < 5
    client.stop_stream()
    assert answers.empty()
