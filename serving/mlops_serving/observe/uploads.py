"""Files of the request log on their way to the object store, in a thread of their own.

The store may be slow, hang or be away: a file is tried again until it is there. How much may wait is
up to the request log, which asks for `released` bytes.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from itertools import count
from time import monotonic, time_ns
from typing import Final

from mlops_serving.errors import ObjectExists, StoreError
from mlops_serving.logs import log
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.observe.columns import Kept, Logged, table
from mlops_serving.priority import lower_priority
from mlops_serving.store import Store

_PAUSES: Final = (0.2, 1.0, 5.0, 15.0)


@dataclass(slots=True, eq=False)
class Batch:
    """Requests that will be one file. `born` is on the monotonic clock."""

    endpoint: str
    model: str
    version: str
    hour: str
    columns: tuple[Logged, ...]
    born: float
    kept: list[Kept] = field(default_factory=list)
    rows: int = 0
    size: int = 0

    def add(self, one: Kept) -> None:
        """Keep one more request."""
        self.kept.append(one)
        self.rows += one.rows
        self.size += one.size


class Uploads:
    """The queue of files and the thread that writes them. `writer` is this process among all that write."""

    def __init__(self, store: Store, metrics: Metrics, writer: str, hash_key: bytes) -> None:
        self._store, self._metrics, self._hash_key = store, metrics, hash_key
        # A process that is started again, or has another's name, must not meet the other's files.
        self._writer = f"{writer}-{time_ns():x}"
        self._numbers = count()
        self._waiting: deque[Batch] = deque()
        self._wake = threading.Semaphore(0)
        self._closing = threading.Event()
        self.released = 0
        self._thread = threading.Thread(target=self._work, name="request-log", daemon=True)
        self._thread.start()

    def put(self, batch: Batch) -> None:
        """Queue a file."""
        self._waiting.append(batch)
        self._wake.release()

    def close(self, seconds: float) -> None:
        """Give the store so long for what waits; what it does not take is lost and counted."""
        until = monotonic() + seconds
        self._closing.set()
        self._wake.release()
        self._thread.join(max(0.0, until - monotonic()))
        lost = list(self._waiting)
        for batch in lost:
            self._metrics.request_log_dropped.labels(batch.model, "shutdown").add(batch.rows)
        if lost:
            rows = sum(batch.rows for batch in lost)
            log.error("the store did not take the end of the request log", extra={"fields": {"rows": rows}})

    def _work(self) -> None:
        lower_priority()
        while True:
            self._wake.acquire()
            if not self._waiting:
                return
            batch = self._waiting[0]
            try:
                self._write(batch)
            except Exception:
                log.exception("a file of the request log was lost for a reason that is a bug")
                self._metrics.request_log_dropped.labels(batch.model, "failed").add(batch.rows)
            self._waiting.popleft()
            self.released += batch.size

    def _write(self, batch: Batch) -> None:
        content = table(batch.model, batch.version, batch.columns, batch.kept, self._hash_key)
        batch.kept.clear()
        key = (
            f"endpoint={batch.endpoint}/version={batch.version}/hour={batch.hour}/"
            f"{self._writer}-{next(self._numbers)}.parquet"
        )
        tries = 0
        while not self._there(key, content, tries):
            pause = _PAUSES[min(tries, len(_PAUSES) - 1)]
            tries += 1
            # While closing, the last seconds are used for as many tries as they hold.
            if self._closing.wait(pause):
                threading.Event().wait(_PAUSES[0])
        self._metrics.request_log_rows.labels(batch.model).add(batch.rows)

    def _there(self, key: str, content: bytes, tries: int) -> bool:
        try:
            self._store.create(key, content)
        except ObjectExists:
            # An earlier try got through though its answer did not: nobody else has this name.
            return True
        except StoreError as error:
            self._metrics.request_log_failures.labels().add()
            if tries == 0:
                log.error(f"{error}; the request log tries again")
            return False
        return True
