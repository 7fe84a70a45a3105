"""scikit-learn estimators, however they were saved: the manifest's tensors as their arguments and answers.

The name of an output says which method gives it (see `method_of`). One input is the estimator's X; several
are its columns, in the manifest's order or, if it was fitted on a data frame, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from mlops_serving.artifact import Manifest
from mlops_serving.errors import ModelError
from mlops_serving.protocol.datatypes import Array
from mlops_serving.protocol.requests import signature
from mlops_serving.runtime.outputs import fit_output, rows_of

_METHODS: Final = frozenset(
    {"decision_function", "predict_log_proba", "predict_proba", "score_samples", "transform"}
)


def method_of(output: str) -> str:
    """The method that gives an output: the one of that name, predict_proba for `probabilities` (as
    skl2onnx names it), predict for any other name."""
    if output == "probabilities":
        return "predict_proba"
    return output if output in _METHODS else "predict"


class EstimatorRuntime:
    """An estimator in memory."""

    def __init__(self, estimator: Any, manifest: Manifest) -> None:
        """`ModelError` when the estimator has not the methods or columns that the manifest needs."""
        self._expected = signature(manifest.inputs, manifest.outputs)
        self._methods = {spec.name: _method(estimator, spec.name) for spec in manifest.outputs}
        self._table = _table(estimator, manifest)

    def run(self, inputs: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """The asked outputs, in order; `ModelError` when they are not what the manifest says."""
        table = self._table(inputs)
        rows = rows_of(self._expected, inputs)
        return [
            fit_output(self._expected.outputs[name], self._methods[name](table), rows) for name in outputs
        ]


def _method(estimator: Any, output: str) -> Callable[[Any], object]:
    name = method_of(output)
    method: Callable[[Any], object] | None = getattr(estimator, name, None)
    if method is None:
        raise ModelError(
            f"output {output!r} is given by method {name}, which a {type(estimator).__name__} has not; "
            f"name the output after one of {sorted(_METHODS)}, or otherwise for predict"
        )
    return method


def _table(estimator: Any, manifest: Manifest) -> Callable[[Mapping[str, Array]], Any]:
    names = [spec.name for spec in manifest.inputs]
    columns = getattr(estimator, "feature_names_in_", None)
    if columns is None:
        if len(names) == 1:
            return lambda inputs: _text(inputs[names[0]])
        return lambda inputs: np.column_stack([_text(inputs[name]) for name in names])
    try:
        from pandas import DataFrame
    except ImportError as error:
        raise ModelError(
            f"model {manifest.name} was fitted on a data frame and needs pandas; install mlops-serving[skops]"
        ) from error
    if len(names) == 1 and names[0] not in columns:
        return lambda inputs: DataFrame(_text(inputs[names[0]]), columns=columns, copy=False)
    missing = [str(column) for column in columns if column not in names]
    if missing:
        raise ModelError(
            f"model {manifest.name} was fitted on columns {missing} too; list each column as an input"
        )
    return lambda inputs: DataFrame({column: _text(inputs[column]).reshape(-1) for column in columns})


def _text(array: Array) -> Array:
    """Strings as `str` whichever way they were sent; other arrays as they are."""
    if array.dtype != np.object_ or not array.size or not isinstance(array.flat[0], bytes):
        return array
    decoded = np.empty(array.shape, np.object_)
    decoded.reshape(-1)[:] = [value.decode() for value in array.reshape(-1).tolist()]
    return decoded
