"""What a gate has in hand: how many requests, how long on average, and what became of the others."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

WINDOW_SECONDS: Final = 15
_TINY: Final = 0.001
"""More than nothing: whoever asks must not take one short request for none."""


class Load:
    """Counts of one gate, on the event loop's thread."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._seconds: deque[list[float]] = deque()
        """Request-seconds by second: `[second, request-seconds]`, the oldest first."""
        self._seen = clock()
        self._entered: dict[int, float] = {}
        """Since when each waiting request waits."""
        self._next = 0
        self.in_hand = 0
        """Requests that wait or are being answered."""
        self.held = 0
        """Requests that had to wait, ever."""
        self.refused: Counter[str] = Counter({"queue_full": 0, "no_pod": 0})
        self.failed: Counter[str] = Counter({"broken": 0, "timeout": 0})

    @property
    def waiting(self) -> int:
        """Requests that wait for a pod."""
        return len(self._entered)

    @property
    def oldest_wait(self) -> float:
        """For how many seconds the oldest of them has waited; 0 without one."""
        return self._clock() - min(self._entered.values()) if self._entered else 0.0

    @contextmanager
    def request(self) -> Iterator[None]:
        """One request in hand."""
        self._advance()
        self.in_hand += 1
        try:
            yield
        finally:
            self._advance()
            self.in_hand -= 1

    @contextmanager
    def wait(self) -> Iterator[None]:
        """One request that waits."""
        self._next += 1
        number = self._next
        self._entered[number] = self._clock()
        self.held += 1
        try:
            yield
        finally:
            del self._entered[number]

    def wanted(self) -> float:
        """Requests at once that pods are wanted for: the average of 15 s, at least those that wait.

        Never 0 while anything is in hand.
        """
        self._advance()
        average = sum(area for _, area in self._seconds) / WINDOW_SECONDS
        return max(average, float(self.waiting), _TINY if self.in_hand else 0.0)

    def _advance(self) -> None:
        """Spread what was in hand since the last look over the seconds between, as far as they count."""
        now = self._clock()
        begun, self._seen = self._seen, now
        oldest = int(now) - WINDOW_SECONDS + 1
        for second in range(max(int(begun), oldest), int(now) + 1):
            if not self._seconds or self._seconds[-1][0] != second:
                self._seconds.append([second, 0.0])
            self._seconds[-1][1] += self.in_hand * (min(now, second + 1) - max(begun, second))
        while self._seconds[0][0] < oldest:
            self._seconds.popleft()
