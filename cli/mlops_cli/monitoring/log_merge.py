"""Many streams of lines into one, by time, in bounded memory."""

from __future__ import annotations

import math
import threading
import time
from collections import deque

from mlops_cli.monitoring.log_lines import Line

MOST_WAITING = 500


class Merge:
    """Lines of several sources in the order of their times. One thread takes, one a source puts.

    A line is given out when every source has a line waiting, since then none can bring an earlier one; or
    when the sources that have none were given `window` seconds to bring it. A source that has `most`
    lines waiting is made to wait itself.
    """

    def __init__(self, window: float, most: int = MOST_WAITING) -> None:
        self._window = window
        self._most = most
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[tuple[float, Line]]] = {}
        self._empty_since: dict[str, float] = {}
        self._ended: set[str] = set()
        self._closed = False

    def open(self, source: str) -> None:
        """Expect lines of a source from now on; again for one that had ended."""
        with self._changed:
            self._waiting.setdefault(source, deque())
            self._empty_since[source] = time.monotonic()
            self._ended.discard(source)

    def put(self, source: str, line: Line) -> bool:
        """Hand over the source's next line; False when nobody takes lines any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._waiting[source]) < self._most)
            if not self._closed:
                self._waiting[source].append((time.monotonic(), line))
                self._changed.notify_all()
            return not self._closed

    def end(self, source: str) -> None:
        """Expect no more lines of a source."""
        with self._changed:
            self._ended.add(source)
            self._forget(source)
            self._changed.notify_all()

    def close(self) -> None:
        """Let everything that is put vanish."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def finished(self) -> bool:
        """True when every source has ended and every line was taken."""
        with self._changed:
            return self._ended >= self._waiting.keys() and not any(self._waiting.values())

    def open_sources(self) -> set[str]:
        """Those that were opened and have not ended."""
        with self._changed:
            return self._waiting.keys() - self._ended

    def take(self, seconds: float) -> Line | None:
        """The next line; None when none is due within `seconds`, or all is over."""
        until = time.monotonic() + seconds
        with self._changed:
            while True:
                source, due = self._next()
                now = time.monotonic()
                if source is not None and due <= now:
                    return self._pop(source)
                if now >= until or (source is None and not self._waiting.keys() - self._ended):
                    return None
                self._changed.wait(max(min(due, until) - now, 0.0))

    def _next(self) -> tuple[str | None, float]:
        """The source of the earliest line, and when that may be given out."""
        source, first = None, None
        latest = -math.inf
        for name, lines in self._waiting.items():
            if lines and (first is None or lines[0][1].time < first[1].time):
                source, first = name, lines[0]
            elif not lines and name not in self._ended:
                latest = max(latest, self._empty_since[name])
        if first is None:
            return None, math.inf
        return source, -math.inf if latest == -math.inf else max(latest, first[0]) + self._window

    def _pop(self, source: str) -> Line:
        lines = self._waiting[source]
        _, line = lines.popleft()
        if not lines:
            self._empty_since[source] = time.monotonic()
            self._forget(source)
        self._changed.notify_all()
        return line

    def _forget(self, source: str) -> None:
        """Keep nothing of a source that has ended and was read, since pods come and go for days."""
        if source in self._ended and not self._waiting[source]:
            del self._waiting[source], self._empty_since[source]
            self._ended.discard(source)
