"""Batching: who is put together, who is refused, and that nobody suffers from a neighbour."""

from __future__ import annotations

import asyncio
import os
import threading
import time

import numpy as np
import pytest

from mlops_serving.artifact import TensorSpec
from mlops_serving.batcher import Batcher, Limits
from mlops_serving.errors import DeadlineExceeded, Overloaded, PredictionFailed
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.metrics.segment import Segment, new_segment
from mlops_serving.models import LoadedModel
from mlops_serving.protocol.requests import InferRequest, signature
from mlops_serving.slots import Meters, Served

METRICS = Metrics(Segment(new_segment("test")))
AT_ONCE, INLINE, THREAD = 0.0, 0.0005, 1.0


class Doubler:
    """A runtime that doubles its rows, fails on negative ones, and can be held in the middle of a call."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.began = threading.Event()

    def run(self, inputs, outputs):
        self.began.set()
        assert self.go_on.wait(10)
        rows = inputs["x"]
        self.calls.append(len(rows))
        if (rows < 0).any():
            raise ValueError("negative")
        return [rows * 2 for _ in outputs]


def model_of(runtime, iris, seconds=THREAD, shape=(-1,)):
    spec = signature(
        (TensorSpec(name="x", datatype="FP64", shape=shape),),
        (TensorSpec(name="y", datatype="FP64", shape=shape),),
    )
    model = LoadedModel(iris.manifests["1"], spec, runtime, seconds, seconds)
    return Served(model, "stable", Meters(METRICS, "iris", "1", "stable"))


def request(*values, timeout=None, size=10):
    array = np.array(values, dtype=np.float64)
    return InferRequest(None, {"x": array}, ("y",), len(array), size, timeout)


def limits(**changed):
    return Limits(**({"batch_rows": 4, "queue_rows": 8, "queue_bytes": 1000, "timeout": 5.0} | changed))


async def held(runtime, batcher, model):
    """Occupy the model with a request and return its task; `runtime.go_on.set()` lets it finish."""
    runtime.go_on.clear()
    runtime.began.clear()
    task = asyncio.create_task(batcher.run(model, request(100)))
    while not runtime.began.is_set():
        await asyncio.sleep(0.001)
    return task


async def queued(batcher, model, *requests):
    """Tasks of requests that now wait in the queue, in order."""
    tasks = [asyncio.create_task(batcher.run(model, each)) for each in requests]
    await asyncio.sleep(0)
    return tasks


def values(outcomes):
    return [outcome["y"].tolist() for outcome in outcomes]


@pytest.mark.parametrize("seconds", [AT_ONCE, INLINE, THREAD])
def test_a_lone_request_does_not_wait_for_others(iris, seconds):
    async def scenario():
        batcher = Batcher(limits())
        began = time.perf_counter()
        answer = await batcher.run(model_of(Doubler(), iris, seconds), request(1, 2))
        assert answer["y"].tolist() == [2, 4]
        assert time.perf_counter() - began < 0.05

    asyncio.run(scenario())


def test_what_queued_up_while_the_model_was_busy_goes_together_as_far_as_a_batch_reaches(iris):
    async def scenario():
        runtime = Doubler()
        batcher, model = Batcher(limits()), model_of(runtime, iris)
        first = await held(runtime, batcher, model)
        tasks = await queued(batcher, model, request(1), request(2, 3), request(4), request(5))
        runtime.go_on.set()
        assert values(await asyncio.gather(first, *tasks)) == [[200], [2], [4, 6], [8], [10]]
        assert runtime.calls == [1, 4, 1]

    asyncio.run(scenario())


def test_a_request_larger_than_a_batch_goes_alone(iris):
    async def scenario():
        runtime = Doubler()
        batcher, model = Batcher(limits()), model_of(runtime, iris)
        first = await held(runtime, batcher, model)
        tasks = await queued(batcher, model, request(1, 2, 3, 4, 5, 6), request(7))
        runtime.go_on.set()
        await asyncio.gather(first, *tasks)
        assert runtime.calls == [1, 6, 1]

    asyncio.run(scenario())


def test_requests_for_different_outputs_models_or_shapes_are_not_mixed(iris):
    async def scenario():
        runtime = Doubler()
        batcher = Batcher(limits())
        one, two = model_of(runtime, iris), model_of(runtime, iris)
        wide = InferRequest(None, {"x": np.ones((1, 2))}, ("y",), 1, 10, None)
        twice = InferRequest(None, {"x": np.ones(1)}, ("y", "y2"), 1, 10, None)
        first = await held(runtime, batcher, one)
        tasks = [
            *await queued(batcher, one, request(1), wide, twice),
            *await queued(batcher, two, request(2)),
            *await queued(batcher, one, request(3)),
        ]
        runtime.go_on.set()
        answers = await asyncio.gather(first, *tasks)
        assert values(answers) == [[200], [2], [[2, 2]], [2], [4], [6]]
        assert runtime.calls == [1, 2, 1, 1, 1]

    asyncio.run(scenario())


def test_a_model_without_a_batch_dimension_is_asked_one_request_at_a_time(iris):
    async def scenario():
        runtime = Doubler()
        batcher, model = Batcher(limits()), model_of(runtime, iris, shape=(1,))
        first = await held(runtime, batcher, model)
        tasks = await queued(batcher, model, request(1), request(2))
        runtime.go_on.set()
        await asyncio.gather(first, *tasks)
        assert runtime.calls == [1, 1, 1]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("bound", "fitting", "size"),
    [({"queue_rows": 3}, 3, 1), ({"queue_bytes": 25}, 2, 10)],
    ids=["rows", "bytes"],
)
def test_a_full_queue_refuses_at_once_and_takes_requests_again_when_it_has_room(iris, bound, fitting, size):
    async def scenario():
        runtime = Doubler()
        batcher, model = Batcher(limits(**bound)), model_of(runtime, iris)
        first = await held(runtime, batcher, model)
        tasks = await queued(batcher, model, *[request(1, size=size)] * fitting)
        with pytest.raises(Overloaded, match="the queue is full"):
            await batcher.run(model, request(2, size=size))
        runtime.go_on.set()
        await asyncio.gather(first, *tasks)
        assert values([await batcher.run(model, request(3, size=size))]) == [[6]]

    asyncio.run(scenario())


def test_an_empty_queue_takes_even_a_request_that_is_larger_than_its_bound(iris):
    async def scenario():
        batcher = Batcher(limits(queue_rows=2))
        assert values([await batcher.run(model_of(Doubler(), iris), request(1, 2, 3))]) == [[2, 4, 6]]

    asyncio.run(scenario())


def test_a_long_call_yields_to_the_event_loop(iris):
    class Nice(Doubler):
        def run(self, inputs, outputs):
            return [np.full(1, os.getpriority(os.PRIO_PROCESS, threading.get_native_id())) for _ in outputs]

    async def scenario():
        batcher, own = Batcher(limits()), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        short = await batcher.run(model_of(Nice(), iris, AT_ONCE), request(1))
        long = await batcher.run(model_of(Nice(), iris, THREAD), request(1))
        assert values([short, long]) == [[own], [min(19, own + 10)]]

    asyncio.run(scenario())


@pytest.mark.parametrize("seconds", [AT_ONCE, INLINE, THREAD])
def test_one_failing_request_does_not_harm_its_batch_mates(iris, seconds):
    async def scenario():
        runtime = Doubler()
        batcher, model = Batcher(limits()), model_of(runtime, iris, seconds)
        tasks = await queued(batcher, model, request(1), request(-1), request(2))
        good, bad, fine = await asyncio.gather(*tasks, return_exceptions=True)
        assert values([good, fine]) == [[2], [4]]
        assert isinstance(bad, PredictionFailed)
        assert str(bad) == "the model failed on this input: ValueError: negative"

    asyncio.run(scenario())


def test_cancelling_one_request_of_a_batch_leaves_its_mates_their_answers(iris):
    async def scenario():
        runtime = Doubler()
        batcher, model = Batcher(limits()), model_of(runtime, iris)
        first = await held(runtime, batcher, model)
        tasks = await queued(batcher, model, request(1), request(2), request(3))
        first.cancel()
        tasks[1].cancel()
        await asyncio.sleep(0.01)
        runtime.go_on.set()
        assert values(await asyncio.gather(tasks[0], tasks[2])) == [[2], [6]]
        assert runtime.calls == [1, 2]
        assert values([await batcher.run(model, request(4))]) == [[8]]

    asyncio.run(scenario())


@pytest.mark.parametrize(("own", "servers"), [(0.05, 5.0), (None, 0.05), (60.0, 0.05)])
def test_a_request_that_waits_longer_than_it_may_is_answered_while_the_model_is_still_busy(
    iris, own, servers
):
    async def scenario():
        runtime = Doubler()
        batcher = Batcher(limits(timeout=servers))
        model = model_of(runtime, iris)
        first = await held(runtime, batcher, model)
        late = await queued(batcher, model, request(1, timeout=own))
        with pytest.raises(DeadlineExceeded, match="longer than it may"):
            await asyncio.wait_for(asyncio.shield(late[0]), 2)
        runtime.go_on.set()
        await first
        assert runtime.calls == [1]

    asyncio.run(scenario())


@pytest.mark.parametrize("seconds", [AT_ONCE, INLINE, THREAD])
@pytest.mark.parametrize(("own", "servers"), [(0.5, 5.0), (None, 0.5)])
def test_time_that_was_spent_before_the_queue_counts_too(iris, seconds, own, servers):
    async def scenario():
        runtime = Doubler()
        batcher, model = Batcher(limits(timeout=servers)), model_of(runtime, iris, seconds)
        with pytest.raises(DeadlineExceeded, match=r"waited 1\.\d+ s, longer than it may"):
            await batcher.run(model, request(1, timeout=own), arrived=time.perf_counter() - 1)
        assert (runtime.calls, batcher.rows) == ([], 0)
        in_time = await batcher.run(model, request(1, timeout=own), arrived=time.perf_counter() - 0.1)
        assert values([in_time]) == [[2]]

    asyncio.run(scenario())


def test_the_queue_counts_back_to_nothing_whatever_became_of_the_requests(iris):
    async def scenario():
        runtime = Doubler()
        batcher, model = Batcher(limits()), model_of(runtime, iris)
        first = await held(runtime, batcher, model)
        tasks = await queued(batcher, model, request(1), request(-2), request(3, timeout=0.01), request(4))
        tasks[0].cancel()
        assert batcher.rows == 4
        assert batcher.bytes == 40
        await asyncio.sleep(0.1)
        runtime.go_on.set()
        await asyncio.gather(first, *tasks, return_exceptions=True)
        assert batcher.rows == 0
        assert batcher.bytes == 0

    asyncio.run(scenario())


def test_a_model_that_gives_another_number_of_rows_than_it_got_fails_alone(iris):
    class Shrinker(Doubler):
        def run(self, inputs, outputs):
            return [super().run(inputs, outputs)[0][:1]]

    async def scenario():
        batcher, model = Batcher(limits()), model_of(Shrinker(), iris)
        tasks = await queued(batcher, model, request(1), request(2))
        assert values(await asyncio.gather(*tasks)) == [[2], [4]]

    asyncio.run(scenario())
