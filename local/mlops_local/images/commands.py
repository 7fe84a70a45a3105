"""Run the programs that build images, with their output in a log that an error quotes.

Those that mount file systems run in mount and process namespaces of their own: when they end or are killed,
or this process is, so do their mounts and children, and deleting what they left reaches nothing else.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from mlops_local.errors import ImageError

EPOCH = 1704067200
"""2024-01-01: the time stamp of every file in an image, so that equal content has an equal digest."""
_WITH_US = ("setpriv", "--pdeathsig", "KILL")
_ISOLATED = (*_WITH_US, "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--")
_FULL = "no space left on device"


def run(command: Sequence[str], log: Path, cwd: Path | None = None, **variables: str) -> str:
    """Run a command as it is and return its standard output; see `run_isolated` for those that mount.

    Raises:
        ImageError: it is not installed or failed; the message has its last lines, the log's path and, if
            the disk is full, what to free.
    """
    # Debian's administration programs are not on every user's PATH.
    path = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin{os.pathsep}/sbin"
    environment = {**os.environ, "PATH": path, **variables}
    with log.open("ab") as errors:
        errors.write(f"$ {shlex.join(command)}\n".encode())
        errors.flush()
        start = errors.tell()
        try:
            result = subprocess.run(
                command,
                cwd=cwd,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise ImageError(
                f"{command[0]} is not installed; `mlops doctor` says which packages are missing"
            ) from error
    if result.returncode != 0:
        with log.open("rb") as errors:
            errors.seek(start)
            output = errors.read().decode(errors="replace")
        raise ImageError(failure(program_of(command), output, log))
    return result.stdout


def run_isolated(command: Sequence[str], log: Path, cwd: Path | None = None, **variables: str) -> str:
    """`run` for a command that mounts file systems or leaves children."""
    return run([*_ISOLATED, *command], log, cwd, **variables)


def program_of(command: Sequence[str]) -> str:
    """The program that a message should name: the one that was isolated, if any."""
    return command[len(_ISOLATED)] if tuple(command[: len(_ISOLATED)]) == _ISOLATED else command[0]


def failure(program: str, output: str, log: Path) -> str:
    """The message of a failed command: its last lines, where the rest is, what to do."""
    tail = "\n  ".join(output.strip().splitlines()[-10:])
    advice = "Mend what it names and run the command again; finished images are kept."
    if _FULL in output.lower():
        advice = disk_full(log.parent, None)
    return f"{program} failed:\n  {tail}\nIts whole output: {log}\n{advice}"


def require_space(name: str, needed_mb: int, cache: Path) -> None:
    """Raise ImageError, before anything is built, if the cache's disk has not what the build takes."""
    if shutil.disk_usage(cache).free < needed_mb * 1_000_000:
        raise ImageError(f"image {name} cannot be built: {disk_full(cache, needed_mb)}")


def disk_full(cache: Path, needed_mb: int | None) -> str:
    """What to tell a reader whose disk is full: where, how much is there and needed, what to free."""
    free = shutil.disk_usage(cache).free // 1_000_000
    need = f" of the {needed_mb} MB that building it takes" if needed_mb else ""
    return (
        f"the disk of {cache} is full ({free} MB free{need}).\n"
        f"Free some of it (`uv cache prune` helps; {cache / 'images'} may go, images are then built anew),\n"
        "or set MLOPS_CACHE to a folder on a larger disk, and run the command again; "
        "finished images are kept."
    )
