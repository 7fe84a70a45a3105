"""Calls that wait: deadlines, clients that leave, and more requests than the model can answer."""

from __future__ import annotations

import queue

import numpy as np
import pytest
from tritonclient.utils import InferenceServerException

ROW = np.arange(256, dtype=np.float32)[None]
LONG = 128
"""Rows that keep the model busy for seconds."""


@pytest.fixture
def slow(start, slow_artifact, tensor, wait_until):
    """`slow(**settings)` is a client whose model works on one request after another."""

    def started(**settings):
        return Slow(start(slow_artifact, max_batch_rows=1, **settings), tensor, wait_until)

    return started


class Slow:
    """A client that asks without waiting."""

    def __init__(self, server, tensor, wait_until):
        self.server, self.client = server, server.client()
        self.tensor, self.wait_until = tensor, wait_until
        self.answers = queue.Queue()

    def inputs(self, rows=1):
        return [self.tensor("X", "FP32", ROW.repeat(rows, 0))]

    def ask(self, rows=1):
        """Send a request; its answer or error goes into `answers`."""
        return self.client.async_infer(
            "slow", self.inputs(rows), lambda result, error: self.answers.put((result, error))
        )

    def hold(self):
        """Keep the model busy for long."""
        call = self.ask(LONG)
        self.wait_until(lambda: self.metric('mlops_in_flight{model="slow"}') == 1)
        return call

    def waiting(self, rows):
        """Wait until so many rows wait for the model."""
        self.wait_until(lambda: self.metric('mlops_queue_rows{model="slow"}') == rows)

    def metric(self, line):
        return self.server.process.metric(line)

    def codes(self):
        """How many requests were counted by code."""
        line = 'mlops_requests_total{model="slow",version="1",role="stable",code="%d"}'
        return {code: count for code in (200, 499, 503) if (count := self.metric(line % code)) > 0}

    def calls_of_the_model(self):
        return self.metric('mlops_batch_rows_count{model="slow",version="1"}')

    def errors_logged(self):
        return [line for line in self.server.process.logged() if line["level"] == "error"]

    def found(self, count):
        """The statuses of failures, `None` for each of the model's answers, in the order they came."""
        return [self.outcome(*self.answers.get(timeout=20)) for _ in range(count)]

    def outcome(self, result, error):
        if error:
            return error.status().removeprefix("StatusCode.")
        got = result.as_numpy("Y")
        np.testing.assert_array_equal(got, ROW.repeat(len(got), 0))
        return None


def test_a_timeout_of_the_request_is_kept_and_told(slow):
    slow = slow()
    slow.hold()
    with pytest.raises(InferenceServerException, match="longer than it may") as caught:
        slow.client.infer("slow", slow.inputs(), timeout=1000)
    assert caught.value.status() == "StatusCode.DEADLINE_EXCEEDED"
    assert slow.found(1) == [None]
    assert slow.codes() == {200: 1, 503: 1}
    assert slow.metric('mlops_rejected_total{model="slow",reason="deadline"}') == 1


def test_after_a_calls_deadline_the_model_does_not_see_it(slow, wait_until):
    slow = slow()
    slow.hold()
    with pytest.raises(InferenceServerException) as caught:
        slow.client.infer("slow", slow.inputs(), client_timeout=0.05)
    assert caught.value.status() == "StatusCode.DEADLINE_EXCEEDED"
    assert slow.found(1) == [None]
    wait_until(lambda: slow.metric('mlops_in_flight{model="slow"}') == 0)
    assert slow.calls_of_the_model() == 1
    assert slow.metric('mlops_queue_rows{model="slow"}') == 0


def test_a_cancelled_call_harms_no_other(slow, wait_until):
    slow = slow()
    with_the_model = slow.hold()
    waiting, _ = slow.ask(), slow.ask()
    slow.waiting(2)
    with_the_model.cancel()
    waiting.cancel()
    assert slow.found(3) == ["CANCELLED", "CANCELLED", None]
    wait_until(lambda: slow.calls_of_the_model() == 2)
    wait_until(lambda: slow.codes() == {200: 1, 499: 2})
    slow.ask()
    assert slow.found(1) == [None]
    assert slow.errors_logged() == []


def test_a_cancelled_stream_harms_no_call(slow, wait_until):
    slow = slow()
    slow.hold()
    slow.client.start_stream(lambda result, error: None)
    slow.client.async_stream_infer("slow", slow.inputs())
    slow.ask()
    slow.waiting(2)
    slow.client.stop_stream(cancel_requests=True)
    assert slow.found(2) == [None, None]
    wait_until(lambda: slow.codes() == {200: 2, 499: 1})
    assert slow.errors_logged() == []


def test_over_the_bound_calls_are_refused_at_once_and_the_rest_are_answered(slow):
    slow = slow(queue_rows=2)
    slow.hold()
    slow.ask()
    slow.ask()
    slow.waiting(2)
    with pytest.raises(InferenceServerException, match=r"the queue is full \(2 rows, ") as caught:
        slow.client.infer("slow", slow.inputs())
    assert caught.value.status() == "StatusCode.RESOURCE_EXHAUSTED"
    assert slow.found(3) == [None] * 3
    assert slow.metric('mlops_rejected_total{model="slow",reason="overloaded"}') == 1


def test_health_answers_while_the_model_is_busy(slow):
    slow = slow()
    slow.hold()
    assert slow.client.is_server_ready(client_timeout=0.5)
    assert slow.found(1) == [None]
