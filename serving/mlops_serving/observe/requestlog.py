"""The request log: a sample of answered requests, kept as Parquet for the feedback loop.

    <bucket>/endpoint=<e>/version=<v>/hour=<YYYY-MM-DDTHH>/<pod>-<worker>-<start>-<number>.parquet

Labels that become known later are joined by `request_id`, which the client chose and has kept. A request
without an id gets one of its own in the log, `server-...`, which tells its rows apart and joins nothing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from random import random
from socket import gethostname
from time import monotonic
from typing import Final
from uuid import uuid4

from mlops_serving.artifact import Manifest
from mlops_serving.errors import ModelError
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.observe.columns import Kept, Logged, logged
from mlops_serving.observe.uploads import Batch, Uploads
from mlops_serving.observe.watch import Note, Rows
from mlops_serving.settings import Settings
from mlops_serving.slots import ModelSlot, Served
from mlops_serving.store import Store, StoreSettings

_MOST_MODELS: Final = 16

Key = tuple[str, str, str]


def check_request_log(settings: Settings, manifest: Manifest) -> None:
    """Refuse a version whose sensitive columns would get into the log as they are; raises `ModelError`."""
    if not settings.request_log_sample:
        return
    hashed = [column.name for column in logged(manifest) if column.hashed]
    if hashed and settings.request_log_hash_key is None:
        raise ModelError(
            f"version {manifest.version} of {manifest.name} wants {hashed} hashed in the request log; set "
            "MLOPS_REQUEST_LOG_HASH_KEY, or MLOPS_REQUEST_LOG_SAMPLE=0 for no log"
        )


def request_log(settings: Settings, store: StoreSettings, metrics: Metrics, worker: int) -> RequestLog | None:
    """The request log of one worker process; None when nothing is sampled."""
    if not settings.request_log_sample:
        return None
    changes = {"bucket": settings.request_log_bucket, "timeout_seconds": settings.request_log_upload_seconds}
    key = settings.request_log_hash_key
    uploads = Uploads(
        Store(store.model_copy(update=changes)),
        metrics,
        f"{re.sub('[^A-Za-z0-9.]+', '-', gethostname())}-{worker}",
        key.get_secret_value().encode() if key else b"",
    )
    return RequestLog(settings, metrics, uploads)


class RequestLog:
    """Samples requests and puts them together into files. All methods are for the watching thread."""

    def __init__(self, settings: Settings, metrics: Metrics, uploads: Uploads) -> None:
        self._settings, self._metrics, self._uploads = settings, metrics, uploads
        self._columns: dict[tuple[str, str], tuple[Logged, ...]] = {}
        self._batches: dict[Key, Batch] = {}
        self._kept = 0

    def look(self, slot: ModelSlot, served: Served, rows: Rows) -> None:
        """Keep a sample of some requests."""
        for note in rows.notes:
            if random() < self._settings.request_log_sample:  # noqa: S311 - a draw, not a secret
                self._keep(note)

    def tick(self) -> None:
        """Send off what is old enough."""
        oldest = monotonic() - self._settings.request_log_file_seconds
        for key in [key for key, batch in self._batches.items() if batch.born <= oldest]:
            self._send(key)
        self._metrics.request_log_bytes.labels().set(self._kept - self._uploads.released)

    def finish(self) -> None:
        """Send off everything, and wait for the store as long as is allowed."""
        for key in list(self._batches):
            self._send(key)
        self._uploads.close(self._settings.request_log_close_seconds)
        self._metrics.request_log_bytes.labels().set(self._kept - self._uploads.released)

    def _keep(self, note: Note) -> None:
        request, model = note.request, note.served.model
        if self._kept - self._uploads.released + note.size > self._settings.request_log_bytes:
            self._metrics.request_log_dropped.labels(note.slot.name, "full").add(request.rows)
            return
        self._kept += note.size
        hour = datetime.fromtimestamp(note.time, UTC).strftime("%Y-%m-%dT%H")
        key = (note.slot.name, model.version, hour)
        batch = self._batches.get(key)
        if batch is None:
            columns = self._columns_of(note.slot.name, model.manifest)
            batch = self._batches[key] = Batch(note.slot.endpoint, *key, columns, monotonic())
        request_id = f"server-{uuid4().hex}" if request.id is None else request.id
        role, rows = note.served.role, request.rows
        batch.add(Kept(note.time, request_id, role, rows, request.inputs, note.outputs, note.size))
        full = batch.rows >= self._settings.request_log_file_rows
        if full or batch.size >= self._settings.request_log_file_bytes:
            self._send(key)

    def _send(self, key: Key) -> None:
        self._uploads.put(self._batches.pop(key))

    def _columns_of(self, name: str, manifest: Manifest) -> tuple[Logged, ...]:
        key = (name, manifest.version)
        if key not in self._columns:
            while len(self._columns) >= _MOST_MODELS:
                del self._columns[next(iter(self._columns))]
            self._columns[key] = logged(manifest)
        return self._columns[key]
