"""One change at a time: two commands on one node would undo each other. The lock also marks a node's home."""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from mlops_local.errors import NodeError
from mlops_local.node.layout import Layout
from mlops_local.node.spec import NodeSpec

_ORPHAN_SECONDS = 5


@contextmanager
def locked(spec: NodeSpec, action: str) -> Iterator[None]:
    """Hold the node's lock; the kernel lets go of it when this process ends, however it ends.

    Raises NodeError naming the holder.
    """
    spec.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with Layout(spec.home).lock.open("a+") as file:
        _take(file, spec.name)
        file.truncate(0)
        file.write(f"process {os.getpid()} ({action})\n")
        file.flush()
        yield


def _take(file: TextIO, name: str) -> None:
    """Lock the file; a killed holder's child may keep it for the moment between its fork and its exec."""
    deadline = time.monotonic() + _ORPHAN_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "another command"
            if _lives(holder) or time.monotonic() > deadline:
                raise NodeError(f"node {name} is being changed by {holder}; wait until that ends") from error
            time.sleep(0.05)
        else:
            return


def _lives(holder: str) -> bool:
    named = re.match(r"process (\d+) ", holder)
    return named is None or Path("/proc", named[1]).exists()


def is_home(home: Path) -> bool:
    """Whether a node was ever started from this folder."""
    return Layout(home).lock.exists()


def delete_home(home: Path) -> None:
    """Delete a node's home, the mark last: an interrupted deletion can be finished by the next."""
    mark = Layout(home).lock
    for path in home.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != mark:
            path.unlink()
    mark.unlink()
    home.rmdir()
