"""Artifacts in folders of this machine, served from where they lie."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from mlops_serving.artifact import MANIFEST, Manifest, parse_manifest, verify
from mlops_serving.errors import ArtifactError


class ArtifactSource(Protocol):
    """Where the versions of one model come from."""

    def obtain(self, version: str) -> AbstractContextManager[tuple[Manifest, Path]]:
        """A verified artifact and its folder, which stays while the block runs.

        Raises `ArtifactError` and, for a store, `StoreError`.
        """
        ...

    def keep(self, versions: Collection[str]) -> None:
        """No other version is needed any more."""
        ...


class ArtifactFolder:
    """One artifact in a folder, of which nothing is ever changed or deleted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def obtain(self, version: str) -> Iterator[tuple[Manifest, Path]]:
        """The artifact, verified; `ArtifactError` if it is another version or not whole."""
        manifest = read_manifest(self._folder)
        if manifest.version != version:
            raise ArtifactError(
                f"{self._folder} has version {manifest.version} of model {manifest.name}, "
                f"version {version} is wanted; give the folder of that version"
            )
        verify(self._folder, manifest)
        yield manifest, self._folder

    def keep(self, versions: Collection[str]) -> None:
        """Nothing to do."""


def read_manifest(folder: Path) -> Manifest:
    """The manifest in an artifact's folder; `ArtifactError` if it is missing or malformed."""
    path = folder / MANIFEST
    try:
        return parse_manifest(path.read_bytes(), str(path))
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}; give an artifact's folder") from error


def find_artifacts(folder: Path) -> list[Path]:
    """The artifact folders to serve from `folder`, in order of the models' names.

    `folder` is an artifact itself, or holds artifacts as `<name>/<version>/`, of which the newest version
    of each name is taken. Raises `ArtifactError` when it is neither.
    """
    if (folder / MANIFEST).is_file():
        return [folder]
    newest: dict[str, Path] = {}
    for path in folder.glob(f"*/*/{MANIFEST}"):
        version, name = path.parent, path.parent.parent.name
        if not version.name.isdecimal():
            continue
        if name not in newest or int(version.name) > int(newest[name].name):
            newest[name] = version
    if not newest:
        raise ArtifactError(
            f"{folder} has neither a {MANIFEST} nor folders <name>/<version>/ with one; "
            "give the folder of an artifact, or one of artifacts"
        )
    return [newest[name] for name in sorted(newest)]
