"""What an image is made from, as one hash: the same inputs are never built twice."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops_local.errors import ImageError
from mlops_local.images import render
from mlops_local.images.catalog import (
    RECIPES,
    GoProgram,
    PythonPackages,
    RootFilesystem,
    WorkspaceWheels,
)

LAYOUT_VERSION = 1
"""Raised when the way of building changes what comes out of the same inputs."""


@dataclass(frozen=True)
class ImageSource:
    """Where the inputs are: the checkout, and each Go group's folder of programs."""

    workspace: Path
    programs: Mapping[str, Path]


def image_hash(name: str, source: ImageSource) -> str:
    """Hash (16 hex digits) of all that goes into an image, its parents included."""
    recipe = RECIPES[name]
    parent = image_hash(recipe.parent, source) if recipe.parent else None
    digest = hashlib.sha256(f"{LAYOUT_VERSION}\n{render.containerfile(name, parent)}".encode())
    for part in _parts(name, source):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:16]


def _parts(name: str, source: ImageSource) -> Iterable[bytes]:
    recipe = RECIPES[name]
    if isinstance(recipe, RootFilesystem):
        yield "\n".join([*recipe.packages, *recipe.removed]).encode()
        yield from (render.image_file(file).encode() for file in recipe.files)
    elif isinstance(recipe, GoProgram):
        # The folder's name holds the hash of the pins that the program was built from.
        yield source.programs[recipe.group].name.encode()
    elif isinstance(recipe, PythonPackages):
        yield requirements(recipe, source.workspace).encode()
    elif isinstance(recipe, WorkspaceWheels):
        yield from (content for member in recipe.members for content in _member_files(source, member))


def requirements(recipe: PythonPackages, workspace: Path) -> str:
    """The third-party packages as a requirements file with hashes, from the lock alone."""
    command = [sys.executable, "-m", "uv", "export", "--frozen", "--no-emit-workspace", "--no-header"]
    result = subprocess.run(
        [*command, "--no-annotate", *recipe.export],
        cwd=workspace,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise ImageError(
            f"uv.lock does not give the packages of {recipe.export[1]}:\n{result.stderr.strip()}"
        )
    return result.stdout


def _member_files(source: ImageSource, member: str) -> Iterable[bytes]:
    folder = source.workspace / member
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
            yield str(path.relative_to(folder)).encode()
            yield path.read_bytes()
