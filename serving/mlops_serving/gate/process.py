"""One gate: two ports, until it is told to stop and nothing is in hand.

SIGTERM ─▶ not ready ─▶ serve on while Services forget it ─▶ stop accepting ─▶ finish ─▶ exit 0
"""

from __future__ import annotations

import asyncio
import signal
from typing import Any, Final

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from mlops_serving.gate.admin import Admin
from mlops_serving.gate.app import Gate
from mlops_serving.gate.door import Door
from mlops_serving.gate.load import Load
from mlops_serving.gate.peers import Peers
from mlops_serving.gate.settings import GateSettings
from mlops_serving.logs import log

_IDLE_SECONDS: Final = 75
_BACKLOG: Final = 1024
_TICK_SECONDS: Final = 0.05
_CLOSE_SECONDS: Final = 5


async def run(settings: GateSettings) -> None:
    """Be a gate until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stopping, hurry = asyncio.Event(), asyncio.Event()

    def stop() -> None:
        (hurry if stopping.is_set() else stopping).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    load = Load()
    door = Door(*settings.target_place, load, settings.hold_seconds, settings.max_waiting)
    gate = Gate(door, load, settings)
    peers = Peers(settings.peers, settings.own_address, settings.admin_port, load)
    public = _server(gate, settings.host, settings.port)
    admin = _server(Admin(gate, load, peers), settings.host, settings.admin_port)
    serving = [asyncio.create_task(server.serve()) for server in (public, admin)]
    log.info("the gate is open", extra={"fields": {"port": settings.port, "target": settings.target}})
    await asyncio.wait((*serving, asyncio.create_task(stopping.wait())), return_when=asyncio.FIRST_COMPLETED)
    gate.draining = True
    log.info("draining", extra={"fields": {"seconds": settings.drain_seconds, "in_hand": load.in_hand}})
    try:
        await asyncio.wait_for(hurry.wait(), settings.drain_seconds)
    except TimeoutError:
        await _finished(load, settings.hold_seconds + settings.answer_seconds, hurry)
    for server in (public, admin):
        server.stop()  # type: ignore[no-untyped-call]  # granian types its arguments alone
    door.close()
    done, _ = await asyncio.wait(serving, timeout=_CLOSE_SECONDS)
    for task in done:
        task.result()
    log.info("stopped")


async def _finished(load: Load, seconds: float, hurry: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while load.in_hand and loop.time() < until and not hurry.is_set():
        await asyncio.sleep(_TICK_SECONDS)


def _server(app: Any, host: str, port: int) -> Server:
    return Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_IDLE_SECONDS * 1000),
        websockets=False,
        backlog=_BACKLOG,
        log_enabled=False,
    )
