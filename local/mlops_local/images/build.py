"""Build images into OCI layout folders under the cache, each once for its inputs."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mlops_local.errors import ImageError
from mlops_local.images import context, render
from mlops_local.images.buildah import Buildah, buildah
from mlops_local.images.catalog import RECIPES, ancestry
from mlops_local.images.inputs import ImageSource, image_hash

Report = Callable[[str], None]


def build(names: Iterable[str], source: ImageSource, cache: Path, report: Report) -> dict[str, Path]:
    """Return each image's OCI layout folder, `<cache>/images/<name>-<hash>/`, building what is missing.

    Raises:
        ImageError: a name is unknown, or a build failed; finished layouts are kept.
    """
    wanted = list(names)
    for name in wanted:
        if name not in RECIPES:
            raise ImageError(f"unknown image {name!r}; known: {', '.join(RECIPES)}")
    chain = list(dict.fromkeys(step for name in wanted for step in ancestry(name)))
    layouts = {name: _layout(name, source, cache) for name in chain}
    if not all(layouts[name].is_dir() for name in wanted):
        with _exclusive(cache):
            _build_missing(wanted, layouts, source, cache, report)
    return {name: layouts[name] for name in wanted}


def _layout(name: str, source: ImageSource, cache: Path) -> Path:
    return cache / "images" / f"{name}-{image_hash(name, source)}"


def _build_missing(
    wanted: list[str], layouts: dict[str, Path], source: ImageSource, cache: Path, report: Report
) -> None:
    missing = [name for name in wanted if not layouts[name].is_dir()]
    steps = list(dict.fromkeys(step for name in missing for step in ancestry(name)))
    log = cache / "images.log"
    with buildah(cache / "buildah", log) as builder:
        for step in steps:
            if layouts[step].is_dir():
                continue
            report(f"building image {step}")
            started = time.monotonic()
            _build_one(step, layouts, source, builder, log)
            report(f"built image {step} in {time.monotonic() - started:.0f} s")


def _build_one(name: str, layouts: dict[str, Path], source: ImageSource, builder: Buildah, log: Path) -> None:
    """Build one image into its layout, which appears whole or not at all."""
    parent = RECIPES[name].parent
    if parent:
        builder.load(_tag(layouts[parent]), layouts[parent])
    target = layouts[name]
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{name}-") as folder:
        work = Path(folder)
        files = work / "context"
        files.mkdir()
        context.fill(name, source, files, log)
        containerfile = work / "Containerfile"
        containerfile.write_text(render.containerfile(name, _tag(layouts[parent]) if parent else None))
        builder.build(_tag(target), containerfile, files, work / "layout")
        (work / "layout").rename(target)
    for outdated in target.parent.glob(f"{name}-{'[0-9a-f]' * 16}"):
        if outdated != target:
            shutil.rmtree(outdated)


def _tag(layout: Path) -> str:
    return f"localhost/{layout.name.replace('-', '_')}:built"


@contextmanager
def _exclusive(cache: Path) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
