"""What a worker sees of the other workers, in the memory where they keep their numbers.

All workers accept on one port, so a client meets any of those that listen: the server is ready when all of
them are. The workers that a server begins with listen at once, and count from before they are started: else
the first would say ready, and the next accept and have no model yet. A worker that replaces a dead one
listens, and counts, only when it can answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlops_serving.metrics.catalog import LISTENING, READY
from mlops_serving.metrics.segment import Segment


class Peers:
    """The other workers of worker `number`."""

    def __init__(self, segments: Sequence[Segment], number: int) -> None:
        self.listens_at_once = bool(segments[number].get(LISTENING.name))
        self._others = [segment for place, segment in enumerate(segments) if place != number]

    def some_ready(self) -> bool:
        """Whether one of them answers already."""
        return any(other.get(READY.name) for other in self._others)

    def all_ready(self) -> bool:
        """Whether all of them that listen can answer."""
        return all(other.get(READY.name) or not other.get(LISTENING.name) for other in self._others)
