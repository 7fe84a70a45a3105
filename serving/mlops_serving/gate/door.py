"""The way to the pods: a connection at once if there is a ready one, else the wait for it.

No ready pod is behind the Service until a connection is taken: kube-proxy refuses before, others let it time
out. One prober looks for all that wait. Nothing has been sent yet, so trying again repeats no request.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import Final

from mlops_serving.gate.client import Connection
from mlops_serving.gate.failures import NoPod, QueueFull
from mlops_serving.gate.load import Load

_CONNECT_SECONDS: Final = 1.0
_PROBE_SECONDS: Final = 0.1
_IDLE_SECONDS: Final = 1.0
_AGE_SECONDS: Final = 5.0
"""A connection stays with one pod: not for long, so that new pods get their share."""
_RESOLVED_SECONDS: Final = 5.0
_KEPT: Final = 64


class Door:
    """Connections to the pods of one endpoint."""

    def __init__(self, host: str, port: int, load: Load, hold_seconds: float, max_waiting: int) -> None:
        self._host, self._port, self._load = host, port, load
        self._hold, self._most = hold_seconds, max_waiting
        self._kept: deque[Connection] = deque()
        self._resolved: tuple[float, str] | None = None
        self._opened = asyncio.Event()
        self._probing: asyncio.Task[None] | None = None

    async def enter(self) -> Connection:
        """A connection to a pod; raises `QueueFull` or, after the longest wait, `NoPod`."""
        kept = self._take_kept()
        if kept is not None:
            return kept
        if not self._load.waiting:
            connection = await self.attempt()
            if connection is not None:
                return connection
        if self._load.waiting >= self._most:
            self._load.refused["queue_full"] += 1
            raise QueueFull(f"{self._most} requests wait for a pod already; try again in a moment")
        with self._load.wait():
            try:
                async with asyncio.timeout(self._hold):
                    return await self._wait()
            except TimeoutError:
                self._load.refused["no_pod"] += 1
                raise NoPod(
                    f"no pod was ready within {self._hold:g} s; one is being started, try again later"
                ) from None

    async def attempt(self) -> Connection | None:
        """A new connection, or None if no pod takes it now."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CONNECT_SECONDS):
                return await Connection.open(await self._address(), self._port)
        return None

    def keep(self, connection: Connection) -> None:
        """Take back a connection whose answer is whole."""
        if len(self._kept) < _KEPT and connection.usable(_IDLE_SECONDS, _AGE_SECONDS):
            self._kept.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close what is kept."""
        while self._kept:
            self._kept.pop().close()
        if self._probing is not None:
            self._probing.cancel()

    def _take_kept(self) -> Connection | None:
        while self._kept:
            connection = self._kept.pop()
            if connection.usable(_IDLE_SECONDS, _AGE_SECONDS):
                return connection
            connection.close()
        return None

    async def _wait(self) -> Connection:
        while True:
            if self._probing is None or self._probing.done():
                self._opened.clear()
                self._probing = asyncio.get_running_loop().create_task(self._probe())
            await self._opened.wait()
            connection = await self.attempt()
            if connection is not None:
                return connection

    async def _probe(self) -> None:
        """Try until a pod takes a connection, or nobody waits any more."""
        while self._load.waiting:
            connection = await self.attempt()
            if connection is not None:
                connection.close()
                break
            await asyncio.sleep(_PROBE_SECONDS)
        self._opened.set()

    async def _address(self) -> str:
        now = monotonic()
        if self._resolved is None or now - self._resolved[0] > _RESOLVED_SECONDS:
            found = await asyncio.get_running_loop().getaddrinfo(self._host, self._port)
            self._resolved = (now, str(found[0][4][0]))
        return self._resolved[1]
