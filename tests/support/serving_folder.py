"""A model server on a folder instead of an object store, for tests that are about something else."""

from __future__ import annotations

import os
from pathlib import Path

from mlops_serving.publish import publish
from mlops_serving.store import Store, store_settings
from serving_models import Iris
from serving_process import models


def folder_environ(folder: Path, iris: Iris) -> dict[str, str]:
    """Variables of a server that is pinned to version 1 of the iris model."""
    environ = {"MLOPS_STORE_URL": f"file://{folder}", "MLOPS_MODELS": models("1")}
    publish(Store(store_settings(environ)), iris.folders["1"], iris.manifests["1"])
    return environ


def replace_file(path: Path, content: str | bytes) -> None:
    """Put another file in its place at once, as Kubernetes does with a mounted Secret."""
    new = path.with_suffix(".new")
    new.write_bytes(content.encode() if isinstance(content, str) else content)
    os.replace(new, path)  # noqa: PTH105 - says that it replaces
