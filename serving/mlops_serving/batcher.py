"""Work-conserving batching: while the model is busy requests queue up, when it is free it takes them all.

Nobody waits for a batch to fill. Requests are put together only when their arrays can be joined (same
model, outputs, datatypes and trailing shapes), and a failing batch is tried again one by one, so no
request suffers from its neighbours. The queue is bounded in rows and bytes.

A call that is expected to be short runs right on the event loop: handing it to a thread would take
longer than the model does. If even a turn of the loop would, it runs at once. The thread yields to the
loop, so that others are read and refused while it computes. A model whose calls may
overlap is awaited on the event loop, without batches, under the same bounds.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import numpy as np

from mlops_serving.calls import Call, batched
from mlops_serving.errors import DeadlineExceeded, Overloaded, PredictionFailed
from mlops_serving.models import LoadedModel
from mlops_serving.places import place_of
from mlops_serving.priority import MODEL, lower_priority
from mlops_serving.protocol.datatypes import Array
from mlops_serving.protocol.requests import InferRequest
from mlops_serving.runtime import ConcurrentRuntime
from mlops_serving.slots import Served

_AT_ONCE_SECONDS: Final = 0.0001
_INLINE_SECONDS: Final = 0.001
_SWEEP_SECONDS: Final = 0.05
_SCAN_LIMIT: Final = 64
"""So many jobs that do not fit are looked past for one that does; keeps a mixed queue cheap."""

Outcome = dict[str, Array] | Exception
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the queue, the largest batch, and the longest wait in seconds."""

    batch_rows: int
    queue_rows: int
    queue_bytes: int
    timeout: float


class Job:
    """One request on its way through the model."""

    __slots__ = ("arrived", "call", "deadline", "future", "key", "queued", "request", "served")

    def __init__(
        self,
        served: Served,
        request: InferRequest,
        future: asyncio.Future[dict[str, Array]],
        arrived: float,
        deadline: float,
        call: Call | None,
    ) -> None:
        self.served, self.request, self.future, self.call = served, request, future, call
        self.key = batch_key(served.model, request)
        self.queued, self.arrived, self.deadline = perf_counter(), arrived, deadline


def batch_key(model: LoadedModel, request: InferRequest) -> Key:
    """Requests with equal keys can be answered by one call; one that cannot be batched equals no other."""
    if not model.signature.batchable:
        return (object(),)
    tensors = [(name, array.dtype, array.shape[1:]) for name, array in sorted(request.inputs.items())]
    return (id(model), request.outputs, *tensors)


class Batcher:
    """The queue before one model's processor; `rows` and `bytes` wait in it.

    All methods are for the event loop's thread.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._queue: deque[Job] = deque()
        self.rows = self.bytes = 0
        self._busy = self._scheduled = False
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(
            1, thread_name_prefix="model", initializer=lower_priority, initargs=(MODEL,)
        )

    async def run(
        self,
        served: Served,
        request: InferRequest,
        call: Call | None = None,
        arrived: float | None = None,
    ) -> dict[str, Array]:
        """The outputs by name. Raises `Overloaded`, `DeadlineExceeded` or `PredictionFailed`.

        The time that a request may take counts from `arrived`, now if it is not given. May be cancelled at
        any time without harm to other requests.
        """
        now = perf_counter()
        arrived = now if arrived is None else arrived
        limit = self._limits.timeout
        deadline = arrived + (limit if request.timeout is None else min(limit, request.timeout))
        if now > deadline:
            raise _late(now - arrived)
        if served.model.concurrent is not None:
            return await self._overlapping(served, served.model.concurrent, request, call, arrived, deadline)
        if not self._busy and not self._queue and served.model.seconds_for(request.rows) <= _AT_ONCE_SECONDS:
            return _at_once(served, request, call)
        self._admit(request)
        job = Job(served, request, self._loop.create_future(), arrived, deadline, call)
        if call is not None:
            call.queued = job.queued
        self._queue.append(job)
        self._schedule()
        return await job.future

    async def _overlapping(
        self,
        served: Served,
        runtime: ConcurrentRuntime,
        request: InferRequest,
        call: Call | None,
        arrived: float,
        deadline: float,
    ) -> dict[str, Array]:
        """Await the model beside other requests, which count as waiting until they are answered.

        A request that is cancelled or takes longer than it may is cancelled in the model too.
        """
        self._admit(request)
        began = _alone(served, request, call)
        bound = asyncio.timeout(deadline - began)
        try:
            async with bound:
                arrays = await runtime.answer(request.inputs, request.outputs)
        except Exception as error:  # a model may raise anything
            if bound.expired():
                raise DeadlineExceeded(
                    f"the request took {perf_counter() - arrived:.3f} s, longer than it may"
                ) from error
            raise _failure(error) from error
        finally:
            self.rows -= request.rows
            self.bytes -= request.size
            if call is not None:
                call.predicted = began, perf_counter()
        served.meters.predict.observe(perf_counter() - began)
        return dict(zip(request.outputs, arrays, strict=True))

    def close(self) -> None:
        """Let the model's thread end."""
        self._thread.shutdown(wait=False)

    def _admit(self, request: InferRequest) -> None:
        rows, size = self.rows + request.rows, self.bytes + request.size
        full = rows > self._limits.queue_rows or size > self._limits.queue_bytes
        if full and self.bytes:
            raise Overloaded(
                f"the queue is full ({self.rows} rows, {self.bytes} bytes wait); try again in a moment"
            )
        self.rows, self.bytes = rows, size

    def _schedule(self) -> None:
        if not self._busy and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._dispatch)

    def _dispatch(self) -> None:
        self._scheduled = False
        batch = self._take()
        if not batch:
            return
        rows = sum(job.request.rows for job in batch)
        served = batch[0].served
        served.meters.batch_rows.observe(rows)
        batched(_calls(batch), len(batch), rows)
        if served.model.seconds_for(rows) <= _INLINE_SECONDS:
            self._settle(batch, run_batch(batch))
            return
        self._busy = True
        running = self._loop.run_in_executor(self._thread, run_batch, batch)
        running.add_done_callback(lambda done: self._finished(batch, done))
        self._loop.call_later(_SWEEP_SECONDS, self._sweep)

    def _finished(self, batch: list[Job], done: asyncio.Future[list[Outcome]]) -> None:
        self._busy = False
        self._settle(batch, done.result())

    def _settle(self, batch: list[Job], outcomes: Sequence[Outcome]) -> None:
        for job, outcome in zip(batch, outcomes, strict=True):
            if job.future.done():
                continue
            if isinstance(outcome, Exception):
                job.future.set_exception(outcome)
            else:
                job.future.set_result(outcome)
        if self._queue:
            self._schedule()

    def _take(self) -> list[Job]:
        """The oldest live job and all that can be answered with it, as far as the batch may grow."""
        now, batch, rows, kept = perf_counter(), list[Job](), 0, deque[Job]()
        while self._queue:
            job = self._queue.popleft()
            if self._gone(job, now):
                continue
            fits = not batch or (
                job.key == batch[0].key and rows + job.request.rows <= self._limits.batch_rows
            )
            if not fits:
                kept.append(job)
                if len(kept) >= _SCAN_LIMIT:
                    break
                continue
            self._leave(job, now)
            batch.append(job)
            rows += job.request.rows
            if rows >= self._limits.batch_rows or not job.served.model.signature.batchable:
                break
        self._queue.extendleft(reversed(kept))
        return batch

    def _gone(self, job: Job, now: float) -> bool:
        """Drop a job that was cancelled or has waited too long."""
        if not job.future.done() and now <= job.deadline:
            return False
        self._leave(job, now)
        if not job.future.done():
            job.future.set_exception(_late(now - job.arrived))
        return True

    def _leave(self, job: Job, now: float) -> None:
        self.rows -= job.request.rows
        self.bytes -= job.request.size
        job.served.meters.queue.observe(now - job.queued)
        if job.call is not None:
            job.call.taken = now

    def _sweep(self) -> None:
        """While the model is busy, answer those whose time has run out."""
        if not self._busy:
            return
        now = perf_counter()
        self._queue = deque(job for job in self._queue if not self._gone(job, now))
        self._loop.call_later(_SWEEP_SECONDS, self._sweep)


def run_batch(batch: Sequence[Job]) -> list[Outcome]:
    """Answer jobs with equal keys by one call; if that fails, each by its own."""
    try:
        return list(_call(batch))
    except Exception as error:  # a framework may raise anything
        if len(batch) > 1:
            return [outcome for job in batch for outcome in run_batch([job])]
        return [_failure(error)]


def _call(batch: Sequence[Job]) -> list[dict[str, Array]]:
    first = batch[0]
    names = first.request.outputs
    if len(batch) == 1:
        return [_one_call(first.served, first.request, _calls(batch))]
    inputs = {
        name: np.concatenate([job.request.inputs[name] for job in batch]) for name in first.request.inputs
    }
    outputs = _predict(first.served, inputs, names, _calls(batch))
    ends = np.cumsum([job.request.rows for job in batch])
    if any(len(array) != ends[-1] for array in outputs):
        raise ValueError(f"the model gave {[len(array) for array in outputs]} rows for {ends[-1]}")
    parts = [np.split(array, ends[:-1]) for array in outputs]
    return [dict(zip(names, rows, strict=True)) for rows in zip(*parts, strict=True)]


def _at_once(served: Served, request: InferRequest, call: Call | None) -> dict[str, Array]:
    _alone(served, request, call)
    try:
        return _one_call(served, request, () if call is None else (call,))
    except Exception as error:  # a framework may raise anything
        raise _failure(error) from error


def _alone(served: Served, request: InferRequest, call: Call | None) -> float:
    """Note a request that need not wait, a batch of its own; returns when."""
    served.meters.batch_rows.observe(request.rows)
    served.meters.queue.observe(0.0)
    now = perf_counter()
    if call is not None:
        call.queued = call.taken = now
        batched((call,), 1, request.rows)
    return now


def _one_call(served: Served, request: InferRequest, calls: Sequence[Call]) -> dict[str, Array]:
    names = request.outputs
    return dict(zip(names, _predict(served, request.inputs, names, calls), strict=True))


def _predict(
    served: Served, inputs: dict[str, Array], names: tuple[str, ...], calls: Sequence[Call]
) -> list[Array]:
    began = perf_counter()
    try:
        arrays = served.model.runtime.run(inputs, names)
    finally:
        ended = perf_counter()
        for call in calls:
            call.predicted = began, ended
    served.meters.predict.observe(ended - began)
    return arrays


def _calls(batch: Sequence[Job]) -> list[Call]:
    """What is noted of those in the batch that are traced or logged."""
    return [job.call for job in batch if job.call is not None]


def _late(seconds: float) -> DeadlineExceeded:
    return DeadlineExceeded(f"the request waited {seconds:.3f} s, longer than it may")


def _failure(error: Exception) -> PredictionFailed:
    failed = PredictionFailed(f"the model failed on this input: {type(error).__name__}: {str(error)[:300]}")
    failed.place = place_of(error)
    return failed
