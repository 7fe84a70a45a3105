"""Prometheus' programs: from PATH, else out of Debian's packages, which are unpacked and not installed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """A package of Debian, by its version and the SHA256 of its file."""

    name: str
    version: str
    sha256: str


PROMETHEUS = Package(
    "prometheus", "2.42.0+ds-5+deb12u1", "81d59a24fce84f7fbe97a45a4f2914b6a5881b5cd1db2a6a0e129e515e1a5f55"
)
PROGRAMS = {
    "promtool": (PROMETHEUS, "promtool"),
    "prometheus": (PROMETHEUS, "prometheus"),
}
"""Each program's package, and its name there."""


def find(cache: Path, program: str = "promtool") -> Path:
    """Where one of `PROGRAMS` is; fetches it once into `cache`.

    Raises `RuntimeError` if there is none: a test of rules that is left out would be a rule untested.
    """
    package, file = PROGRAMS[program]
    if found := shutil.which(program):
        return Path(found)
    kept = cache / "tools" / f"{program}-{package.sha256[:16]}" / program
    kept.parent.mkdir(parents=True, exist_ok=True)
    with (kept.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            _fetch(package, file, kept)
    return kept


def _fetch(package: Package, file: str, program: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o777)
        download = ["apt-get", "download", f"{package.name}={package.version}"]
        if _run(download, folder).returncode:
            _run(["apt-get", "update", "--quiet"], folder)
            done = _run(download, folder)
            if done.returncode:
                raise RuntimeError(
                    f"no {program.name} on PATH and `{' '.join(download)}` failed: {done.stderr.strip()}; "
                    f"install it, or name Debian's version of today and its SHA256 in {__file__}"
                )
        (archive,) = folder.glob("*.deb")
        if hashlib.sha256(archive.read_bytes()).hexdigest() != package.sha256:
            raise RuntimeError(f"{archive.name} is not the package that {__file__} names by SHA256")
        unpacked = _run(["dpkg-deb", "--extract", str(archive), "unpacked"], folder)
        if unpacked.returncode:
            raise RuntimeError(f"{archive.name} cannot be unpacked: {unpacked.stderr.strip()}")
        beside = program.with_suffix(".new")
        shutil.copy2(folder / "unpacked/usr/bin" / file, beside)
        beside.rename(program)


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
