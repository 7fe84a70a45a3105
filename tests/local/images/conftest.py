"""Small real images for the tests of building and pushing, and real ones of the platform, from the cache."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_local.images import ImageSource, build
from mlops_local.images.layouts import layer_files
from running_platform import CACHE

WORKSPACE = Path(__file__).parents[3]


@pytest.fixture
def small(tmp_path: Path) -> ImageSource:
    """Inputs of two images that build in a second: files stand for the Go programs, 1 MB and 60 MB."""
    for group, megabytes in (("pause", 1), ("coredns", 60)):
        folder = tmp_path / "tools" / f"{group}-0123456789abcdef"
        folder.mkdir(parents=True)
        (folder / group).write_bytes(os.urandom(1_000_000) * megabytes)
        (folder / group).chmod(0o755)
    programs = {folder.name.split("-")[0]: folder for folder in (tmp_path / "tools").iterdir()}
    return ImageSource(workspace=WORKSPACE, programs=programs)


@pytest.fixture(scope="session")
def platform_image() -> Callable[[str], Path]:
    """`platform_image(name)` is the layout of an image without Go programs, built once if need be."""

    def layout(name: str) -> Path:
        return build([name], ImageSource(WORKSPACE, {}), CACHE, print)[name]

    return layout


@pytest.fixture(scope="module")
def unpacked(
    platform_image: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """`unpacked(name)` is a folder with the image's files."""
    folder = tmp_path_factory.mktemp("roots")

    def root(name: str) -> Path:
        target = folder / name
        if not target.is_dir():
            for layer in layer_files(platform_image(name)):
                target.mkdir(exist_ok=True)
                subprocess.run(
                    ["tar", "--extract", "--gzip", "--file", layer, "--directory", target], check=True
                )
        return target

    return root
