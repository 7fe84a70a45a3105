"""Manifests, requests and their notes, without a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from time import time
from typing import Any

import numpy as np
import pytest

from mlops_serving.artifact import Manifest, dump_manifest, parse_manifest
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.metrics.segment import Segment, new_segment
from mlops_serving.metrics.text import exposition
from mlops_serving.models import LoadedModel
from mlops_serving.observe.watch import Note
from mlops_serving.protocol.requests import InferRequest, signature
from mlops_serving.slots import Meters, ModelSlot, Served
from serving_models import Iris


@pytest.fixture(scope="session")
def manifest(iris: Iris) -> Callable[..., Manifest]:
    """`manifest(field=value)` is the iris manifest with other fields, read from JSON as the server does."""

    def make(**fields: Any) -> Manifest:
        document = json.loads(dump_manifest(iris.manifests["1"])) | fields
        return parse_manifest(json.dumps(document).encode(), "a test's manifest")

    return make


class Bench:
    """What one process has: a segment, and one model version in a slot."""

    def __init__(self, manifest: Manifest) -> None:
        self.segment = Segment(new_segment("test"))
        self.metrics = Metrics(self.segment)
        self.slot = ModelSlot("iris", "flowers", self.metrics)
        self.served = self.serve(manifest)

    def serve(self, manifest: Manifest, role: Any = "stable") -> Served:
        """A version in a role; its model cannot predict."""
        spec = signature(manifest.inputs, manifest.outputs)
        model = LoadedModel(manifest, spec, None, 0.0, 0.0)  # type: ignore[arg-type]
        return Served(model, role, Meters(self.metrics, "iris", manifest.version, role))

    def note(
        self,
        inputs: dict[str, np.ndarray],
        outputs: dict[str, np.ndarray],
        id: str | None = None,
        served: Served | None = None,
        when: float | None = None,
    ) -> Note:
        """An answered request."""
        rows = len(next(iter(inputs.values())))
        request = InferRequest(id, inputs, tuple(outputs), rows, 100 * rows, None)
        return Note(when or time(), self.slot, served or self.served, request, outputs, 100 * rows)

    def lines(self, name: str) -> dict[str, float]:
        """The series of a metric: number by labels."""
        text = exposition([self.segment]).decode()
        found = [line for line in text.splitlines() if line.startswith(name + "{")]
        return {line.rsplit(" ", 1)[0][len(name) :]: float(line.rsplit(" ", 1)[1]) for line in found}


@pytest.fixture(scope="session")
def bench() -> type[Bench]:
    """The class of benches."""
    return Bench
