"""Runtimes: one file for each framework that a manifest may name.

A runtime turns verified files into a `Runtime`; what it knows of a framework stays in its file. A new
one is a module with `load(manifest, folder, place)` and a line in `RUNTIMES`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple, Protocol, runtime_checkable

from mlops_serving.artifact import Manifest
from mlops_serving.errors import ModelError
from mlops_serving.protocol.datatypes import Array


class Runtime(Protocol):
    """A model in memory. `run` may be called from any thread, one call at a time."""

    def run(self, inputs: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """The asked outputs, in order. Arrays come in the manifest's datatypes; strings are objects."""
        ...


@runtime_checkable
class ConcurrentRuntime(Runtime, Protocol):
    """A model whose calls may overlap on the event loop; `run` is then for every other thread."""

    async def answer(self, inputs: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """As `run`."""
        ...


class Place(NamedTuple):
    """Where a model is to run: threads for one call, and the event loop of the server if there is one."""

    threads: int
    loop: asyncio.AbstractEventLoop | None = None


class Kind(NamedTuple):
    """The module of a runtime, and whether its artifacts run code of their own when they are loaded."""

    module: str
    runs_code: bool = False


RUNTIMES: Final = {
    "onnx": Kind("mlops_serving.runtime.onnx"),
    "pickle": Kind("mlops_serving.runtime.pickle", runs_code=True),
    "python": Kind("mlops_serving.runtime.python", runs_code=True),
    "skops": Kind("mlops_serving.runtime.skops"),
}


def load_runtime(manifest: Manifest, folder: Path, place: Place, allow_code: bool = False) -> Runtime:
    """Load the model of a verified artifact folder; `ModelError` if the framework cannot.

    Modules are imported on first use, so a server pays only for the frameworks it serves. Unpickling
    runs whatever code the file asks for, as importing a module does; so one permission covers both. It
    covers trusted types too: the manifest that trusts them is written by whoever writes the file.
    """
    kind = RUNTIMES.get(manifest.framework)
    if kind is None:
        raise ModelError(
            f"model {manifest.name} version {manifest.version} needs runtime {manifest.framework!r}; "
            f"this server has {sorted(RUNTIMES)}"
        )
    if (kind.runs_code or manifest.trusted_types) and not allow_code:
        how = (
            f"is of framework {manifest.framework}, which runs code that comes with the artifact"
            if kind.runs_code
            else f"wants types {list(manifest.trusted_types)} trusted, which may run any code"
        )
        raise ModelError(
            f"model {manifest.name} version {manifest.version} {how}; if you trust all who can publish it, "
            "list the model in MLOPS_ALLOW_CODE (by hand: --allow-code)"
        )
    load: Callable[[Manifest, Path, Place], Runtime] = import_module(kind.module).load
    return load(manifest, folder, place)
