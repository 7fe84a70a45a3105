"""Pickled scikit-learn models. Reading a pickle runs code, for which `load_runtime` wants permission."""

from __future__ import annotations

import pickle
from pathlib import Path

from mlops_serving.artifact import Manifest
from mlops_serving.errors import ModelError
from mlops_serving.places import describe
from mlops_serving.runtime import Place
from mlops_serving.runtime.estimator import EstimatorRuntime


def load(manifest: Manifest, folder: Path, place: Place) -> EstimatorRuntime:
    """Unpickle the estimator; `ModelError` if that fails for whatever reason."""
    try:
        with (folder / manifest.model_file).open("rb") as stream:
            estimator = pickle.load(stream)  # noqa: S301
    except (Exception, SystemExit) as error:  # its code may raise anything
        raise ModelError(
            f"{manifest.model_file} of {manifest.name} version {manifest.version} cannot be unpickled: "
            f"{describe(error)}; install what it needs in the versions it was "
            "saved with, or save it with skops"
        ) from error
    return EstimatorRuntime(estimator, manifest)
