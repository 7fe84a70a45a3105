"""scikit-learn models saved by skops, which builds only objects of types that are known or listed.

Source of the format and its trust: skops, docs/persistence.rst.
"""

from __future__ import annotations

from pathlib import Path

from mlops_serving.artifact import Manifest
from mlops_serving.errors import ModelError
from mlops_serving.runtime import Place
from mlops_serving.runtime.estimator import EstimatorRuntime


def load(manifest: Manifest, folder: Path, place: Place) -> EstimatorRuntime:
    """Build the estimator; `ModelError` names every type in the file that the manifest does not trust."""
    try:
        from skops import io
    except ImportError as error:
        raise ModelError(
            f"model {manifest.name} is of framework skops, which is not installed here ({error}); "
            "install mlops-serving[skops]"
        ) from error
    path = folder / manifest.model_file
    try:
        unknown = set(io.get_untrusted_types(file=path))
        untrusted = sorted(unknown.difference(manifest.trusted_types))
        if untrusted:
            raise ModelError(
                f"{manifest.model_file} of {manifest.name} version {manifest.version} holds objects of "
                f"types {untrusted}; if you know them, list them in trusted_types of the manifest"
            )
        estimator = io.load(path, trusted=sorted(unknown))
    except ModelError:
        raise
    except Exception as error:  # a zip, JSON, numpy and every constructor in the file may fail
        raise ModelError(
            f"skops cannot load {manifest.model_file} of {manifest.name} version {manifest.version}: "
            f"{type(error).__name__}: {str(error)[:300]}; save it with the library versions of the server"
        ) from error
    return EstimatorRuntime(estimator, manifest)
