"""Showing requests to a candidate that answers nobody, and comparing its answers with the stable ones.

A thread of lower priority works through a bounded queue; what does not fit is dropped and counted. So a
slow or broken candidate costs clients nothing.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from random import random
from typing import Final, NamedTuple

import numpy as np

from mlops_serving.metrics.catalog import Metrics
from mlops_serving.models import LoadedModel
from mlops_serving.priority import lower_priority
from mlops_serving.protocol.datatypes import Array
from mlops_serving.protocol.requests import InferRequest
from mlops_serving.slots import Served

_LAST_SECONDS: Final = 1.0
_TOLERANCE: Final = 1e-4
"""Floating answers that differ by less count as the same: kernels of two builds round differently."""

Outputs = Mapping[str, Array]


class Shown(NamedTuple):
    """One request with the answer that the client got."""

    candidate: Served
    request: InferRequest
    outputs: Outputs


class Shadow:
    """The queue and the thread behind it. `max_bytes` bounds the requests' bodies that wait."""

    def __init__(self, metrics: Metrics, max_bytes: int) -> None:
        self._metrics, self._max_bytes = metrics, max_bytes
        self._queue: deque[Shown] = deque()
        self._bytes = 0
        self._wake = threading.Semaphore(0)
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name="shadow", daemon=True)
        self._thread.start()

    def offer(self, candidate: Served, percent: int, request: InferRequest, outputs: Outputs) -> None:
        """Queue that share of requests; drop one when too much waits already."""
        if random() * 100 >= percent:  # noqa: S311 - a draw, not a secret
            return
        if self._bytes + request.size > self._max_bytes:
            self._count(candidate.model, "dropped")
            return
        self._bytes += request.size
        self._queue.append(Shown(candidate, request, outputs))
        self._wake.release()

    def close(self) -> None:
        """Finish the request in hand, if it does not take long, and forget the others."""
        self._stopped = True
        self._wake.release()
        # Not for ever: a candidate may need the event loop, whose thread this is.
        self._thread.join(_LAST_SECONDS)

    def _work(self) -> None:
        lower_priority()
        while True:
            self._wake.acquire()
            if self._stopped:
                return
            shown = self._queue.popleft()
            try:
                self._compare(shown)
            finally:
                self._bytes -= shown.request.size

    def _compare(self, shown: Shown) -> None:
        model, request = shown.candidate.model, shown.request
        try:
            arrays = model.runtime.run(request.inputs, request.outputs)
        except Exception:  # a framework may raise anything, and nobody waits for this answer
            self._count(model, "failed")
            return
        same = True
        for name, array in zip(request.outputs, arrays, strict=True):
            stable = shown.outputs[name]
            same = same and agree(stable, array)
            if array.dtype.kind == "f" and array.shape == stable.shape and array.size:
                gap = float(np.max(np.abs(array - stable)))
                self._metrics.shadow_difference.distribution(*_labels(model), name).observe(gap)
        self._count(model, "same" if same else "different")

    def _count(self, model: LoadedModel, result: str) -> None:
        self._metrics.shadowed.labels(*_labels(model), result).add()


def agree(stable: Array, shadow: Array) -> bool:
    """Whether two answers are the same: shape and values, floating ones within 1e-4."""
    if stable.shape != shadow.shape:
        return False
    if stable.dtype.kind == "f":
        return bool(np.allclose(stable, shadow, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True))
    return bool(np.array_equal(stable, shadow))


def _labels(model: LoadedModel) -> tuple[str, str]:
    return model.manifest.name, model.version
