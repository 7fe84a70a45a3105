"""Taking note of answered requests, and the one thread that looks at them later.

On the event loop a request costs an append to a bounded queue. The thread wakes a few times a second, or
when much waits, and puts the requests of one model together, so that many small ones cost one array
operation.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from time import time
from typing import Final, NamedTuple, Protocol

import numpy as np

from mlops_serving.logs import log
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.observe.features import Place
from mlops_serving.priority import lower_priority
from mlops_serving.protocol.datatypes import Array
from mlops_serving.protocol.requests import InferRequest
from mlops_serving.slots import ModelSlot, Served

_PAUSE_SECONDS: Final = 0.05
_ROUND: Final = 256
"""So many requests are looked at before the next look at the clock and the wish to stop."""
_REQUEST_BYTES: Final = 1024
_TEXT_BYTES: Final = 64
"""What Python takes for the objects of a request, and for a text beyond its letters."""


class Note(NamedTuple):
    """One answered request; `time` is since the epoch, `size` the bytes it keeps in memory."""

    time: float
    slot: ModelSlot
    served: Served
    request: InferRequest
    outputs: Mapping[str, Array]
    size: int


_Noted = tuple[float, ModelSlot, Served, InferRequest, Mapping[str, Array], int]
"""A note before it is one: a plain tuple is made in a fraction of the time."""


class Rows:
    """The rows of some requests to one model version, joined feature by feature when asked for."""

    def __init__(self, notes: Sequence[Note]) -> None:
        self.notes = notes
        self._tensors: dict[str, Array | None] = {}

    def values(self, place: Place) -> Array | None:
        """A feature's values in all requests [rows]; None if no request asked for that output."""
        if place.tensor not in self._tensors:
            self._tensors[place.tensor] = self._joined(place)
        tensor = self._tensors[place.tensor]
        if tensor is None or place.column is None:
            return tensor
        values: Array = tensor[place.column]
        return values

    def _joined(self, place: Place) -> Array | None:
        if place.output:
            arrays = [note.outputs[place.tensor] for note in self.notes if place.tensor in note.outputs]
        else:
            arrays = [note.request.inputs[place.tensor] for note in self.notes]
        if not arrays:
            return None
        joined = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
        # Column by column in memory, as the features are read.
        return np.ascontiguousarray(joined.T)


class Look(Protocol):
    """Whoever looks at answered requests, on the thread of low priority."""

    def look(self, slot: ModelSlot, served: Served, rows: Rows) -> None:
        """Some requests that one model version answered in one role."""
        ...

    def tick(self) -> None:
        """Called several times a second."""
        ...

    def finish(self) -> None:
        """No more requests will come."""
        ...


class Watch:
    """An observer of answered requests. `max_bytes` bounds what waits to be looked at."""

    def __init__(self, metrics: Metrics, max_bytes: int, looks: Sequence[Look], everything: bool) -> None:
        self._metrics, self._max_bytes, self._looks = metrics, max_bytes, tuple(looks)
        self._everything = everything
        self._queue: deque[_Noted] = deque()
        # Each has one writer: adding to one number from two threads would lose counts.
        self._noted = self._looked_at = 0
        self._wake = threading.Event()
        self._stopped = False
        self._failing = False
        self._thread = threading.Thread(target=self._work, name="observe", daemon=True)
        self._thread.start()

    def seen(
        self, slot: ModelSlot, served: Served, request: InferRequest, outputs: Mapping[str, Array]
    ) -> None:
        """Take note; drop and count the request when too much waits already."""
        manifest = served.model.manifest
        if not (self._everything or manifest.reference_bins or manifest.expectations):
            return
        size = _REQUEST_BYTES + request.size
        for array in (*request.inputs.values(), *outputs.values()):
            size += array.size * _TEXT_BYTES if array.dtype.hasobject else array.nbytes
        if self._noted - self._looked_at + size > self._max_bytes:
            self._metrics.unobserved.labels(slot.name, "full").add()
            return
        self._noted += size
        self._queue.append((time(), slot, served, request, outputs, size))
        if len(self._queue) == _ROUND:
            self._wake.set()

    def close(self) -> None:
        """Look at all that was noted, and finish."""
        self._stopped = True
        self._wake.set()
        self._thread.join()

    def _work(self) -> None:
        lower_priority()
        while not self._stopped or self._queue:
            if len(self._queue) < _ROUND and not self._stopped:
                self._wake.wait(_PAUSE_SECONDS)
                self._wake.clear()
            self._round()
        for one in self._looks:
            self._guarded(one.finish)

    def _round(self) -> None:
        groups: dict[tuple[int, int], list[Note]] = {}
        for _ in range(min(_ROUND, len(self._queue))):
            note = Note._make(self._queue.popleft())
            groups.setdefault((id(note.slot), id(note.served)), []).append(note)
        for notes in groups.values():
            self._look(notes)
            self._looked_at += sum(note.size for note in notes)
        for one in self._looks:
            self._guarded(one.tick)

    def _look(self, notes: list[Note]) -> None:
        slot, served = notes[0].slot, notes[0].served
        rows = Rows(notes)
        for one in self._looks:
            if not self._guarded(one.look, slot, served, rows):
                self._metrics.unobserved.labels(slot.name, "failed").add(len(notes))

    def _guarded(self, act: Callable[..., None], *arguments: object) -> bool:
        """Whether it went well; the first failure is logged."""
        try:
            act(*arguments)
        except Exception:
            if not self._failing:
                log.exception("looking at answered requests failed for a reason that is a bug")
            self._failing = True
            return False
        return True
