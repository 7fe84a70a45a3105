"""An API server of Jobs over real HTTPS, with a folder as a pod has it: token and authority."""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme

TOKEN = "a-token-of-the-kubelet"


class ScriptedKubernetes:
    """Keeps Jobs that are created; `hang` makes it answer nothing, `refuse` forbid everything.

    `asked` records (method, path, token) of every request.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "serviceaccount"
        self.folder.mkdir()
        (self.folder / "token").write_text(TOKEN)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.folder / "ca.crt")
        self.jobs: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, str]] = []
        self.refuse = False
        self.hang = threading.Event()
        self.let_go = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    def names(self) -> list[str]:
        return [job["metadata"]["name"] for job in self.jobs]

    def stop(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if self.refuse:
            return 403, {"message": "jobs.batch is forbidden"}
        if method == "GET":
            return 200, self._listed(parse_qs(urlsplit(path).query))
        job = json.loads(body)
        if job["metadata"]["name"] in self.names():
            return 409, {"message": "already exists"}
        self.jobs.append(job)
        return 201, job

    def _listed(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """The first so many Jobs with the labels that are asked for."""
        pairs = query.get("labelSelector", [""])[0].split(",")
        wanted = {tuple(pair.split("=", 1)) for pair in pairs if pair}
        found = [job for job in self.jobs if wanted <= {*job["metadata"].get("labels", {}).items()}]
        most = int(query["limit"][0])
        rest = {"continue": "a-place-in-the-list"} if len(found) > most else {}
        return {"metadata": rest, "items": found[:most]}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        cluster = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._do()

            def do_POST(self) -> None:
                self._do()

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                token = self.headers["authorization"].removeprefix("Bearer ")
                cluster.asked.append((self.command, self.path, token))
                if cluster.hang.is_set():
                    cluster.let_go.wait(60)
                    return
                status, answer = cluster.answer(self.command, self.path, body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: object) -> None:
                del format, args

        return Handler
