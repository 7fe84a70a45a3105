"""What all gates of an endpoint have in hand, whichever of them KEDA asks."""

from __future__ import annotations

import asyncio
from typing import Final

import h11
import orjson

from mlops_serving.errors import Unavailable
from mlops_serving.gate.client import BrokenAnswer, Connection, request
from mlops_serving.gate.load import Load

OWN: Final = "/requests/own"
_SECONDS: Final = 1.0


class Peers:
    """The other gates, found by a name that has all their addresses."""

    def __init__(self, name: str, own_address: str, port: int, load: Load) -> None:
        self._name, self._own, self._port, self._load = name, own_address, port, load

    async def wanted(self) -> float:
        """The sum over all gates.

        One that does not answer may hold requests: then the sum counts if it is more than nothing, and raises
        `Unavailable` if not, which no autoscaler takes for "nothing to do".
        """
        own = self._load.wanted()
        if not self._name:
            return own
        try:
            others = await self._others()
        except OSError as error:
            return self._unless_nothing(own, f"the gates' addresses are not known: {error}")
        found = await asyncio.gather(*(self._ask(other) for other in others))
        known = own + sum(number for number in found if number is not None)
        if None in found:
            return self._unless_nothing(known, "another gate does not answer")
        return known

    def _unless_nothing(self, known: float, why: str) -> float:
        if known > 0:
            return known
        raise Unavailable(f"{why}; it may hold requests")

    async def _others(self) -> list[str]:
        found = await asyncio.get_running_loop().getaddrinfo(self._name, self._port)
        return sorted({str(entry[4][0]) for entry in found} - {self._own})

    async def _ask(self, address: str) -> float | None:
        connection: Connection | None = None
        try:
            async with asyncio.timeout(_SECONDS):
                connection = await Connection.open(address, self._port)
                asked = request("GET", OWN, [("host", self._name), ("connection", "close")])
                await connection.send(asked, h11.EndOfMessage())
                await connection.answer("GET")
                body = b"".join([piece async for piece in connection.body()])
            return float(orjson.loads(body)["requests"])
        except (OSError, TimeoutError, BrokenAnswer, ValueError, KeyError):
            return None
        finally:
            if connection is not None:
                connection.close()
