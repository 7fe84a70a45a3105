"""Artifacts on local disk: a version's folder appears only when it is whole and verified.

Worker processes share the folder. A lock file for each version lets one of them download while the others
wait, and keeps a version that somebody is just loading from being deleted.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from mlops_serving.artifact import MANIFEST, Manifest, artifact_key, parse_manifest, verify
from mlops_serving.errors import ArtifactError
from mlops_serving.publish import fetch
from mlops_serving.store import Store

_PART = ".part"
_LOCK = ".lock"


class ArtifactCache:
    """Folder `<cache>/<name>/<version>/` for each version, filled on demand."""

    def __init__(self, folder: Path, store: Store, name: str) -> None:
        self._folder, self._store, self._name = folder / name, store, name
        self._folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def obtain(self, version: str) -> Iterator[tuple[Manifest, Path]]:
        """A verified local copy, downloaded unless an intact one is there; it stays while the block runs.

        Raises what `fetch` raises, and then leaves no trace of the version.
        """
        final = self._folder / version
        while True:
            with self._locked(version, fcntl.LOCK_EX):
                manifest = self._ensure(final, version)
            with self._locked(version, fcntl.LOCK_SH):
                # Between the two locks another process may have deleted what it does not use.
                if final.exists():
                    yield manifest, final
                    return

    def keep(self, versions: Collection[str]) -> None:
        """Delete the folders of all other versions, but for those that somebody is loading."""
        for folder in self._folder.iterdir():
            version = folder.name.removesuffix(_PART)
            if folder.suffix == _LOCK or version in versions:
                continue
            try:
                with self._locked(version, fcntl.LOCK_EX | fcntl.LOCK_NB):
                    shutil.rmtree(folder)
            except BlockingIOError:
                continue

    @contextmanager
    def _locked(self, version: str, how: int) -> Iterator[None]:
        with (self._folder / f"{version}{_LOCK}").open("w") as handle:
            fcntl.flock(handle, how)
            yield

    def _ensure(self, final: Path, version: str) -> Manifest:
        if final.exists():
            try:
                return self._read(final, version)
            except ArtifactError:
                shutil.rmtree(final)
        part = final.with_name(f"{version}{_PART}")
        shutil.rmtree(part, ignore_errors=True)
        try:
            part.mkdir()
            manifest = fetch(self._store, self._name, version, part)
            _sync(part)
            part.rename(final)
            _sync_one(self._folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return manifest

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
