"""Noticing that a file is another one than before, without a restart.

Kubernetes changes a mounted Secret by swapping a symbolic link, so the file behind the path is looked at,
by its identity, time and size; one `stat` a second costs nothing and works on every file system.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from mlops_serving.logs import log

State = tuple[tuple[int, ...] | None, ...]


class FileWatch:
    """Calls `changed` in a thread of its own after any of the files changed.

    What counts as unchanged is noted here, so read the files after making a watch and then start it:
    a change in between is not missed.
    """

    def __init__(self, paths: Sequence[Path], changed: Callable[[], None], seconds: float) -> None:
        self._paths, self._changed, self._seconds = tuple(paths), changed, seconds
        self._state = state(self._paths)
        self._stopped = threading.Event()

    def start(self) -> None:
        """Look every so many seconds from now on."""
        threading.Thread(target=self._look, name=f"watch-{self._paths[0].name}", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def _look(self) -> None:
        while not self._stopped.wait(self._seconds):
            found = state(self._paths)
            if found == self._state:
                continue
            self._state = found
            try:
                self._changed()
            except Exception:
                log.exception("what a changed file says could not be taken over, which is a bug")


def state(paths: Sequence[Path]) -> State:
    """What tells the files behind these paths from others; None for one that is not there."""
    return tuple(_identity(path) for path in paths)


def _identity(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
