"""Drift: how the values of features and outputs are distributed, in the bins of the training data.

Rows are counted, not scored: counters of replicas and workers add up, and any window of time can be
compared with the reference gauges by a query (population stability index over `bin`, by `feature`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from mlops_serving.artifact import Manifest
from mlops_serving.logs import log
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.metrics.meters import Block
from mlops_serving.observe.bins import Counted, plan
from mlops_serving.observe.watch import Rows
from mlops_serving.slots import ModelSlot, Served

_MOST_PLANS: Final = 16


class Counting(NamedTuple):
    """A feature and the counters of its bins."""

    counted: Counted
    counters: Block


class Drift:
    """Counts rows by bin, for at most `most` features of a model version."""

    def __init__(self, metrics: Metrics, most: int) -> None:
        self._metrics, self._most = metrics, most
        self._plans: dict[tuple[str, str, str], list[Counting]] = {}

    def look(self, slot: ModelSlot, served: Served, rows: Rows) -> None:
        """Count the rows of some requests."""
        for counted, counters in self._plan(slot.name, served):
            values = rows.values(counted.place)
            if values is not None:
                counters.add(counted.bins.count(values).tolist())

    def tick(self) -> None:
        """Nothing to do."""

    def finish(self) -> None:
        """Nothing to do: counters are always up to date."""

    def _plan(self, name: str, served: Served) -> list[Counting]:
        key = (name, served.model.version, served.role)
        found = self._plans.get(key)
        if found is None:
            while len(self._plans) >= _MOST_PLANS:
                del self._plans[next(iter(self._plans))]
            found = self._plans[key] = self._new_plan(name, served.model.manifest, served.role)
        return found

    def _new_plan(self, name: str, manifest: Manifest, role: str) -> list[Counting]:
        made = plan(manifest, self._most)
        left_out = dict(made.left_out)
        countings: list[Counting] = []
        for counted in made.counted:
            model, feature, bins = (name, manifest.version), counted.place.feature, counted.bins
            reference = self._metrics.drift_reference_rows.block((*model, feature), bins.labels)
            counters = self._metrics.drift_rows.block((*model, role, feature), bins.labels)
            if reference is None or counters is None:
                left_out[feature] = "the memory for metrics is full; it is empty after a restart"
                continue
            reference.set(bins.reference)
            countings.append(Counting(counted, counters))
        self._metrics.drift_left_out.labels(name, manifest.version).set(len(left_out))
        if left_out:
            fields = {"model": name, "version": manifest.version, "features": left_out}
            log.warning("drift of some features is not counted", extra={"fields": fields})
        return countings
