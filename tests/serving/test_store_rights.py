"""The store of a role that may read and list one prefix of the bucket, as servers on AWS have."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from mlops_serving.errors import ObjectMissing, StoreError
from mlops_serving.store import Store, store_settings

_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
_ENTRY = (
    "<Contents><Key>{}</Key><Size>1</Size><ETag>&quot;1&quot;</ETag>"
    "<LastModified>2026-11-28T12:00:00.000Z</LastModified></Contents>"
)


class _S3(BaseHTTPRequestHandler):
    """Refuses every object, as S3 does one that is missing; lists `listable` prefixes."""

    listable: tuple[str, ...]
    keys: tuple[str, ...]
    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        self.asked.append((url.path, query.get("prefix", "")))
        if "list-type" not in query or query.get("prefix", "") not in self.listable:
            return self._answer(403, _DENIED)
        found = [key for key in sorted(self.keys) if key > query.get("start-after", "")]
        entries = "".join(_ENTRY.format(key) for key in found if key.startswith(query["prefix"]))
        self._answer(200, f"<ListBucketResult>{entries}</ListBucketResult>".encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test says what was asked."""


@pytest.fixture
def store() -> Iterator[Store]:
    _S3.listable, _S3.keys, _S3.asked = ("releases/mortgage/",), (), []
    with ThreadingHTTPServer(("127.0.0.1", 0), _S3) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        key = {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "hidden"}
        yield Store(store_settings({"MLOPS_STORE_URL": f"http://127.0.0.1:{server.server_port}", **key}))
        server.shutdown()


KEY = "releases/mortgage/current.json"


@pytest.mark.parametrize("keys", [(), ("releases/mortgage/1.json", "releases/mortgage/current.json2")])
def test_what_is_refused_because_it_is_not_there_is_missing(store, keys, tmp_path):
    _S3.keys = keys
    for read in (
        lambda: store.get(KEY),
        lambda: store.get_if_changed(KEY, "1"),
        lambda: store.download(KEY, tmp_path / "current.json"),
    ):
        with pytest.raises(ObjectMissing, match=f"there is no {KEY} in bucket models"):
            read()
    assert _S3.asked == [(f"/models/{KEY}", ""), ("/models", "releases/mortgage/")] * 3


def test_an_object_that_is_there_and_refused_stays_refused(store):
    _S3.keys = (KEY,)
    with pytest.raises(StoreError, match=f"access to {KEY} in bucket models .* was refused") as caught:
        store.get(KEY)
    assert not isinstance(caught.value, ObjectMissing)


def test_where_nothing_may_be_listed_a_refusal_stays_one(store):
    _S3.listable = ()
    with pytest.raises(StoreError, match=f"access to {KEY} in bucket models .* was refused") as caught:
        store.get(KEY)
    assert not isinstance(caught.value, ObjectMissing)
