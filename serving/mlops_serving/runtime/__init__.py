"""Runtimes: one file for each framework that a manifest may name.

A runtime turns verified files into a `Runtime`; what it knows of a framework stays in its file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol

from mlops_serving.artifact import Manifest
from mlops_serving.protocol.datatypes import Array


class Runtime(Protocol):
    """A model in memory. `run` may be called from any thread, one call at a time."""

    def run(self, inputs: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """The asked outputs, in order. Arrays come in the manifest's datatypes; strings are objects."""
        ...


_MODULES: Final = {"onnx": "mlops_serving.runtime.onnx"}


def load_runtime(manifest: Manifest, folder: Path, threads: int) -> Runtime:
    """Load the model of a verified artifact folder; `ModelError` if the framework cannot.

    Modules are imported on first use, so a server pays only for the frameworks it serves.
    """
    load: Callable[[Manifest, Path, int], Runtime] = import_module(_MODULES[manifest.framework]).load
    return load(manifest, folder, threads)
