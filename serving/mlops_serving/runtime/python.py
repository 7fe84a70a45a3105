"""A class of the artifact's own: `predict(inputs)`, and `load(folder)` before it if the class has one.

Either may be async. A model with an async predict answers many requests at once on the event loop; any
other is asked one call at a time.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops_serving.artifact import Manifest
from mlops_serving.errors import ModelError
from mlops_serving.places import describe
from mlops_serving.protocol.datatypes import Array
from mlops_serving.protocol.requests import Signature, signature
from mlops_serving.runtime import Place
from mlops_serving.runtime.modules import ArtifactModules
from mlops_serving.runtime.outputs import fit_outputs


class PythonRuntime:
    """A model whose predict is a plain function."""

    def __init__(self, predict: Callable[[dict[str, Array]], object], expected: Signature) -> None:
        self._predict, self._expected = predict, expected
        # The event loop and a shadow may ask at the same time.
        self._one_at_a_time = threading.Lock()

    def run(self, inputs: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """The asked outputs, in order; `ModelError` when they are not what the manifest says."""
        with self._one_at_a_time:
            given = self._predict(_read_only(inputs))
        return fit_outputs(self._expected, given, inputs, outputs)


class AsyncPythonRuntime:
    """A model whose predict is a coroutine; all its calls are on one event loop."""

    def __init__(
        self, predict: Callable[[dict[str, Array]], Awaitable[object]], expected: Signature, loop: _Loop
    ) -> None:
        self._predict, self._expected, self._loop = predict, expected, loop

    async def answer(self, inputs: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """The asked outputs, in order; `ModelError` when they are not what the manifest says."""
        given = await self._predict(_read_only(inputs))
        return fit_outputs(self._expected, given, inputs, outputs)

    def run(self, inputs: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """As `answer`, for threads other than the event loop's."""
        arrays: list[Array] = self._loop.finish(self.answer(inputs, outputs))
        return arrays


class _Loop:
    """Runs coroutines to their end on the server's event loop, without one on a loop of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self._loop, self._own = loop, asyncio.Runner() if loop is None else None

    def finish(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """The result. Not for the event loop's own thread, which would wait for itself."""
        if self._own is not None:
            return self._own.run(coroutine)
        assert self._loop is not None  # noqa: S101 - one of the two is there
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def close(self) -> None:
        """End a loop of its own."""
        if self._own is not None:
            self._own.close()


def load(manifest: Manifest, folder: Path, place: Place) -> PythonRuntime | AsyncPythonRuntime:
    """Import the class, make its one object and let it load; `ModelError` says which of these failed."""
    if manifest.entry_point is None:
        raise ModelError(f"model {manifest.name} is of framework python; its manifest needs an entry_point")
    modules, loop = ArtifactModules(manifest, folder), _Loop(place.loop)
    try:
        runtime = _build(manifest, folder, modules, loop)
    except BaseException:
        _let_go(modules, loop)
        raise
    weakref.finalize(runtime, _let_go, modules, loop).atexit = False
    return runtime


def _let_go(modules: ArtifactModules, loop: _Loop) -> None:
    modules.forget()
    loop.close()


def _build(
    manifest: Manifest, folder: Path, modules: ArtifactModules, loop: _Loop
) -> PythonRuntime | AsyncPythonRuntime:
    module, _, name = str(manifest.entry_point).partition(":")
    doing = f"import {module}"
    try:
        found = modules.load(module)
        doing = f"make an object of {manifest.entry_point}"
        model = getattr(found, name)()
        if hasattr(model, "load"):
            doing = f"load with {manifest.entry_point}"
            loading = model.load(folder)
            if inspect.iscoroutine(loading):
                loop.finish(loading)
        doing = f"find predict in {manifest.entry_point}"
        predict = model.predict
    except (Exception, SystemExit) as error:  # its code may raise anything
        raise ModelError(
            f"model {manifest.name} version {manifest.version} cannot {doing}: {_explain(error, modules)}"
        ) from error
    expected = signature(manifest.inputs, manifest.outputs)
    if inspect.iscoroutinefunction(predict):
        return AsyncPythonRuntime(predict, expected, loop)
    return PythonRuntime(predict, expected)


def _explain(error: BaseException, modules: ArtifactModules) -> str:
    text = describe(error).replace(f"{modules.package}.", "")
    if not isinstance(error, ModuleNotFoundError):
        return text
    return (
        f"{text}; install it beside the server, or, if it is a file of the artifact, list it in the manifest "
        "and import it as `from . import name`"
    )


def _read_only(inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Views that the model cannot write through: others still read the arrays."""
    views = {}
    for name, array in inputs.items():
        view = views[name] = array.view()
        view.flags.writeable = False
    return views
