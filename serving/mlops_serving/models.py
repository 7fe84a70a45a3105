"""Loading a model with proof: warmed up and asked its golden questions before anything else can see it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mlops_serving.artifact import Manifest, Tensor
from mlops_serving.errors import ModelError, RequestError
from mlops_serving.observe.expectations import Gate, gate
from mlops_serving.places import describe
from mlops_serving.protocol.datatypes import Array, from_json
from mlops_serving.protocol.requests import Signature, signature
from mlops_serving.runtime import ConcurrentRuntime, Place, Runtime, load_runtime

_WARM_UP_RUNS: Final = 10
_WARM_UP_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A model that has proved itself, with the seconds its golden inputs took: per call and per row.

    `concurrent` is the runtime if its calls may overlap on the event loop. A strict model has a `gate`.
    """

    manifest: Manifest
    signature: Signature
    runtime: Runtime
    call_seconds: float
    row_seconds: float
    concurrent: ConcurrentRuntime | None = None
    gate: Gate | None = None

    @property
    def version(self) -> str:
        """The version in the manifest."""
        return self.manifest.version

    def seconds_for(self, rows: int) -> float:
        """How long a call of that many rows will take, at most."""
        return max(self.call_seconds, self.row_seconds * rows)


def load_model(
    manifest: Manifest,
    folder: Path,
    threads: int,
    allow_code: bool = False,
    loop: asyncio.AbstractEventLoop | None = None,
) -> LoadedModel:
    """Load a verified artifact, warm it up and check its golden answers; `ModelError` if they differ.

    With a `loop`, on which a model's coroutines are then run, this is for any thread but the loop's own.
    """
    runtime = load_runtime(manifest, folder, Place(threads, loop), allow_code)
    expected = signature(manifest.inputs, manifest.outputs)
    inputs = _arrays(manifest.golden.inputs)
    names = [tensor.name for tensor in manifest.golden.outputs]
    rows = next(len(array) for array in inputs.values()) if expected.batchable else 1
    _check_golden(manifest, dict(zip(names, _try(runtime, inputs, names, manifest), strict=True)))
    seconds = _time(runtime, inputs, names)
    concurrent = runtime if isinstance(runtime, ConcurrentRuntime) else None
    per_row = seconds / max(1, rows)
    return LoadedModel(manifest, expected, runtime, seconds, per_row, concurrent, gate(manifest))


def _time(runtime: Runtime, inputs: Mapping[str, Array], names: Sequence[str]) -> float:
    """The shortest of a few calls, which also warm the model up; one call if they are slow."""
    shortest, began = float("inf"), time.perf_counter()
    for _ in range(_WARM_UP_RUNS):
        started = time.perf_counter()
        runtime.run(inputs, names)
        now = time.perf_counter()
        shortest = min(shortest, now - started)
        if now - began > _WARM_UP_SECONDS:
            break
    return shortest


def _try(
    runtime: Runtime, inputs: Mapping[str, Array], names: Sequence[str], manifest: Manifest
) -> list[Array]:
    try:
        return runtime.run(inputs, names)
    except Exception as error:  # a framework may raise anything
        raise ModelError(
            f"model {manifest.name} version {manifest.version} fails on its golden inputs: {describe(error)}"
        ) from error


def _check_golden(manifest: Manifest, outputs: Mapping[str, Array]) -> None:
    for name, wanted in _arrays(manifest.golden.outputs).items():
        got = outputs[name]
        if got.shape != wanted.shape or not _equal(got, wanted, manifest.golden.atol):
            raise ModelError(
                f"model {manifest.name} version {manifest.version} answers its golden inputs wrongly in "
                f"output {name!r} (tolerance {manifest.golden.atol}); the version is refused, train it again "
                "with the library versions of the server"
            )


def _equal(got: Array, wanted: Array, atol: float) -> bool:
    if wanted.dtype.kind == "f":
        return bool(np.allclose(got, wanted, rtol=0, atol=atol, equal_nan=True))
    return bool(np.array_equal(got, wanted))


def _arrays(tensors: Sequence[Tensor]) -> dict[str, Array]:
    try:
        return {
            tensor.name: from_json(tensor.name, tensor.datatype, tensor.shape, list(tensor.data))
            for tensor in tensors
        }
    except RequestError as error:
        raise ModelError(f"the manifest's golden tensors are malformed: {error}") from error
