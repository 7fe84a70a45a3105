"""Prometheus' promtool: from PATH, else out of Debian's package, which is unpacked and not installed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

VERSION = "2.42.0+ds-5+deb12u1"
SHA256 = "81d59a24fce84f7fbe97a45a4f2914b6a5881b5cd1db2a6a0e129e515e1a5f55"


def find(cache: Path) -> Path:
    """Where promtool is; fetches it once into `cache`.

    Raises `RuntimeError` if there is none: a test of rules that is left out would be a rule untested.
    """
    if found := shutil.which("promtool"):
        return Path(found)
    program = cache / "tools" / f"promtool-{SHA256[:16]}" / "promtool"
    program.parent.mkdir(parents=True, exist_ok=True)
    with (program.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _fetch(program)
    return program


def _fetch(program: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o777)
        download = ["apt-get", "download", f"prometheus={VERSION}"]
        if _run(download, folder).returncode:
            _run(["apt-get", "update", "--quiet"], folder)
            done = _run(download, folder)
            if done.returncode:
                raise RuntimeError(
                    f"no promtool on PATH and `{' '.join(download)}` failed: {done.stderr.strip()}; install "
                    f"promtool, or name Debian's version of today and its SHA256 in {__file__}"
                )
        (package,) = folder.glob("*.deb")
        if hashlib.sha256(package.read_bytes()).hexdigest() != SHA256:
            raise RuntimeError(f"{package.name} is not the package that {__file__} names by SHA256")
        unpacked = _run(["dpkg-deb", "--extract", str(package), "unpacked"], folder)
        if unpacked.returncode:
            raise RuntimeError(f"{package.name} cannot be unpacked: {unpacked.stderr.strip()}")
        beside = program.with_suffix(".new")
        shutil.copy2(folder / "unpacked/usr/bin/promtool", beside)
        beside.rename(program)


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
