"""Drift, data quality and the request log of the real server, with a real object store."""

from __future__ import annotations

import json
import socket
import statistics
import threading
import time
from io import BytesIO

import numpy as np
import pytest
from arro3.io import read_parquet

from mlops_serving.publish import publish
from mlops_serving.store import Store, store_settings
from serving_process import models

INFER = "/v2/models/iris/infer"
BINS = [
    {
        "feature": name,
        "tensor": tensor,
        "column": column,
        "kind": "numeric",
        "edges": [0.5],
        "counts": [100, 50],
        "missing": 0,
    }
    for name, tensor, column in (("petal width", "X", 3), ("virginica", "probabilities", 2))
]
PETAL = {
    "feature": "petal width",
    "tensor": "X",
    "column": 3,
    "minimum": 0.0,
    "maximum": 3.0,
    "missing": False,
}
LOGGING = {"MLOPS_REQUEST_LOG_SAMPLE": "1", "MLOPS_MODELS": models("1")}


@pytest.fixture
def published(gateway, iris, manifest):
    """`published(field=value)` puts version 1 of iris with such a manifest into the store."""

    def put(**fields):
        environ = gateway.environ("models")
        publish(Store(store_settings(environ)), iris.folders["1"], manifest(**fields))
        gateway.environ("requests")
        return environ | {"MLOPS_MODELS": models("1")}

    return put


def both_serve(server):
    """Whether two workers hold the model."""
    return sum(line["message"] == "serving a model version" for line in server.logged()) == 2


def logged_rows(folder):
    """All lines of the request log in a bucket's folder."""
    lines = []
    for path in (folder / "requests").rglob("*.parquet"):
        table = read_parquet(BytesIO(path.read_bytes())).read_all()
        columns = {name: table[name].to_pylist() for name in table.column_names}
        lines += [dict(zip(columns, line, strict=True)) for line in zip(*columns.values(), strict=True)]
    return lines


def test_inputs_and_answers_are_counted_by_bin_in_all_workers(serve, published, iris, iris_body, wait_until):
    server = serve(published(reference_bins=BINS) | {"MLOPS_WORKERS": "2"}).wait_ready()
    wait_until(lambda: both_serve(server))
    for row in iris.rows:
        assert server.ask(INFER, iris_body(row.reshape(1, 4))).status == 200
    of = 'mlops_drift_rows_total{model="iris",version="1",role="stable",feature="%s",bin="%s"}'
    low = int((iris.rows[:, 3] < 0.5).sum())
    wait_until(lambda: server.metric(of % ("petal width", "<0.5")) == low)
    wait_until(lambda: server.metric(of % ("petal width", ">=0.5")) == 150 - low)
    likely = int((iris.probabilities["1"][:, 2] >= 0.5).sum())
    wait_until(lambda: server.metric(of % ("virginica", ">=0.5")) == likely)
    reference = 'mlops_drift_reference_rows{model="iris",version="1",feature="virginica",bin="<0.5"}'
    assert server.metric(reference) == 100
    assert server.metric('mlops_drift_left_out{model="iris",version="1"}') == 0


def test_unexpected_values_are_counted_where_the_model_is_not_strict(
    serve, published, iris, iris_body, wait_until
):
    server = serve(published(expectations=[PETAL])).wait_ready()
    rows = iris.rows[:3].copy()
    rows[1:, 3] = 9
    assert server.ask(INFER, iris_body(rows)).status == 200
    of = 'mlops_data_problems_total{model="iris",version="1",feature="petal width",problem="above"}'
    wait_until(lambda: server.metric(of) == 2)


def test_a_strict_model_refuses_them_by_name_and_row_and_they_never_reach_it(
    serve, published, iris, iris_body, wait_until
):
    server = serve(published(expectations=[PETAL], strict=True)).wait_ready()
    assert server.ask(INFER, iris_body(iris.rows)).status == 200
    rows = iris.rows[:3].copy()
    rows[2, 3] = 98765
    reply = server.ask(INFER, iris_body(rows))
    assert (reply.status, reply.json) == (
        400,
        {
            "error": "the model does not take such values: 'petal width' is above the maximum in row 2 "
            "(rows count from 0); correct them"
        },
    )
    of = 'mlops_data_problems_total{model="iris",version="1",feature="petal width",problem="above"}'
    assert server.metric(of) == 1
    assert server.metric('mlops_rejected_total{model="iris",reason="unexpected_data"}') == 1
    wait_until(lambda: server.metric('mlops_batch_rows_sum{model="iris",version="1"}') == 150)


def test_what_was_sampled_before_sigterm_is_in_the_store_after_it(
    serve, gateway, published, iris, iris_body, wait_until
):
    environ = published(sensitive={"X.0": "drop", "X.1": "hash"}) | LOGGING
    more = {"MLOPS_WORKERS": "2", "MLOPS_REQUEST_LOG_HASH_KEY": "a-key-of-the-tests"}
    server = serve(environ | more).wait_ready()
    wait_until(lambda: both_serve(server))
    for number, row in enumerate(iris.rows):
        assert server.ask(INFER, iris_body(row.reshape(1, 4), id=f"r-{number}")).status == 200
    assert server.terminate() == 0
    lines = {line["request_id"]: line for line in logged_rows(gateway.folder)}
    assert len(lines) == 150
    assert list(lines["r-7"])[6:] == [
        *("X.1", "X.2", "X.3", "label", "probabilities.0", "probabilities.1", "probabilities.2"),
    ]
    for number, row in enumerate(iris.rows):
        line = lines[f"r-{number}"]
        assert (line["model"], line["version"], line["role"], line["row"]) == ("iris", "1", "stable", 0)
        assert np.float32(line["X.3"]) == row[3]
        assert line["probabilities.2"] == pytest.approx(iris.probabilities["1"][number, 2], abs=1e-6)
    assert len({line["X.1"] for line in lines.values()}) == len(set(iris.rows[:, 1]))


def test_sigterm_under_load_logs_exactly_what_was_answered(
    serve, gateway, published, iris, iris_body, wait_until
):
    server = serve(published() | LOGGING).wait_ready()
    body = json.dumps(iris_body(iris.rows[:2])).encode()
    load = server.load(4, INFER, body, threading.Event())
    wait_until(lambda: len(load.replies) > 300)
    assert server.terminate() == 0
    load.join()
    assert load.lost == []
    lines = logged_rows(gateway.folder)
    assert len(lines) == 2 * len(load.replies)
    assert len({line["request_id"] for line in lines}) == len(load.replies)


class DeafFor:
    """A proxy before the store that stops forwarding a connection at a `PUT` to one bucket."""

    def __init__(self, port, bucket):
        self._store, self._mark = port, f"PUT /{bucket}/".encode()
        self.heard = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self._server.accept()
            store = socket.create_connection(("127.0.0.1", self._store))
            threading.Thread(target=self._pass_on, args=(client, store, self._mark), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(store, client, None), daemon=True).start()

    def _pass_on(self, source, target, mark):
        try:
            while data := source.recv(1 << 16):
                if mark and mark in data:
                    self.heard += 1
                    threading.Event().wait(300)
                target.sendall(data)
        except OSError:
            return
        target.close()


def seconds_of(server, body, count):
    took = []
    for _ in range(count):
        began = time.perf_counter()
        assert server.ask(INFER, body).status == 200
        took.append(time.perf_counter() - began)
    return statistics.quantiles(took, n=100)[98]


def test_a_store_that_hangs_costs_neither_memory_nor_time(serve, gateway, published, iris, wait_until):
    environ = published()
    data = [float(value) for value in np.tile(iris.rows, (20, 1)).reshape(-1)]
    tensor = {"name": "X", "shape": [3000, 4], "datatype": "FP32", "data": data}
    body = json.dumps({"inputs": [tensor]}).encode()
    before = serve(environ).wait_ready()
    usual = seconds_of(before, body, 200)
    before.terminate()

    proxy = DeafFor(gateway.port, "requests")
    bounded = {"MLOPS_REQUEST_LOG_BYTES": "2000000", "MLOPS_REQUEST_LOG_FILE_BYTES": "200000"}
    closing = {"MLOPS_REQUEST_LOG_CLOSE_SECONDS": "1", "MLOPS_STORE_URL": proxy.url}
    server = serve(environ | LOGGING | bounded | closing).wait_ready()
    for _ in range(60):
        assert server.ask(INFER, body).status == 200
    full = 'mlops_request_log_dropped_total{model="iris",reason="full"}'
    wait_until(lambda: proxy.heard and server.metric(full) > 0)
    memory = 'process_resident_memory_bytes{process="worker-0"}'
    held = server.metric(memory)
    hanging = seconds_of(server, body, 400)
    assert server.metric(memory) - held < 10e6
    assert server.metric("mlops_request_log_bytes") <= 2_000_000
    assert hanging < 2 * usual + 0.02
    wait_until(lambda: server.metric(full) % 3000 == 0)
    began = time.monotonic()
    assert server.terminate() == 0
    assert time.monotonic() - began < 6
    assert logged_rows(gateway.folder) == []
    lost = [line for line in server.logged() if "did not take the end" in line["message"]]
    assert [line["rows"] % 3000 for line in lost] == [0]


def test_a_version_with_columns_to_hash_is_not_served_without_a_key(serve, published):
    server = serve(published(sensitive={"X": "hash"}) | LOGGING)
    assert server.process.wait(20) == 1
    assert any("set MLOPS_REQUEST_LOG_HASH_KEY" in line["message"] for line in server.logged())
