"""buildah with a storage of its own, which is gone when the build is done."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlops_local.images.commands import EPOCH, run

DRIVER = "overlay"


class Buildah:
    """Builds images into OCI layouts; intermediate layers live in `folder`."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._folder = folder
        self._log = log
        storage = ["--root", str(folder / "storage"), "--runroot", str(folder / "run")]
        self._command = ["buildah", *storage, "--storage-driver", DRIVER]
        self._present: set[str] = set()

    def load(self, tag: str, layout: Path) -> None:
        """Make an image that was built before available as `tag`."""
        if tag not in self._present:
            place = f"containers-storage:[{DRIVER}@{self._folder / 'storage'}+{self._folder / 'run'}]{tag}"
            run(["skopeo", "copy", "--quiet", f"oci:{layout}:latest", place], self._log)
            self._present.add(tag)

    def build(self, tag: str, containerfile: Path, context: Path, layout: Path) -> None:
        """Build `containerfile` over `context` and write the image to an OCI layout folder."""
        build = [
            "build",
            "--isolation",
            "chroot",
            "--format",
            "oci",
            "--timestamp",
            str(EPOCH),
            "--pull-never",
        ]
        run([*self._command, *build, "--tag", tag, "--file", str(containerfile), str(context)], self._log)
        run([*self._command, "push", tag, f"oci:{layout}:latest"], self._log)
        self._present.add(tag)


@contextmanager
def buildah(folder: Path, log: Path) -> Iterator[Buildah]:
    """A builder whose storage is deleted at the end, mounts included, and at the start if left over."""
    _clear(folder)
    folder.mkdir(parents=True)
    try:
        yield Buildah(folder, log)
    finally:
        _clear(folder)


def _clear(folder: Path) -> None:
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in sorted((path for path in mounts if Path(path).is_relative_to(folder)), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False)
    shutil.rmtree(folder, ignore_errors=True)
