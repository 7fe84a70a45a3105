"""Whatever requests say of themselves, there are no more series on /metrics than before."""

from __future__ import annotations

import http.client
import json
import random
from collections import Counter
from urllib.parse import quote

import pytest

from mlops_serving.artifact import dump_manifest, parse_manifest
from mlops_serving.publish import publish
from mlops_serving.store import Store, store_settings
from serving_identity import make_identity
from serving_process import DEADLINE, models

INFER = "/v2/models/words/infer"
BATCH = 1_000
MARK = "hostile"
"""In all that a hostile request makes up."""
CATEGORIES = ["house", "flat"]
BINS = {
    "feature": "home",
    "tensor": "in_BYTES",
    "kind": "categorical",
    "categories": CATEGORIES,
    "counts": [5, 4, 1],
    "missing": 0,
}
MADE = {
    'mlops_data_problems_total{model="words",version="1",feature="home",problem="unknown"}',
    'mlops_failed_seconds_total{model="words",version="1",role="stable"}',
    'mlops_rejected_total{model="",reason="not_found"}',
    'mlops_rejected_total{model="words",reason="bad_request"}',
    'mlops_rejected_total{model="words",reason="not_found"}',
    'mlops_requests_total{model="words",version="",role="",code="404"}',
    'mlops_requests_total{model="words",version="1",role="stable",code="400"}',
}
"""All series that there are after the requests and were not before them."""
ANSWERS = {200: 400, 400: 200, 404: 300, 405: 100}
ROWS, UNKNOWN_ROWS = 2_300, 2_100
"""Of the requests of a batch that were answered with 200."""
EXPECTED = {"feature": "home", "tensor": "in_BYTES", "categories": CATEGORIES}


@pytest.fixture(scope="module")
def environ(tmp_path_factory):
    """A model of texts, whose categories are counted and checked, in a folder."""
    folder = tmp_path_factory.mktemp("words")
    made = json.loads(dump_manifest(make_identity(folder, "words", ["BYTES"], (-1,))))
    manifest = parse_manifest(
        json.dumps(made | {"reference_bins": [BINS], "expectations": [EXPECTED]}).encode(), "x"
    )
    found = {"MLOPS_STORE_URL": f"file://{folder}/store", "MLOPS_MODELS": models("1", "words", "words")}
    publish(Store(store_settings(found)), folder, manifest)
    return found


def tensor(values, **more):
    one = {"name": "in_BYTES", "shape": [len(values)], "datatype": "BYTES", "data": values}
    return {"inputs": [one | more]}


def requests(seed):
    """A batch of (method, path, body, headers), in which every name and value is a new one."""
    draw = random.Random(seed)  # noqa: S311 - not a secret
    good = tensor(["house"])

    def token():
        return f"{MARK}{draw.randrange(10**12)}"

    def text(most=200):
        return token() + "".join(draw.choices('ab"\\{}=,\n\t é€\x7f', k=draw.randrange(most)))

    def path(*parts):
        return "/".join(["/v2/models", *(quote(part, safe="") for part in parts), "infer"])

    def key():
        return draw.choice(["name", "datatype"])

    kinds = (
        lambda: (draw.choice(["GET", "POST"]), f"/{quote(text())}", good, {}),
        lambda: ("POST", path(text()), good, {}),
        lambda: ("POST", path("words", "versions", text()), good, {}),
        lambda: ("POST", INFER, good | {"id": text()}, {}),
        lambda: ("POST", INFER, good, {name: token() for name in HEADERS}),
        lambda: (token().upper(), INFER, good, {}),
        lambda: ("POST", INFER, tensor([text(50_000)]), {}),
        lambda: ("POST", INFER, tensor(["flat"], **{key(): text()}), {}),
        lambda: ("POST", INFER, good | {"outputs": [{"name": text()}], "parameters": {text(): text()}}, {}),
        lambda: ("POST", f"{INFER}?{quote(text())}", tensor([text() for _ in range(20)]), {}),
    )
    return [kinds[number % len(kinds)]() for number in range(BATCH)]


HEADERS = (
    "authorization",
    "content-type",
    "host",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-forwarded-for",
    "x-request-id",
    f"x-{MARK}",
)


def send(server, batch):
    """Statuses of a batch, each request on a connection of its own."""
    found = Counter()
    for method, path, body, headers in batch:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)
        connection.request(method, path, json.dumps(body), headers)
        found[connection.getresponse().status] += 1
        connection.close()
    return found


def series(server):
    """Every series of the operators' port, by name and labels."""
    lines = [line for line in server.metrics().splitlines() if not line.startswith("#")]
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


def looked_at(server):
    """Rows whose category was counted."""
    return sum(value for name, value in series(server).items() if name.startswith("mlops_drift_rows_total"))


def test_two_thousand_hostile_requests_make_no_series_of_their_own(serve, environ, wait_until):
    server = serve(environ).wait_ready()
    assert server.ask(INFER, tensor(["house"])).status == 200
    wait_until(lambda: looked_at(server) == 1)
    at_first = series(server)
    for batch in (1, 2):
        assert send(server, requests(batch)) == ANSWERS
        wait_until(lambda: looked_at(server) == 1 + batch * ROWS)  # noqa: B023 - called before the next batch
        found = series(server)
        assert set(found) - set(at_first) == MADE
        assert MARK not in "".join(found)
    assert found['mlops_data_problems_total{model="words",version="1",feature="home",problem="unknown"}'] == (
        2 * UNKNOWN_ROWS
    )
