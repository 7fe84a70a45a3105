"""The store without a key: the pod's own identity, as EKS Pod Identity hands it over."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mlops_serving.errors import SettingsError
from mlops_serving.store import Store, store_settings

URL = {"MLOPS_STORE_URL": "https://s3.eu-central-1.amazonaws.com"}
FULL_URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


class _Agent(BaseHTTPRequestHandler):
    """The agent that hands out credentials, and a store that answers anybody."""

    seen: list[tuple[str, str | None, str | None]]

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["authorization"], self.headers.get("x-amz-security-token")))
        body = b"kept"
        if self.path == "/v1/credentials":
            ends = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
            body = json.dumps(
                {"AccessKeyId": "ASIA", "SecretAccessKey": "hidden", "Token": "session", "Expiration": ends}
            ).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.send_header("etag", '"1"')
        self.send_header("last-modified", "Sat, 28 Nov 2026 12:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.seen.append((self.path, self.headers["authorization"], self.headers["x-amz-checksum-sha256"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.send_header("etag", '"2"')
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test says what was asked."""


@pytest.fixture
def agent() -> Iterator[ThreadingHTTPServer]:
    _Agent.seen = []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Agent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_without_a_key_the_store_is_shown_who_the_pod_is(agent, monkeypatch, tmp_path):
    token = tmp_path / "token"
    token.write_text("of the service account")
    url = f"http://127.0.0.1:{agent.server_port}"
    monkeypatch.setenv(FULL_URI, f"{url}/v1/credentials")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(token))
    store = Store(store_settings({"MLOPS_STORE_URL": url, FULL_URI: f"{url}/v1/credentials"}))
    assert store.get("a/b").data == b"kept"
    asked, fetched = _Agent.seen
    assert asked == ("/v1/credentials", "of the service account", None)
    assert (fetched[0], fetched[2]) == ("/models/a/b", "session")
    assert fetched[1] is not None
    assert fetched[1].startswith("AWS4-HMAC-SHA256 Credential=ASIA/")


def test_what_is_written_has_a_sum_as_locked_buckets_ask(agent):
    key = {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "hidden"}
    store = Store(store_settings({"MLOPS_STORE_URL": f"http://127.0.0.1:{agent.server_port}", **key}))
    store.create("a/b", b"kept")
    digest = base64.b64encode(hashlib.sha256(b"kept").digest()).decode()
    assert [(path, told) for path, _, told in _Agent.seen] == [("/models/a/b", digest)]


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_half_a_key_is_refused_even_with_an_identity(missing):
    key = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", FULL_URI: "http://127.0.0.1/"}
    with pytest.raises(SettingsError, match=f"^{missing} is not set; give AWS_ACCESS_KEY_ID and"):
        store_settings({**URL, **key, missing: ""})


def test_a_server_that_is_nobody_is_told_at_its_start():
    with pytest.raises(SettingsError, match=r"^AWS_ACCESS_KEY_ID is not set; .* has an identity"):
        store_settings(URL)
