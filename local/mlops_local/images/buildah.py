"""buildah with a storage of its own, which is gone when the build is done."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mlops_local.images.commands import EPOCH, run_isolated


class Buildah:
    """Builds images into OCI layouts; intermediate layers live in `folder`.

    Its commands get mount namespaces of their own, so `overlay` mounts of layers never show on the machine.
    """

    def __init__(self, folder: Path, log: Path) -> None:
        self._log = log
        self._scratch = folder / "tmp"
        self._scratch.mkdir(parents=True)
        storage = ["--root", str(folder / "storage"), "--runroot", str(folder / "run")]
        self._command = ["buildah", *storage, "--storage-driver", _driver(folder)]
        self._present: set[str] = set()

    def load(self, tag: str, layout: Path) -> None:
        """Make an image that was built before available as `tag`."""
        if tag not in self._present:
            # Pulled from a layout, an image is known by its content only; Containerfiles name the tag.
            # buildah makes an image name of the path it is given, and fails on one with `/.cache/` in it.
            output = self._run("pull", "--quiet", f"oci:{layout.name}", cwd=layout.parent)
            identity = output.strip().splitlines()[-1]
            self._run("tag", identity, tag)
            self._present.add(tag)

    def build(self, tag: str, containerfile: Path, context: Path, layout: Path) -> None:
        """Build `containerfile` over `context`, keep it as `tag`, write it to an OCI layout folder."""
        how = ["--isolation", "chroot", "--format", "oci", "--timestamp", str(EPOCH), "--pull-never"]
        self._run("build", *how, "--tag", tag, "--file", str(containerfile), str(context))
        self._run("push", "--quiet", tag, f"oci:{layout}:latest")
        self._present.add(tag)

    def keep_only(self, tags: Iterable[str]) -> None:
        """Delete the layers of images that no further build starts from."""
        for tag in self._present - set(tags):
            self._run("rmi", tag)
            self._present.remove(tag)

    def _run(self, *arguments: str, cwd: Path | None = None) -> str:
        return run_isolated([*self._command, *arguments], self._log, cwd, TMPDIR=str(self._scratch))


@contextmanager
def buildah(folder: Path, log: Path) -> Iterator[Buildah]:
    """A builder whose storage is deleted at the end, and at the start if a killed build left one."""
    clear(folder)
    try:
        yield Buildah(folder, log)
    finally:
        clear(folder)


def clear(folder: Path) -> None:
    """Delete what a build left; nothing below it is a mount, see `commands.run_isolated`."""
    shutil.rmtree(folder, ignore_errors=True)


def _driver(folder: Path) -> str:
    """`overlay`, or plain copies where the folder itself lies on an overlay and cannot carry another."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    inside = [fields for fields in mounts if folder.is_relative_to(fields[4])]
    deepest = max(inside, key=lambda fields: len(fields[4]))
    return "vfs" if deepest[deepest.index("-") + 1] == "overlay" else "overlay"
