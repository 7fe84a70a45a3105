"""Leaving: SIGTERM under load must not cost a client a request that honours health."""

from __future__ import annotations

import queue
import signal
import threading
import time

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from serving_grpc import OWN_CONNECTION, GrpcLoad
from serving_python import make_class

HELD = np.float32([7.0])
HOLDING = """
import asyncio, pathlib

class Double:
    async def predict(self, inputs):
        while inputs["x"][0] == 7 and not pathlib.Path({gate!r}).exists():
            await asyncio.sleep(0.01)
        return {{"y": inputs["x"] * 2}}
"""
"""Holds the rows that are HELD until a file is there."""


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


def test_clients_that_never_ask_for_health_are_all_answered_until_nobody_listens(
    start, iris_artifact, iris, tensor, wait_until
):
    inputs = [tensor("X", "FP32", iris.rows[:1])]
    for run in range(5):
        server = start(iris_artifact, drain_seconds=0, workers=1 + run % 2)
        answers, ends = [], []

        def ask(server=server, answers=answers, ends=ends):
            with triton.InferenceServerClient(server.address, channel_args=OWN_CONNECTION) as client:
                try:
                    while True:
                        answers.append(client.infer("iris", inputs))
                except InferenceServerException as error:
                    ends.append(error.status())

        clients = [threading.Thread(target=ask) for _ in range(16)]
        for client in clients:
            client.start()
        wait_until(lambda answers=answers: len(answers) > 200)
        assert server.process.terminate() == 0
        for client in clients:
            client.join()
        # The connection was refused; StatusCode.CANCELLED would be a call that the server let fall.
        assert ends == ["StatusCode.UNAVAILABLE"] * 16


def test_calls_that_are_with_the_model_at_the_end_of_the_drain_are_answered(
    start, tmp_path, tensor, wait_until
):
    gate, folder = tmp_path / "gate", tmp_path / "held"
    folder.mkdir()
    server = start(
        (folder, make_class(folder, HOLDING.format(gate=str(gate)))),
        drain_seconds=0,
        max_batch_rows=1,
        allow_code='["double"]',
    )
    client, answers = server.client(), queue.Queue()
    for _ in range(4):
        client.async_infer(
            "double", [tensor("x", "FP32", HELD)], lambda result, error: answers.put((result, error))
        )
    wait_until(lambda: server.process.metric('mlops_in_flight{model="double"}') == 4)
    server.process.process.send_signal(signal.SIGTERM)
    wait_until(lambda: server.process.status() != 200)
    gate.touch()
    for _ in range(4):
        result, error = answers.get(timeout=10)
        assert error is None
        np.testing.assert_array_equal(result.as_numpy("y"), 2 * HELD)
    assert server.process.process.wait(10) == 0


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
