"""A bounded number of clients that ask an endpoint one request after the other, each on a new connection.

New connections are what the cluster spreads over pods; a kept one stays with the pod it began with.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

LONGEST_SECONDS = 60.0
PAUSE_SECONDS = 0.2
"""Between an answer and the client's next request."""


@dataclass
class Load:
    """What the clients saw: (start on the monotonic clock, seconds, status; 0 is a broken connection)."""

    url: str
    body: bytes
    answers: list[tuple[float, float, int]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _wanted: int = 0
    _stop: bool = False

    def clients(self, count: int) -> float:
        """From now on so many ask; returns the moment."""
        self._wanted = count
        return time.monotonic()

    def failed(self) -> list[tuple[float, float, int]]:
        """Requests that were not answered with 200."""
        return [answer for answer in self.answers if answer[2] != 200]

    def quantile(self, share: float, since: float, until: float) -> float:
        """Seconds that this share of the requests ended in, of those that ended between two moments."""
        ended = sorted(took for start, took, _ in self.answers if since <= start + took < until)
        return ended[min(len(ended) - 1, int(share * len(ended)))] if ended else float("nan")

    async def _client(self, number: int, http: httpx.AsyncClient) -> None:
        while not self._stop:
            if number >= self._wanted:
                await asyncio.sleep(0.05)
                continue
            await self._ask(http)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _ask(self, http: httpx.AsyncClient) -> None:
        started = time.monotonic()
        try:
            response = await http.post(
                self.url, content=self.body, headers={"Content-Type": "application/json"}
            )
            code = response.status_code
            if code != 200:
                self.problems.append(response.text)
        except httpx.HTTPError as error:
            code = 0
            self.problems.append(repr(error))
        self.answers.append((started, time.monotonic() - started, code))

    async def _all(self, most: int) -> None:
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=LONGEST_SECONDS, limits=limits) as http:
            await asyncio.gather(*(self._client(number, http) for number in range(most)))


@contextmanager
def running(url: str, body: dict[str, Any], most: int) -> Iterator[Load]:
    """A load of at most `most` clients, of none at first; at the end the last answers are waited for."""
    load = Load(url, json.dumps(body).encode())
    thread = threading.Thread(target=lambda: asyncio.run(load._all(most)), daemon=True)
    thread.start()
    try:
        yield load
    finally:
        load._stop = True
        thread.join(LONGEST_SECONDS + 10)
