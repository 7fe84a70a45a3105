"""Models whose calls overlap: side by side, and bounded like all others."""

from __future__ import annotations

import asyncio

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
COLUMN = {"datatype": "FP64", "shape": (-1,)}


class Doubler:
    """Doubles its rows once `go_on` is set, and knows who is in it; fails on negative rows."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.inside = self.most = self.cancelled = 0

    async def answer(self, inputs, outputs):
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.inside -= 1
        if (inputs["x"] < 0).any():
            raise TimeoutError("a service did not answer")
        return [inputs["x"] * 2]

    def run(self, inputs, outputs):
        raise AssertionError("only for other threads")


def served(runtime, iris):
    expected = signature((TensorSpec(name="x", **COLUMN),), (TensorSpec(name="y", **COLUMN),))
    model = LoadedModel(iris.manifests["1"], expected, runtime, 1.0, 1.0, runtime)
    return Served(model, "stable", Meters(METRICS, "iris", "1", "stable"))


def request(*values, timeout=None):
    array = np.array(values, dtype=np.float64)
    return InferRequest(None, {"x": array}, ("y",), len(array), 10, timeout)


def batcher(**changed):
    limits = {"batch_rows": 4, "queue_rows": 3, "queue_bytes": 1000, "timeout": 5.0} | changed
    return Batcher(Limits(**limits))


async def started(to, model, *requests):
    """Tasks of requests that are now in the model."""
    tasks = [asyncio.create_task(to.run(model, each)) for each in requests]
    await asyncio.sleep(0.01)
    return tasks


def test_requests_are_in_the_model_side_by_side(iris):
    async def scenario():
        runtime = Doubler()
        to = batcher()
        tasks = await started(to, served(runtime, iris), request(1), request(2), request(3))
        assert (runtime.inside, (to.rows, to.bytes)) == (3, (3, 30))
        runtime.go_on.set()
        assert [answer["y"].tolist() for answer in await asyncio.gather(*tasks)] == [[2], [4], [6]]
        assert (runtime.most, (to.rows, to.bytes)) == (3, (0, 0))

    asyncio.run(scenario())


@pytest.mark.parametrize("bound", [{"queue_rows": 2}, {"queue_bytes": 25}], ids=["rows", "bytes"])
def test_no_more_are_let_in_than_may_wait(iris, bound):
    async def scenario():
        runtime = Doubler()
        to, model = batcher(**bound), served(runtime, iris)
        tasks = await started(to, model, request(1), request(2))
        with pytest.raises(Overloaded, match="the queue is full"):
            await to.run(model, request(3))
        runtime.go_on.set()
        await asyncio.gather(*tasks)
        assert (await to.run(model, request(3)))["y"].tolist() == [6]

    asyncio.run(scenario())


def test_an_idle_model_takes_even_a_request_that_is_larger_than_the_bound(iris):
    async def scenario():
        runtime = Doubler()
        runtime.go_on.set()
        answer = await batcher(queue_rows=1).run(served(runtime, iris), request(1, 2))
        assert answer["y"].tolist() == [2, 4]

    asyncio.run(scenario())


@pytest.mark.parametrize(("own", "servers"), [(0.02, 5.0), (None, 0.02), (60.0, 0.02)])
def test_a_request_that_takes_longer_than_it_may_ends_in_the_model_too(iris, own, servers):
    async def scenario():
        runtime = Doubler()
        to, model = batcher(timeout=servers), served(runtime, iris)
        with pytest.raises(DeadlineExceeded, match="the request took 0"):
            await to.run(model, request(1, timeout=own))
        assert (runtime.inside, runtime.cancelled, (to.rows, to.bytes)) == (0, 1, (0, 0))

    asyncio.run(scenario())


def test_cancelling_one_request_cancels_it_in_the_model_and_no_other(iris):
    async def scenario():
        runtime = Doubler()
        to, model = batcher(), served(runtime, iris)
        first, second = await started(to, model, request(1), request(2))
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (runtime.inside, runtime.cancelled, (to.rows, to.bytes)) == (1, 1, (1, 10))
        runtime.go_on.set()
        assert (await second)["y"].tolist() == [4]

    asyncio.run(scenario())


def test_a_failure_of_the_model_is_that_request_s_alone_and_no_deadline(iris):
    async def scenario():
        runtime = Doubler()
        to = batcher()
        tasks = await started(to, served(runtime, iris), request(1), request(-1))
        runtime.go_on.set()
        good, bad = await asyncio.gather(*tasks, return_exceptions=True)
        assert good["y"].tolist() == [2]
        assert isinstance(bad, PredictionFailed)
        assert str(bad) == "the model failed on this input: TimeoutError: a service did not answer"
        assert (to.rows, to.bytes) == (0, 0)

    asyncio.run(scenario())
