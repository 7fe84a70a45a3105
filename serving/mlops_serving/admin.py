"""The port for operators: metrics of all processes, and the model repository where it is allowed.

    GET  /metrics
    GET  /v2/health/live | ready
    POST /v2/repository/index
    POST /v2/repository/models/<name>/load | unload

Source of the repository paths: Triton, docs/protocol/extension_model_repository.md.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any, Final, Protocol
from urllib.parse import unquote

import orjson
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from mlops_serving.access import Access
from mlops_serving.control import Action, Command
from mlops_serving.errors import MethodNotAllowed, NotFound, RequestError, Unavailable
from mlops_serving.logs import log
from mlops_serving.metrics import catalog
from mlops_serving.metrics.process import process_series
from mlops_serving.metrics.segment import Segment
from mlops_serving.metrics.text import CONTENT_TYPE, exposition, merge
from mlops_serving.protocol import failures
from mlops_serving.settings import Settings

_LOAD_SECONDS: Final = 60.0
_TICK_SECONDS: Final = 0.02
_HEALTH: Final = ("v2", "health")
_REPOSITORY: Final = ("v2", "repository")


class Workers(Protocol):
    """What the port needs of the supervisor."""

    segments: list[Segment]

    @property
    def processes(self) -> dict[str, int]:
        """Process ids by name."""
        ...

    async def tell(self, command: Command) -> None:
        """Give a command to every worker."""
        ...


class Admin:
    """RSGI callable of the operators' port."""

    def __init__(self, workers: Workers, settings: Settings, access: Access | None = None) -> None:
        self._workers, self._access = workers, access
        self._models = {model.name: model for model in settings.models}
        self._repository = settings.repository_api

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        headers = [("content-type", "application/json")]
        try:
            await protocol()
            parts = tuple(unquote(part) for part in scope.path.strip("/").split("/"))
            if parts == ("metrics",):
                status, body, headers = 200, self._metrics(), [("content-type", CONTENT_TYPE)]
            elif parts[:2] == _HEALTH:
                status, body = self._health(parts[2:])
            elif parts[:2] == _REPOSITORY:
                self._check_key(scope.headers, parts[2:])
                status, body = 200, await self._act(scope.method, parts[2:])
            else:
                raise NotFound(f"there is nothing at {scope.path!r}; see /metrics")
        except RequestError as error:
            status, body = error.status, failures.error(str(error))
            headers += failures.headers(error)
        except Exception:
            log.exception("an operator's request failed for a reason that is a bug")
            status, body = 500, failures.error("the server failed; its log says why")
        protocol.response_bytes(status, headers, body)

    def _check_key(self, headers: Any, parts: tuple[str, ...]) -> None:
        if self._access is not None:
            model = parts[1] if len(parts) > 1 else ""
            self._access.allowed(headers.get("authorization"), headers.get("api-key"), model)

    def _health(self, parts: tuple[str, ...]) -> tuple[int, bytes]:
        """Of the server as a whole, for probes that cannot show a client's certificate on the main port."""
        ready = any(
            one.values[0]
            for segment in self._workers.segments
            for one in segment.series()
            if one.metric == catalog.READY.name
        )
        match parts:
            case ("live",):
                return 200, failures.health(ready)
            case ("ready",) if ready:
                return 200, failures.health(True)
            case ("ready",):
                return 503, failures.health(False, "no worker is ready")
            case _:
                raise NotFound("health has live and ready")

    def _metrics(self) -> bytes:
        return exposition(self._workers.segments, process_series(self._workers.processes))

    async def _act(self, method: str, parts: tuple[str, ...]) -> bytes:
        if not self._repository:
            raise NotFound("the model repository is off; set MLOPS_REPOSITORY_API=true to allow it")
        if method != "POST":
            raise MethodNotAllowed("the model repository is asked with POST", "POST")
        match parts:
            case ("index",):
                return self._index()
            case ("models", name, ("load" | "unload") as action) if name in self._models:
                await self._change(Command(Action(action), name))
                return b""
            case ("models", name, "load" | "unload"):
                raise NotFound(f"there is no model {name!r} here; this server has {list(self._models)}")
            case _:
                raise NotFound("the model repository has index, models/<name>/load and models/<name>/unload")

    def _index(self) -> bytes:
        info = merge(self._workers.segments)[catalog.MODEL_INFO.name]
        present = [
            {"name": name, "version": version, "state": "READY", "reason": ""}
            for (_, name, version, _), numbers in sorted(info.items())
            if numbers[0]
        ]
        absent = self._models.keys() - {entry["name"] for entry in present}
        reason = "not loaded"
        return orjson.dumps(
            present + [{"name": name, "state": "UNAVAILABLE", "reason": reason} for name in sorted(absent)]
        )

    async def _change(self, command: Command) -> None:
        wanted = command.action is Action.LOAD
        await self._workers.tell(command)
        until = monotonic() + _LOAD_SECONDS
        while self._is_ready(command.model) is not wanted:
            if monotonic() > until:
                raise Unavailable(f"model {command.model!r} did not load in time; the server's log says why")
            await asyncio.sleep(_TICK_SECONDS)

    def _is_ready(self, name: str) -> bool:
        ready = merge(self._workers.segments)[catalog.MODEL_READY.name]
        return bool(ready.get((name,), (0.0,))[0])


def admin_server(workers: Workers, settings: Settings, access: Access | None = None) -> Server:
    """The HTTP server of the operators' port."""
    return Server(
        Admin(workers, settings, access),
        address=settings.http_host,
        port=settings.admin_port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )
