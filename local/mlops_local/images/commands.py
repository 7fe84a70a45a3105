"""Run the programs that build images, with their output in a log that an error quotes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from mlops_local.errors import ImageError

EPOCH = 1704067200
"""2024-01-01: the time stamp of every file in an image, so that equal content has an equal digest."""
NEEDED_GB = 6


def run(command: Sequence[str], log: Path, **variables: str) -> str:
    """Run a command and return its standard output.

    Raises:
        ImageError: it failed; the message has its last lines, the log's path, and advice for a full disk.
    """
    path = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin{os.pathsep}/sbin"
    environment = {**os.environ, "PATH": path, **variables}
    with log.open("ab") as errors:
        errors.write(f"$ {' '.join(command)}\n".encode())
        errors.flush()
        start = errors.tell()
        result = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True, check=False
        )
    if result.returncode != 0:
        with log.open("rb") as errors:
            errors.seek(start)
            raise ImageError(failure(command[0], errors.read().decode(errors="replace"), log))
    return result.stdout


def failure(program: str, output: str, log: Path) -> str:
    """The message of a failed command: its last lines, where the rest is, what to do."""
    tail = "\n  ".join(output.strip().splitlines()[-10:])
    advice = "Mend what it names and run the command again; finished images are kept."
    if "no space left on device" in output.lower():
        advice = (
            f"The disk is full: images need {NEEDED_GB} GB free on the file system of {log.parent}.\n"
            "Free some, or set MLOPS_CACHE to a folder on a larger disk, and run the command again."
        )
    return f"{program} failed:\n  {tail}\nIts whole output: {log}\n{advice}"
