"""All observers of a worker process, put together from its settings."""

from __future__ import annotations

from mlops_serving.metrics.catalog import Metrics
from mlops_serving.observe.drift import Drift
from mlops_serving.observe.quality import Quality
from mlops_serving.observe.requestlog import request_log
from mlops_serving.observe.watch import Look, Watch
from mlops_serving.settings import Settings
from mlops_serving.store import Store


def watch(settings: Settings, store: Store | None, metrics: Metrics, worker: int) -> Watch:
    """Drift, data quality and the request log behind one observer. `worker` is the process's number."""
    looks: list[Look] = [Drift(metrics, settings.drift_features), Quality(metrics)]
    log = request_log(settings, store.settings, metrics, worker) if store else None
    if log:
        looks.append(log)
    return Watch(metrics, settings.observe_bytes, looks, everything=log is not None)
