"""One command at a time may change an environment; the second is told who holds it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mlops_cli.errors import EnvironmentBusy


@contextmanager
def exclusive(folder: Path, command: str) -> Iterator[None]:
    """Hold the environment in `folder` for `command`.

    The kernel drops the lock with the process, so a killed command leaves nothing to clean up.

    Raises:
        EnvironmentBusy: another process holds it; the message names its command, pid and start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "command.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EnvironmentBusy(_held_by(file.name)) from None
        file.truncate(0)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump({"command": command, "pid": os.getpid(), "started": started}, file)
        file.flush()
        yield
        file.truncate(0)


def _held_by(path: str) -> str:
    try:
        holder = json.loads(Path(path).read_text())
        who = f"`{holder['command']}` (pid {holder['pid']}, since {holder['started']})"
    except (ValueError, KeyError):
        who = "another mlops command"
    return f"the environment is being changed by {who}.\nWait for it to end, or stop it, and retry."
