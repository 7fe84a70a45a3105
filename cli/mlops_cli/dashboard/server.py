"""The page's HTTP server: read-only, on 127.0.0.1, for this machine's browsers.

Any page of the web can make a browser ask 127.0.0.1. So names other than the loopback's are refused (DNS
rebinding), other sites get no stream, and nothing of them can run here: the policy allows files of this
server only, and no text as markup (Trusted Types).
"""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlops_cli.dashboard.hub import Facts, Hub, Source, Topic
from mlops_cli.dashboard.queries import SPANS
from mlops_cli.environment import Environment
from mlops_cli.errors import CommandError
from mlops_cli.monitoring.drift import decision_of
from mlops_cli.monitoring.prometheus import prometheus_of
from pulumi_mlops.alerts.settings import Drift

ADDRESS = "127.0.0.1"
HERE = Path(__file__).parent
HOSTS = frozenset({ADDRESS, "localhost"})
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
SECURITY = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".md": "text/plain",
    ".svg": "image/svg+xml",
    ".LICENSE": "text/plain",
}
_CONNECTIONS = 200
_QUERY_BYTES = 2048


class Guard:
    """Refuses what this page's own browser would not ask, and gives every answer its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.encode(), value.encode()) for name, value in SECURITY.items()]
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        if scope["type"] == "http":
            answer = refusal(scope["method"], Headers(scope=scope), len(scope["query_string"]))
            await (answer or self._app)(scope, receive, send_guarded)


def refusal(method: str, headers: Headers, query_bytes: int) -> Response | None:
    """Why a request is not answered; None when it is. Pure."""
    hosts = headers.getlist("host")
    name = hosts[0].rpartition(":")[0] or hosts[0] if len(hosts) == 1 else ""
    if name.lower() not in HOSTS:
        return PlainTextResponse(f"ask for http://{ADDRESS} or http://localhost\n", 421)
    if method != "GET":
        return PlainTextResponse("this page is read-only\n", 405, {"allow": "GET"})
    followed_a_link = headers.get("sec-fetch-mode") == "navigate"
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not followed_a_link:
        return PlainTextResponse("other sites get nothing here\n", 403)
    if query_bytes > _QUERY_BYTES:
        return PlainTextResponse(f"the query is over {_QUERY_BYTES} bytes\n", 414)
    return None


def application(hub: Hub, runbooks: Mapping[str, str]) -> Starlette:
    """The page, its files, its stream of data, and the runbooks (text by file name)."""
    files = _files() | {f"/runbooks/{name}": (text.encode(), ".md") for name, text in runbooks.items()}

    async def file(request: Request) -> Response:
        found = files.get(request.url.path)
        if found is None:
            return PlainTextResponse("nothing here; the page is at /\n", 404)
        body, kind = found
        return Response(body, media_type=f"{_TYPES[kind]}; charset=utf-8")

    async def events(request: Request) -> Response:
        topic = topic_of(request.query_params)
        if topic is None:
            return PlainTextResponse(f"span is one of {', '.join(SPANS)}\n", 400)
        return StreamingResponse(_stream(hub, topic), media_type="text/event-stream")

    return Starlette(
        routes=[Route("/events", events, methods=["GET"]), Route("/{path:path}", file, methods=["GET"])],
        middleware=[Middleware(Guard)],
    )


def topic_of(query: Mapping[str, str]) -> Topic | None:
    """What `?endpoint=NAME&span=15m` watches; None for a span that there is not."""
    span = query.get("span", "15m")
    return Topic(query.get("endpoint"), span) if span in SPANS else None


async def _stream(hub: Hub, topic: Topic) -> AsyncIterator[str]:
    """https://html.spec.whatwg.org/multipage/server-sent-events.html; JSON has no line ends of its own."""
    yield "retry: 2000\n\n"
    watching = hub.watch(topic)
    try:
        async for message in watching:
            yield f"data: {message}\n\n"
    finally:
        await watching.aclose()


def _files() -> dict[str, tuple[bytes, str]]:
    """All that may be asked for, so that no path leads anywhere else."""
    folders = [path for name in ("static", "vendor") for path in sorted((HERE / name).iterdir())]
    kinds = {path: path.suffix for path in folders if path.suffix in _TYPES}
    files = {f"/{path.parent.name}/{path.name}": (path.read_bytes(), kind) for path, kind in kinds.items()}
    files["/style.css"] = ((HERE / "style.css").read_bytes(), ".css")
    files["/favicon.ico"] = files["/static/icon.svg"]
    files["/"] = ((HERE / "page.html").read_bytes(), ".html")
    return files


class PageServer(uvicorn.Server):
    """Ends the streams first: they would last as long as the browsers that watch."""

    def __init__(self, hub: Hub, runbooks: Mapping[str, str]) -> None:
        super().__init__(
            uvicorn.Config(
                application(hub, runbooks),
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="off",
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=_CONNECTIONS,
                timeout_graceful_shutdown=1,
            )
        )
        self._hub = hub
        self._running: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Until a signal comes."""
        self._running = asyncio.get_running_loop()
        await super().serve(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Asked by uvicorn at SIGINT and SIGTERM."""
        if self._running is not None:
            self._running.call_soon_threadsafe(self._hub.close)
        super().handle_exit(sig, frame)


def facts_of(environment: Environment, runbooks: Mapping[str, str]) -> Facts:
    """What the page needs to know of the settings."""
    least_rows = {each.name: decision_of(each).least_rows for each in environment.settings.endpoints}
    return Facts(environment.name, least_rows, frozenset(runbooks), Drift().least_rows)


def listen(port: int) -> socket.socket:
    """A socket of this machine only; port 0 is any that is free.

    Raises CommandError: the port is taken or not allowed.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((ADDRESS, port))
        bound.listen()
    except OSError as error:
        bound.close()
        why = f"cannot listen on {ADDRESS}:{port}: {error.strerror}"
        raise CommandError(f"{why}; give another --port") from error
    return bound


def serve(environment: Environment, port: int, say: Callable[[str], None]) -> None:
    """Serve the page until Ctrl-C.

    Raises CommandError: the port is taken or not allowed.
    """

    def connect() -> Source:
        return prometheus_of(environment)

    folder = environment.paths.workspace / "docs" / "runbooks"
    runbooks = {path.name: path.read_text() for path in sorted(folder.glob("*.md"))}
    bound = listen(port)
    # Else the interpreter walks all that the command has imported before it ends: most of a second.
    gc.freeze()
    say(f"http://{ADDRESS}:{bound.getsockname()[1]}  shows {environment.name!r} until Ctrl-C")
    try:
        server = PageServer(Hub(connect, facts_of(environment, runbooks)), runbooks)
        asyncio.run(server.serve([bound]))
    except KeyboardInterrupt:
        say("stopped")
    finally:
        bound.close()
