"""The receiver's metrics: a few counters whose labels are ours, never a sender's."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from mlops_pipelines.remediation.records import Outcome
from mlops_pipelines.remediation.settings import Action
from mlops_serving.metrics.meters import Spec
from mlops_serving.metrics.segment import Series
from mlops_serving.metrics.text import exposition

NOTIFICATIONS = Spec(
    "mlops_remediation_notifications_total",
    "counter",
    "Webhook calls, by how they were answered.",
    ("result",),
)
ALERTS = Spec(
    "mlops_remediation_alerts_total",
    "counter",
    "Alerts in accepted calls, by what they called for.",
    ("result",),
)
DECISIONS = Spec(
    "mlops_remediation_decisions_total",
    "counter",
    "Decisions and what became of them.",
    ("action", "outcome"),
)
UNRECORDED = Spec(
    "mlops_remediation_unrecorded_total", "counter", "Decisions that the object store did not take."
)
QUEUED = Spec("mlops_remediation_queued", "gauge", "Notifications that wait for the worker.")
DRY_RUN = Spec("mlops_remediation_dry_run", "gauge", "1 while nothing is done in earnest.")
RESULTS = ("accepted", "malformed", "queue_full", "too_large", "too_slow", "unauthorized", "unready")
CALLS = ("decision", "ignored", "resolved")


class Counters:
    """Counts from any thread; every series is there from the start."""

    def __init__(self, dry_run: bool, queued: Callable[[], int]) -> None:
        self._lock = threading.Lock()
        self._dry_run, self._queued = dry_run, queued
        self._counts: dict[Spec, Counter[tuple[str, ...]]] = {
            NOTIFICATIONS: Counter({(result,): 0 for result in RESULTS}),
            ALERTS: Counter({(result,): 0 for result in CALLS}),
            DECISIONS: Counter({(action, outcome): 0 for action in Action for outcome in Outcome}),
            UNRECORDED: Counter({(): 0}),
        }

    def add(self, spec: Spec, *labels: str, by: int = 1) -> None:
        """Count; a label that is not known from the start is a bug."""
        with self._lock:
            if labels not in self._counts[spec]:
                raise KeyError(labels)
            self._counts[spec][labels] += by

    def text(self) -> bytes:
        """The text of `/metrics`."""
        with self._lock:
            counted = [
                (spec, [Series(spec.name, labels, (float(count),)) for labels, count in counts.items()])
                for spec, counts in self._counts.items()
            ]
        gauges = [(QUEUED, self._queued()), (DRY_RUN, int(self._dry_run))]
        more = [(spec, [Series(spec.name, (), (float(value),))]) for spec, value in gauges]
        return exposition([], [*counted, *more])
