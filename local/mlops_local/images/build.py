"""Build images into OCI layout folders under the cache, each once for its inputs.

For each missing image, its missing ancestors first: fill a build context (`context`), build it (`buildah`),
rename the finished layout to `<cache>/images/<name>-<hash>`. An interrupted build leaves finished layouts and
a work folder that the next one deletes.
"""

from __future__ import annotations

import errno
import fcntl
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mlops_local.errors import ImageError
from mlops_local.images import commands, context, layouts, render
from mlops_local.images.buildah import Buildah, buildah
from mlops_local.images.catalog import RECIPES, ancestry, taken_from
from mlops_local.images.inputs import ImageSource, image_hashes

Report = Callable[[str], None]


def build(names: Iterable[str], source: ImageSource, cache: Path, report: Report) -> dict[str, Path]:
    """Return each image's OCI layout folder, `<cache>/images/<name>-<hash>/`, building what is missing.

    Raises:
        ImageError: a name is unknown, an input is missing, a build failed or the disk is full; finished
            layouts are kept.
    """
    wanted = list(names)
    for name in wanted:
        if name not in RECIPES:
            raise ImageError(f"unknown image {name!r}; known: {', '.join(RECIPES)}")
    folders = {name: cache / "images" / f"{name}-{key}" for name, key in image_hashes(wanted, source).items()}
    if missing(wanted, folders):
        with _exclusive(cache, report):
            try:
                _build_missing(missing(wanted, folders), folders, source, cache, report)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                raise ImageError(f"an image cannot be built: {commands.disk_full(cache, None)}") from error
    return {name: folders[name] for name in wanted}


def missing(wanted: Iterable[str], folders: Mapping[str, Path]) -> list[str]:
    """Images to build so that each wanted one has its layout, in the order of building.

    An ancestor is built only if one above it is.
    """
    absent = [name for name in wanted if not folders[name].is_dir()]
    steps = dict.fromkeys(step for name in absent for step in ancestry(name))
    return [step for step in steps if not folders[step].is_dir()]


def _build_missing(
    steps: list[str], folders: Mapping[str, Path], source: ImageSource, cache: Path, report: Report
) -> None:
    log = cache / "images.log"
    (cache / "images").mkdir(exist_ok=True)
    layouts.drop_unfinished(cache / "images")
    with buildah(cache / "images" / ".buildah", log) as builder:
        for number, step in enumerate(steps, 1):
            report(f"building image {step} ({number} of {len(steps)})")
            commands.require_space(step, RECIPES[step].needed_mb, cache)
            started = time.monotonic()
            _build_one(step, folders, source, builder, log)
            layouts.drop_outdated(step, cache / "images")
            needed = {taken_from(later) for later in steps[number:]}
            builder.keep_only(render.reference(older) for older in needed if older)
            size = layouts.unpacked_bytes(folders[step]) / 1e6
            report(f"built image {step} in {time.monotonic() - started:.0f} s, {size:.0f} MB unpacked")


def _build_one(
    name: str, folders: Mapping[str, Path], source: ImageSource, builder: Buildah, log: Path
) -> None:
    """Build one image into its layout, which appears whole or not at all."""
    older = taken_from(name)
    target = folders[name]
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{name}-") as folder:
        work = Path(folder)
        files = work / "context"
        files.mkdir()
        context.fill(name, source, files, log)
        if older:
            builder.load(render.reference(older), folders[older])
        containerfile = work / "Containerfile"
        containerfile.write_text(render.containerfile(name))
        builder.build(render.reference(name), containerfile, files, work / "layout")
        (work / "layout").rename(target)
    layouts.share_blobs(target)


@contextmanager
def _exclusive(cache: Path, report: Report) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "images.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another build of images to finish")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
