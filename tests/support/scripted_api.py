"""HTTP of an API server without a cluster: the proxy of its Services, its pods and their logs."""

from __future__ import annotations

import json
import re
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, bytes]
Backend = str | Answer | Callable[[str], Answer]
"""The address of a real server, one answer to everything, or what answers a path with its query."""

_SERVICE = re.compile(r"/api/v1/namespaces/([^/]+)/services/([^/]+)/proxy(/.*)")
_PODS = re.compile(r"/api/v1/namespaces/([^/]+)/pods")
_LOG = re.compile(r"/api/v1/namespaces/[^/]+/pods/([^/]+)/log")


def status(code: int, reason: str, message: str) -> Answer:
    """The API server's own answer to what it cannot do."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
    return code, json.dumps(body | {"reason": reason, "message": message}).encode()


@dataclass
class ScriptedPod:
    """A pod whose server writes lines, each with the kubelet's time in front, until it ends."""

    lines: list[str] = field(default_factory=list)
    previous: list[str] = field(default_factory=list)
    restarts: int = 0
    started: bool = True
    running: bool = True
    changed: threading.Condition = field(default_factory=threading.Condition)

    def write(self, *lines: str) -> None:
        """More lines for whoever follows."""
        with self.changed:
            self.lines += lines
            self.changed.notify_all()

    def end(self) -> None:
        """The container ends, and every stream with it."""
        with self.changed:
            self.running = False
            self.changed.notify_all()

    def stream(self, *, follow: bool) -> Iterator[str]:
        """The lines, and with `follow` those that come."""
        sent = 0
        while True:
            with self.changed:
                while follow and self.running and len(self.lines) == sent:
                    self.changed.wait()
                fresh, running = self.lines[sent:], self.running
            yield from fresh
            sent += len(fresh)
            if not follow or (not running and sent == len(self.lines)):
                return


@dataclass
class ScriptedApi:
    """`services` are by `namespace/name:port`; `asked` are the paths of requests with their queries."""

    services: dict[str, Backend] = field(default_factory=dict)
    pods: dict[str, ScriptedPod] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refused: Answer | None = None
    """What every request gets instead."""
    url: str = ""

    def kubeconfig(self) -> str:
        """The text of a kubeconfig of it, with context `scripted`."""
        cluster = {"name": "c", "cluster": {"server": self.url}}
        context = {"name": "scripted", "context": {"cluster": "c", "user": "u"}}
        user = {"name": "u", "user": {"token": "scripted-token"}}
        return json.dumps(
            {"clusters": [cluster], "contexts": [context], "users": [user], "current-context": "scripted"}
        )


@contextmanager
def scripted_api() -> Iterator[ScriptedApi]:
    """One that listens on a port of loopback."""
    api = ScriptedApi()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _answer(api, self)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that has stopped following is no error."""
            if not isinstance(sys.exc_info()[1], ConnectionError):
                super().handle_error(request, client_address)

    server = Server(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield api
    finally:
        for pod in api.pods.values():
            pod.end()
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(api: ScriptedApi, handler: BaseHTTPRequestHandler) -> None:
    api.asked.append(handler.path)
    split = urlsplit(handler.path)
    if handler.headers["Authorization"] != "Bearer scripted-token":
        _send(handler, status(401, "Unauthorized", "Unauthorized"))
    elif api.refused is not None:
        _send(handler, api.refused)
    elif found := _SERVICE.fullmatch(split.path):
        namespace, service, path = found.groups()
        _send(handler, _proxied(api, namespace, service, f"{path}?{split.query}"))
    elif found := _LOG.fullmatch(split.path):
        _log(api, handler, found[1], parse_qs(split.query))
    elif _PODS.fullmatch(split.path):
        _send(handler, (200, json.dumps({"items": [_pod(*item) for item in api.pods.items()]}).encode()))
    else:
        _send(handler, status(404, "NotFound", "the server could not find the requested resource"))


def _proxied(api: ScriptedApi, namespace: str, service: str, path: str) -> Answer:
    backend = api.services.get(f"{namespace}/{service}")
    name = service.removeprefix("https:").partition(":")[0]
    if backend is None:
        return status(404, "NotFound", f'services "{name}" not found')
    if isinstance(backend, tuple):
        return backend
    if not isinstance(backend, str):
        return backend(path)
    try:
        with urllib.request.urlopen(backend + path) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def _pod(name: str, pod: ScriptedPod) -> dict[str, Any]:
    server = {"name": "server", "restartCount": pod.restarts}
    return {"metadata": {"name": name}, "status": {"containerStatuses": [server]}}


def _log(api: ScriptedApi, handler: BaseHTTPRequestHandler, name: str, query: dict[str, list[str]]) -> None:
    pod = api.pods.get(name)
    if pod is None:
        return _send(handler, status(404, "NotFound", f'pods "{name}" not found'))
    if not pod.started:
        return _send(handler, status(400, "BadRequest", 'container "server" is waiting to start'))
    if "previous" in query and not pod.previous:
        return _send(handler, status(400, "BadRequest", "previous terminated container not found"))
    lines = iter(pod.previous) if "previous" in query else pod.stream(follow="follow" in query)
    first = query.get("sinceTime", [""])[0].removesuffix("Z")
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    try:
        for line in lines:
            if line[:19] >= first:
                data = f"{line}\n".encode()
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        handler.wfile.write(b"0\r\n\r\n")
    except OSError:
        handler.close_connection = True


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    code, body = answer
    try:
        handler.send_response(code)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
    except OSError:
        handler.close_connection = True
