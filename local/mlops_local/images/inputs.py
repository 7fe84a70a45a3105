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
    Recipe,
    RootFilesystem,
    WorkspaceWheels,
    ancestry,
    taken_from,
)

BUILD_VERSION = 1
"""Raised when the way of building changes what comes out of the same inputs."""
_NOT_PACKAGED = frozenset({"__pycache__", "dist", "build", ".venv"})


@dataclass(frozen=True)
class ImageSource:
    """Where the inputs are: the checkout, and each Go group's folder of programs.

    The folder of a group is one of `toolchain.group_folder`: its name holds the hash of the pins that its
    programs were built from, so hashing it costs nothing.
    """

    workspace: Path
    programs: Mapping[str, Path]


def image_hashes(names: Iterable[str], source: ImageSource) -> dict[str, str]:
    """Hash (16 hex digits) of all that goes into each image and into those it takes from, oldest first.

    Raises:
        ImageError: uv.lock does not have the packages, or a Go program was not built.
    """
    hashes: dict[str, str] = {}
    for name in dict.fromkeys(step for wanted in names for step in ancestry(wanted)):
        older = taken_from(name)
        below = [hashes[older]] if older else []
        hashes[name] = digest([str(BUILD_VERSION), *below, *image_parts(name, source)])
    return hashes


def digest(parts: Iterable[str]) -> str:
    """16 hex digits that differ whenever a part, or their number or order, does."""
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part.encode()).digest())
    return total.hexdigest()[:16]


def image_parts(name: str, source: ImageSource) -> Iterable[str]:
    """The inputs of one image, the image that it takes from left out."""
    recipe = RECIPES[name]
    yield render.containerfile(name)
    yield from recipe_parts(recipe)
    if isinstance(recipe, GoProgram):
        yield _program(recipe, source)
    elif isinstance(recipe, PythonPackages):
        yield requirements(recipe, source.workspace)
    elif isinstance(recipe, WorkspaceWheels):
        yield from (part for member in recipe.members for part in _member_files(source.workspace / member))


def recipe_parts(recipe: Recipe) -> Iterable[str]:
    """What the catalog says beyond the Containerfile."""
    if isinstance(recipe, RootFilesystem):
        yield from ("before", *recipe.before, "folders", *recipe.folders)
        yield from (render.image_file(file) for file in recipe.files)
    if not isinstance(recipe, GoProgram):
        yield from ("removed", *recipe.removed)
    if isinstance(recipe, PythonPackages):
        yield from ("stripped", *recipe.stripped)


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
            f"uv.lock does not give the packages of {recipe.export[1]}:\n{result.stderr.strip()}\n"
            "Run `uv lock` in the checkout, and the command again."
        )
    return result.stdout


def _program(recipe: GoProgram, source: ImageSource) -> str:
    folder = source.programs.get(recipe.group)
    if folder is None or not (folder / recipe.program).is_file():
        raise ImageError(
            f"the program {recipe.program} was not built ({folder or 'no folder given'}); "
            f"build the Go group {recipe.group} first (`mlops engine` does)"
        )
    return f"{folder.name} {(folder / recipe.program).stat().st_size}"


def _member_files(folder: Path) -> Iterable[str]:
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.is_file() and path.suffix != ".pyc" and _NOT_PACKAGED.isdisjoint(place.parts):
            yield str(place)
            yield hashlib.sha256(path.read_bytes()).hexdigest()
