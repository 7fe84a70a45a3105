"""Artifacts on local disk: a version's folder appears only when it is whole and verified."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from mlops_serving.artifact import MANIFEST, Manifest, artifact_key, parse_manifest, verify
from mlops_serving.errors import ArtifactError
from mlops_serving.publish import fetch
from mlops_serving.store import Store

_PART = ".part"


class ArtifactCache:
    """Folder `<cache>/<name>/<version>/` for each version, filled on demand. For one process and thread."""

    def __init__(self, folder: Path, store: Store, name: str) -> None:
        self._folder, self._store, self._name = folder / name, store, name
        self._folder.mkdir(parents=True, exist_ok=True)
        for unfinished in self._folder.glob(f"*{_PART}"):
            shutil.rmtree(unfinished)

    def obtain(self, version: str) -> tuple[Manifest, Path]:
        """A verified local copy, downloaded unless an intact one is there already.

        Raises what `fetch` raises, and then leaves no trace of the version.
        """
        final = self._folder / version
        if final.exists():
            try:
                return self._read(final, version), final
            except ArtifactError:
                shutil.rmtree(final)
        part = self._folder / f"{version}{_PART}"
        try:
            part.mkdir()
            manifest = fetch(self._store, self._name, version, part)
            _sync(part)
            part.rename(final)
            _sync_one(self._folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return manifest, final

    def keep(self, versions: Collection[str]) -> None:
        """Delete the folders of all other versions."""
        for folder in self._folder.iterdir():
            if folder.name not in versions:
                shutil.rmtree(folder)

    def _read(self, folder: Path, version: str) -> Manifest:
        where = f"{artifact_key(self._name, version)}/{MANIFEST} (cached)"
        try:
            text = (folder / MANIFEST).read_bytes()
        except OSError as error:
            raise ArtifactError(f"{where} cannot be read: {error}") from error
        manifest = parse_manifest(text, where)
        verify(folder, manifest)
        return manifest


def _sync(folder: Path) -> None:
    """Make every file and folder below durable before the rename announces them."""
    for path in (*folder.rglob("*"), folder):
        _sync_one(path)


def _sync_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
