"""OCI layout folders: what is in one, and how several share the layers that they have in common."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

KEPT = 2
"""Layouts kept of one image: the newest, and the one before, which a push may be reading."""


def manifest_digest(layout: Path) -> str:
    """Digest of the one image in an OCI layout, `sha256:...`."""
    index = json.loads((layout / "index.json").read_text())
    return str(index["manifests"][0]["digest"])


def image_config(layout: Path) -> Mapping[str, Any]:
    """The image's configuration: `config` (User, Env, Entrypoint, Labels), `rootfs`, `history`."""
    config: dict[str, Any] = json.loads(_blob(layout, _manifest(layout)["config"]["digest"]).read_text())
    return config


def layer_files(layout: Path) -> list[Path]:
    """The layers' gzipped tar files, lowest first."""
    return [_blob(layout, layer["digest"]) for layer in _manifest(layout)["layers"]]


def unpacked_bytes(layout: Path) -> int:
    """Size of the layers as tar files, from the length (modulo 4 GiB) that ends each gzip file."""
    return sum(_length_field(layer) for layer in layer_files(layout))


def share_blobs(layout: Path) -> None:
    """Make blobs that another layout beside this one has too the same file: equal names, equal content."""
    for blob in (layout / "blobs" / "sha256").iterdir():
        same = layout.parent.glob(f"[!.]*/blobs/sha256/{blob.name}")
        other = next((found for found in same if not found.samefile(blob)), None)
        if other:
            _replace_by_link(blob, other)


def drop_outdated(name: str, folder: Path) -> None:
    """Delete all but the newest KEPT layouts of one image."""
    layouts = sorted(
        folder.glob(f"{name}-{'[0-9a-f]' * 16}"), key=lambda path: path.stat().st_mtime_ns, reverse=True
    )
    for layout in layouts[KEPT:]:
        shutil.rmtree(layout)


def drop_unfinished(folder: Path) -> None:
    """Delete what interrupted builds left."""
    for left in folder.glob(".*"):
        shutil.rmtree(left)


def _length_field(gzipped: Path) -> int:
    with gzipped.open("rb") as file:
        file.seek(-4, os.SEEK_END)
        return int.from_bytes(file.read(), "little")


def _manifest(layout: Path) -> Mapping[str, Any]:
    manifest: dict[str, Any] = json.loads(_blob(layout, manifest_digest(layout)).read_text())
    return manifest


def _blob(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")


def _replace_by_link(blob: Path, other: Path) -> None:
    linked = blob.with_suffix(".link")
    os.link(other, linked)
    linked.replace(blob)
