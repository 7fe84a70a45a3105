"""The bare HTTP server under the model server, embedded and set in the same way: it answers with the body.

python echo.py <port>      /echo gives the same bytes back, /copy a copy of them.
"""

from __future__ import annotations

import sys
from typing import Any

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

_JSON = [("content-type", "application/json")]


class Echo:
    """An object, as the model server's application is one."""

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Await the body and answer with it."""
        body = await protocol()
        if scope.path == "/copy":
            body = bytes(memoryview(body))
        protocol.response_bytes(200, _JSON, body)


async def main(port: int) -> None:
    """Serve until killed."""
    server = Server(
        Echo(),
        address="127.0.0.1",
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=75_000),
        websockets=False,
        backlog=1024,
        log_enabled=False,
    )
    await server.serve()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
