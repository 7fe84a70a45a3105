"""Fill a build context: the root file system, the packages or the program that a Containerfile copies."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from mlops_local.images import render
from mlops_local.images.catalog import (
    RECIPES,
    GoProgram,
    PythonPackages,
    RootFilesystem,
    WorkspaceWheels,
)
from mlops_local.images.commands import EPOCH, run
from mlops_local.images.inputs import ImageSource, requirements

SUITE = "bookworm"
PYTHON_VERSION = "3.11"
PYTHON_PLATFORM = "x86_64-manylinux_2_36"
# Tests that ship inside wheels, and the conversion tools of a library that only serves here.
PRUNED = (
    "**/tests",
    "**/testing/data",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "onnxruntime/datasets",
)
UNREPRODUCIBLE = ("bin", "*.dist-info/direct_url.json", "*.dist-info/uv_*.json", ".lock")


def fill(name: str, source: ImageSource, folder: Path, log: Path) -> None:
    """Put everything that the image's Containerfile copies into `folder`."""
    recipe = RECIPES[name]
    if isinstance(recipe, RootFilesystem):
        _root_filesystem(recipe, folder, log)
    elif isinstance(recipe, GoProgram):
        shutil.copy2(source.programs[recipe.group] / recipe.program, folder / recipe.program)
    elif isinstance(recipe, PythonPackages):
        _packages(recipe, source, folder, log)
    elif isinstance(recipe, WorkspaceWheels):
        _wheels(recipe, source, folder, log)


def _root_filesystem(recipe: RootFilesystem, folder: Path, log: Path) -> None:
    command = ["mmdebstrap", "--variant=essential", f"--include={','.join(recipe.packages)}"]
    for path in ("doc", "man", "locale", "info"):
        command.append(f"--dpkgopt=path-exclude=/usr/share/{path}/*")
    target = folder / "rootfs"
    run([*command, "--format=directory", SUITE, str(target)], log, SOURCE_DATE_EPOCH=str(EPOCH))
    # Device nodes are the container runtime's to make.
    for pattern in (*recipe.removed, "/dev/*"):
        _remove(target.glob(pattern.lstrip("/")))
    for name in recipe.files:
        file = folder / name
        file.write_text(render.image_file(name))
        file.chmod(0o755)


def _packages(recipe: PythonPackages, source: ImageSource, folder: Path, log: Path) -> None:
    pins = folder.parent / "requirements.txt"
    pins.write_text(requirements(recipe, source.workspace))
    target = folder / "packages"
    _install(target, log, "--require-hashes", "--only-binary", ":all:", "--requirement", str(pins))
    _tidy(target, log)


def _wheels(recipe: WorkspaceWheels, source: ImageSource, folder: Path, log: Path) -> None:
    target = folder / "packages"
    _install(target, log, "--no-deps", *(str(source.workspace / member) for member in recipe.members))
    _tidy(target, log)


def _install(target: Path, log: Path, *what: str) -> None:
    command = [sys.executable, "-m", "uv", "pip", "install", "--target", str(target), "--link-mode", "copy"]
    platform = ["--python-version", PYTHON_VERSION, "--python-platform", PYTHON_PLATFORM]
    run([*command, *platform, *what], log)


def _tidy(target: Path, log: Path) -> None:
    for pattern in (*PRUNED, *UNREPRODUCIBLE):
        _remove(target.glob(pattern))
    if sys.version_info[:2] == tuple(map(int, PYTHON_VERSION.split("."))):
        compile_all = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
        run(
            [*compile_all, "-j", str(os.cpu_count() or 1), "-s", str(target), "-p", render.SITE, str(target)],
            log,
        )


def _remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
