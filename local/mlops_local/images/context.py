"""Fill a build context: the root file system, the packages or the program that a Containerfile copies.

Everything is fetched and installed here, on the machine, with its own package sources and certificates;
the build that follows copies files and touches no network, so nothing of the machine's gets into an image.
"""

from __future__ import annotations

import os
import platform
import shutil
import stat
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
from mlops_local.images.commands import EPOCH, run, run_isolated
from mlops_local.images.inputs import ImageSource, requirements

SUITE = "bookworm"
PYTHON_VERSION = "3.11"
PYTHON_PLATFORM = f"{platform.machine()}-manylinux_2_36"
"""Debian 12 has glibc 2.36."""
# A compiled module that went by its source's time would be stale: in an image all times are one.
_COMPILE_ALL = ("-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash", "-j", "0")
_SHARED = 0o1777
"""Mode of a folder in which all may make files, each only delete their own."""


def fill(name: str, source: ImageSource, folder: Path, log: Path) -> None:
    """Put everything that the image's Containerfile copies into `folder`, an empty folder.

    Raises:
        ImageError: a package source did not answer, or a package does not match its hash in uv.lock.
    """
    recipe = RECIPES[name]
    if isinstance(recipe, RootFilesystem):
        _root_filesystem(recipe, folder, log)
    elif isinstance(recipe, GoProgram):
        shutil.copy2(source.programs[recipe.group] / recipe.program, folder / recipe.program)
    elif isinstance(recipe, PythonPackages):
        _packages(recipe, source, folder, log)
    elif isinstance(recipe, WorkspaceWheels):
        _wheels(recipe, source, folder, log)


def debootstrap_command(recipe: RootFilesystem, target: Path) -> list[str]:
    """The mmdebstrap command that makes `target`: essential packages, the recipe's user, its packages."""
    identity = f"{recipe.user}:{recipe.user}"
    hooks = [
        f'echo "{recipe.user_name}:x:{identity}::/tmp:/usr/sbin/nologin" >> "$1/etc/passwd"',
        f'echo "{recipe.user_name}:x:{recipe.user}:" >> "$1/etc/group"',
        *recipe.before,
    ]
    unread = ("doc", "info", "locale", "man")
    return [
        "mmdebstrap",
        "--mode=root",
        "--variant=essential",
        f"--include={','.join(recipe.packages)}",
        *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in unread),
        *(f"--essential-hook={hook}" for hook in hooks),
        "--format=directory",
        SUITE,
        str(target),
    ]


def _root_filesystem(recipe: RootFilesystem, folder: Path, log: Path) -> None:
    target = folder / "rootfs"
    run_isolated(debootstrap_command(recipe, target), log, SOURCE_DATE_EPOCH=str(EPOCH), TMPDIR=str(folder))
    _remove(target, recipe.removed)
    library = target / "usr/lib/python3.11"
    if library.is_dir():
        _compile(library, "/usr/lib/python3.11", log)
    _drop_privilege_bits(target)
    for shared in recipe.folders:
        (target / shared).mkdir(parents=True, exist_ok=True)
        (target / shared).chmod(_SHARED)
    for name in recipe.files:
        file = folder / name
        file.write_text(render.image_file(name))
        file.chmod(0o755)


def _packages(recipe: PythonPackages, source: ImageSource, folder: Path, log: Path) -> None:
    pins = folder.parent / "requirements.txt"
    pins.write_text(requirements(recipe, source.workspace))
    target = folder / "packages"
    _install(target, log, "--require-hashes", "--only-binary", ":all:", "--requirement", str(pins))
    _strip(target, recipe.stripped, log)
    _finish(target, recipe.removed, log)


def _wheels(recipe: WorkspaceWheels, source: ImageSource, folder: Path, log: Path) -> None:
    target = folder / "packages"
    wheels = folder.parent / "wheels"
    uv_build = [sys.executable, "-m", "uv", "build", "--wheel", "--quiet", "--out-dir", str(wheels)]
    for member in recipe.members:
        run([*uv_build, str(source.workspace / member)], log, SOURCE_DATE_EPOCH=str(EPOCH))
    # By name and not by path, which pip's metadata would carry into the image.
    names = sorted(wheel.name.split("-")[0] for wheel in wheels.glob("*.whl"))
    _install(target, log, "--no-index", "--find-links", str(wheels), *names)
    _finish(target, recipe.removed, log)


def _finish(site: Path, removed: Iterable[str], log: Path) -> None:
    _remove(site, removed)
    for record in site.glob("*.dist-info/RECORD"):
        # Installed files are links into uv's cache, so this one is written anew instead of in place.
        lines = record.read_text().splitlines(keepends=True)
        record.unlink()
        record.write_text("".join(line for line in lines if (site / line.split(",")[0]).exists()))
    _compile(site, render.SITE, log)


def _install(target: Path, log: Path, *what: str) -> None:
    # What is installed is decided by the lock; nothing is resolved here.
    command = [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--link-mode", "hardlink"]
    where = ["--target", str(target), "--python-version", PYTHON_VERSION]
    run([*command, *where, "--python-platform", PYTHON_PLATFORM, *what], log)


def _strip(site: Path, patterns: Iterable[str], log: Path) -> None:
    """Take debug symbols out of libraries."""
    for path in [found for pattern in patterns for found in site.glob(pattern)]:
        # Installed files are links into uv's cache, so a new file takes the place of each.
        smaller = path.with_name(f".{path.name}")
        run(["strip", "--strip-unneeded", "-o", str(smaller), str(path)], log)
        smaller.replace(path)


def _compile(folder: Path, place: str, log: Path) -> None:
    """Compile modules, as images are read-only where they run; another Python than theirs cannot do it."""
    if sys.version_info[:2] == tuple(map(int, PYTHON_VERSION.split("."))):
        run([sys.executable, *_COMPILE_ALL, "-s", str(folder), "-p", place, str(folder)], log)


def _drop_privilege_bits(root: Path) -> None:
    for folder, _, names in os.walk(root):
        for path in (Path(folder) / name for name in names):
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID):
                path.chmod(stat.S_IMODE(mode) & ~(stat.S_ISUID | stat.S_ISGID))


def _remove(root: Path, patterns: Iterable[str]) -> None:
    for path in [found for pattern in patterns for found in root.glob(pattern)]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
