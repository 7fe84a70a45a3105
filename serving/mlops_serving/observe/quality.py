"""Data quality: how many rows have values that a model's manifest does not expect."""

from __future__ import annotations

from typing import Final

from mlops_serving.metrics.catalog import Metrics
from mlops_serving.observe.expectations import Check, check, checks
from mlops_serving.observe.watch import Rows
from mlops_serving.slots import ModelSlot, Served

_MOST_MODELS: Final = 16


class Quality:
    """Counts rows with unexpected values, for every model version."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._checks: dict[tuple[str, str], tuple[Check, ...]] = {}

    def look(self, slot: ModelSlot, served: Served, rows: Rows) -> None:
        """Count what is wrong with some requests."""
        key = (slot.name, served.model.version)
        if key not in self._checks:
            while len(self._checks) >= _MOST_MODELS:
                del self._checks[next(iter(self._checks))]
            self._checks[key] = checks(served.model.manifest)
        for problem in check(self._checks[key], rows.values):
            self._metrics.data_problems.labels(*key, problem.feature, problem.kind).add(problem.rows)

    def tick(self) -> None:
        """Nothing to do."""

    def finish(self) -> None:
        """Nothing to do: counters are always up to date."""
