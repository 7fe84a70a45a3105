"""A Prometheus whose answers a test writes: the page's queries by name, over a small application."""

from __future__ import annotations

import asyncio
import math
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mlops_cli.dashboard import queries

Value = float | Callable[[float], float]
Line = tuple[Mapping[str, str], Value]
"""Labels, and a value or what it is at a time (Unix seconds)."""


@dataclass
class Script:
    """What is answered: lines by query name of all endpoints, and of one by (endpoint, query name).

    `namespaces` are those in which the endpoints are, by name; `fault` is `error`, `hang` or nothing.
    """

    expected: tuple[str, ...] = ()
    namespaces: dict[str, str] = field(default_factory=dict)
    overview: dict[str, list[Line]] = field(default_factory=dict)
    details: dict[tuple[str, str], list[Line]] = field(default_factory=dict)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    fault: str = ""

    def lines(self, promql: str) -> Sequence[Line]:
        """What a query gives; `LookupError` for one that the page does not have."""
        known = {each.promql: name for name, each in queries.overview(self.expected, 0).items()}
        if promql in known:
            return self.overview.get(known[promql], [])
        for endpoint, namespace in self.namespaces.items():
            charts = queries.charts(endpoint, namespace, queries.SPANS["15m"], 0)
            of_it = {**charts, **queries.drift(endpoint)}
            for name, each in of_it.items():
                if each.promql == promql:
                    return self.details.get((endpoint, name), [])
        raise LookupError(promql)


class ScriptedPrometheus:
    """Answers on a port of 127.0.0.1 that stays the same from `start` to `start`; `asked` are its queries."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[str] = []
        self._port = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Begin to answer."""
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", self._port))
        self._port = bound.getsockname()[1]
        config = uvicorn.Config(
            self._application(), log_level="error", lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        served = asyncio.run
        self._thread = threading.Thread(target=lambda: served(self._server_of().serve([bound])), daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        """Answer no more."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(10)
            self._server = None

    def _server_of(self) -> uvicorn.Server:
        assert self._server is not None
        return self._server

    def _application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/v1/query", self._now),
                Route("/api/v1/query_range", self._range),
                Route("/api/v1/alerts", self._alerts),
            ]
        )

    async def _now(self, request: Request) -> JSONResponse:
        now = time.time()
        return await self._answer(
            request, "vector", lambda line: {"metric": line[0], "value": [now, _text(line[1], now)]}
        )

    async def _range(self, request: Request) -> JSONResponse:
        start, end, step = (float(request.query_params[name]) for name in ("start", "end", "step"))
        times = [start + number * step for number in range(int((end - start) / step) + 1)]

        def series(line: Line) -> dict[str, Any]:
            values = [(at, _text(line[1], at)) for at in times]
            return {"metric": line[0], "values": [value for value in values if value[1] != "absent"]}

        return await self._answer(request, "matrix", series)

    async def _answer(
        self, request: Request, kind: str, made: Callable[[Line], dict[str, Any]]
    ) -> JSONResponse:
        promql = request.query_params["query"]
        self.asked.append(promql)
        if self.script.fault == "hang":
            await asyncio.sleep(60)
        if self.script.fault == "error":
            return JSONResponse({"status": "error", "errorType": "unavailable", "error": "replaying"}, 503)
        try:
            result = [made(line) for line in self.script.lines(promql)]
        except LookupError:
            return JSONResponse({"status": "error", "errorType": "bad_data", "error": "unexpected"}, 400)
        return JSONResponse({"status": "success", "data": {"resultType": kind, "result": result}})

    async def _alerts(self, request: Request) -> JSONResponse:
        self.asked.append("alerts")
        return JSONResponse({"status": "success", "data": {"alerts": self.script.alerts}})


def _text(value: Value, at: float) -> str:
    """As Prometheus writes numbers; `absent` for None's stand-in, -inf."""
    number = value(at) if callable(value) else value
    if math.isnan(number):
        return "NaN"
    return "absent" if number == -math.inf else f"{number:.10g}"
