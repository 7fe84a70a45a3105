"""Files of the request log: when they are written, their names, and a store that does not take them."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from io import BytesIO
from time import monotonic

import numpy as np
import pytest
from arro3.io import read_parquet

from mlops_serving.errors import ModelError
from mlops_serving.observe.requestlog import check_request_log, request_log
from mlops_serving.observe.watch import Rows
from mlops_serving.settings import read_settings
from mlops_serving.store import store_settings
from serving_process import models

NOON = 1764072000.0  # 2025-11-25T12:00:00Z


@pytest.fixture
def one(bench, manifest):
    return bench(manifest())


@pytest.fixture
def start(one, tmp_path):
    """`start(FILE_ROWS="3")` is a request log of everything, in a folder or where `url` says."""

    def make(worker=0, url=f"file://{tmp_path}", **settings):
        environ = {f"MLOPS_REQUEST_LOG_{name}": value for name, value in settings.items()}
        environ = {"MLOPS_REQUEST_LOG_SAMPLE": "1", "MLOPS_MODELS": models("1"), **environ}
        environ |= {"MLOPS_STORE_URL": url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
        log = request_log(
            read_settings({k: v for k, v in environ.items() if k.startswith("MLOPS_")}),
            store_settings(environ),
            one.metrics,
            worker,
        )
        assert log
        return log

    return make


def show(one, log, rows=1, id="a", when=NOON, served=None):
    inputs = {"X": np.zeros((rows, 4), np.float32)}
    outputs = {"label": np.zeros(rows, np.int64), "probabilities": np.zeros((rows, 3), np.float32)}
    note = one.note(inputs, outputs, id=id, when=when, served=served)
    log.look(one.slot, note.served, Rows([note]))


def files(tmp_path):
    return sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.parquet"))


def ids(path):
    rows = read_parquet(BytesIO(path.read_bytes())).read_all()
    return rows["request_id"].to_pylist()


@contextmanager
def deaf_store():
    """A server that accepts connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        taken = []

        def accept():
            while True:
                try:
                    taken.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        for connection in taken:
            connection.close()


def test_files_are_partitioned_by_endpoint_version_and_hour(one, start, tmp_path, manifest):
    log = start()
    for when in (NOON - 1, NOON, NOON + 1):
        show(one, log, when=when)
    show(one, log, served=one.serve(manifest(version="2"), "candidate"))
    log.finish()
    assert [str(path.parent) for path in files(tmp_path)] == [
        f"requests/endpoint=flowers/version={version}/hour=2025-11-25T{hour}"
        for version, hour in (("1", 11), ("1", 12), ("2", 12))
    ]
    assert one.lines("mlops_request_log_rows_total") == {'{model="iris"}': 4}


@pytest.mark.parametrize(
    ("setting", "value"), [("FILE_ROWS", "6"), ("FILE_BYTES", "1024"), ("FILE_SECONDS", "0.05")]
)
def test_a_file_is_written_when_it_is_full_large_or_old(one, start, tmp_path, wait_until, setting, value):
    log = start(**{setting: value})
    for _ in range(2):
        show(one, log, rows=6)

    def written():
        log.tick()
        return files(tmp_path)

    wait_until(written)
    log.finish()
    assert [id for path in files(tmp_path) for id in ids(tmp_path / path)] == ["a"] * 12


def test_a_request_without_an_id_gets_one_that_joins_nothing(one, start, tmp_path):
    log = start()
    for id in (None, None, ""):
        show(one, log, rows=2, id=id)
    log.finish()
    (path,) = files(tmp_path)
    first, again, other, _, *empty = ids(tmp_path / path)
    assert first == again != other
    assert first.startswith("server-")
    assert empty == ["", ""]


def test_workers_and_restarts_never_write_the_same_object(one, start, tmp_path):
    for worker in (0, 1, 0, 0):
        log = start(worker, FILE_ROWS="1")
        show(one, log)
        show(one, log)
        log.finish()
    assert len(files(tmp_path)) == 8
    assert {path.name.split("-")[-3] for path in files(tmp_path)} == {"0", "1"}


def test_only_the_asked_share_is_kept(one, start, tmp_path):
    log = start(SAMPLE="0.5")
    for _ in range(400):
        show(one, log)
    log.finish()
    (path,) = files(tmp_path)
    assert 120 < len(ids(tmp_path / path)) < 280


def test_a_store_that_never_answers_keeps_memory_bounded_and_every_row_accounted_for(one, start, wait_until):
    with deaf_store() as url:
        log = start(url=url, BYTES="1024", FILE_ROWS="2", UPLOAD_SECONDS="0.2", CLOSE_SECONDS="0.5")
        for _ in range(100):
            show(one, log)
            log.tick()
        # Each of these requests is said to take 100 bytes.
        assert one.lines("mlops_request_log_dropped_total") == {'{model="iris",reason="full"}': 90}
        wait_until(lambda: one.metrics.request_log_failures.labels().get() >= 2)
        began = monotonic()
        log.finish()
        assert monotonic() - began < 2
    assert one.lines("mlops_request_log_dropped_total") == {
        '{model="iris",reason="full"}': 90,
        '{model="iris",reason="shutdown"}': 10,
    }
    assert one.lines("mlops_request_log_rows_total") == {}


def test_a_store_that_comes_back_gets_everything_once(one, start, gateway, wait_until):
    environ = gateway.environ("requests")
    gateway.stop()
    log = start_with(one, environ)
    show(one, log, rows=3)
    log.tick()
    wait_until(lambda: one.metrics.request_log_failures.labels().get() >= 1)
    assert files(gateway.folder) == []
    gateway.start()
    log.finish()
    (path,) = files(gateway.folder)
    assert ids(gateway.folder / path) == ["a"] * 3
    assert one.lines("mlops_request_log_rows_total") == {'{model="iris"}': 3}
    assert one.lines("mlops_request_log_dropped_total") == {}


def start_with(one, environ):
    """A request log with the credentials of a real store."""
    more = {"MLOPS_REQUEST_LOG_SAMPLE": "1", "MLOPS_REQUEST_LOG_FILE_ROWS": "1", "MLOPS_MODELS": models("1")}
    environ = environ | more | {"MLOPS_REQUEST_LOG_CLOSE_SECONDS": "20"}
    settings = read_settings({name: value for name, value in environ.items() if name.startswith("MLOPS_")})
    return request_log(settings, store_settings(environ), one.metrics, 0)


def test_nothing_is_started_when_nothing_is_sampled(one, tmp_path):
    environ = {"MLOPS_MODELS": models("1"), "MLOPS_STORE_URL": f"file://{tmp_path}"}
    assert request_log(read_settings(environ), store_settings(environ), one.metrics, 0) is None


def settings_with(**more):
    return read_settings({"MLOPS_MODELS": models("1"), "MLOPS_STORE_URL": "http://x", **more})


def test_hashed_columns_need_a_key_wherever_there_is_a_log(manifest):
    wants = manifest(sensitive={"X": "hash"})
    on = {"MLOPS_REQUEST_LOG_SAMPLE": "0.1"}
    check_request_log(settings_with(), wants)
    check_request_log(settings_with(**on, MLOPS_REQUEST_LOG_HASH_KEY="k" * 16), wants)
    check_request_log(settings_with(**on), manifest(sensitive={"X": "drop"}))
    with pytest.raises(ModelError, match=r"wants \['X.0', .* hashed .* set MLOPS_REQUEST_LOG_HASH_KEY"):
        check_request_log(settings_with(**on), wants)


def test_the_name_of_a_pod_may_be_any(one, start, tmp_path, monkeypatch):
    monkeypatch.setattr("mlops_serving.observe.requestlog.gethostname", lambda: "a/b c")
    log = start()
    show(one, log)
    log.finish()
    (path,) = files(tmp_path)
    assert path.name.startswith("a-b-c-0-")
