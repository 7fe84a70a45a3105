"""Copying artifacts between a local folder and the store.

A pipeline publishes, the server fetches. The manifest is written last, so a version either is whole
or does not exist; a version is never written over.
"""

from __future__ import annotations

from pathlib import Path

from mlops_serving.artifact import MANIFEST, Manifest, artifact_key, dump_manifest, parse_manifest, verify
from mlops_serving.errors import ArtifactError, ObjectExists, ObjectMissing
from mlops_serving.store import Store


def publish(store: Store, folder: Path, manifest: Manifest) -> None:
    """Upload the files that the manifest lists, after checking them, and then the manifest.

    Publishing the same artifact again, say after an interruption, completes it. Raises
    `ArtifactError` when the version exists with another content.
    """
    verify(folder, manifest)
    prefix = artifact_key(manifest.name, manifest.version)
    for file in manifest.files:
        _create(store, f"{prefix}/{file.path}", (folder / file.path).read_bytes())
    _create(store, f"{prefix}/{MANIFEST}", dump_manifest(manifest))


def fetch(store: Store, name: str, version: str, folder: Path) -> Manifest:
    """Download an artifact into an empty folder and verify every digest; returns its manifest.

    Raises `ArtifactError` listing the versions there are when this one is not among them, and
    `DigestMismatch` when a file is missing, truncated or altered.
    """
    manifest = fetch_manifest(store, name, version)
    for file in manifest.files:
        _download(store, f"{artifact_key(name, version)}/{file.path}", folder / file.path)
    verify(folder, manifest)
    (folder / MANIFEST).write_bytes(dump_manifest(manifest))
    return manifest


def fetch_manifest(store: Store, name: str, version: str) -> Manifest:
    """The manifest of a version; `ArtifactError` listing the versions there are when it is not among them."""
    key = f"{artifact_key(name, version)}/{MANIFEST}"
    try:
        text = store.get(key).data
    except ObjectMissing as error:
        known = ", ".join(versions(store, name)) or "none"
        raise ArtifactError(
            f"model {name!r} has no version {version!r}; the versions there are: {known}"
        ) from error
    manifest = parse_manifest(text, key)
    if (manifest.name, manifest.version) != (name, version):
        raise ArtifactError(
            f"manifest {key} is of {artifact_key(manifest.name, manifest.version)}; "
            "the version is refused, register the model again"
        )
    return manifest


def versions(store: Store, name: str) -> list[str]:
    """The versions of a model that are there and whole, in ascending order."""
    found = [entry for entry in store.list(f"models/{name}") if entry.isdecimal()]
    whole = [entry for entry in found if MANIFEST in store.list(artifact_key(name, entry))]
    return sorted(whole, key=int)


def _create(store: Store, key: str, data: bytes) -> None:
    try:
        store.create(key, data)
    except ObjectExists as error:
        if store.get(key).data != data:
            raise ArtifactError(
                f"{key} exists with another content; versions are immutable, publish under a new one"
            ) from error


def _download(store: Store, key: str, path: Path) -> None:
    try:
        store.download(key, path)
    except ObjectMissing:
        path.unlink(missing_ok=True)  # `verify` names the missing file
