"""Models of several frameworks in one real server."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlops_serving.cpus import cpu_limit
from mlops_serving.publish import publish
from mlops_serving.release import Release, append
from mlops_serving.store import Store, StoreSettings
from serving_python import make_class, make_flower

BODY = {"inputs": [{"name": "x", "shape": [2], "datatype": "FP32", "data": [3, 4]}]}
INFER = "/v2/models/double/infer"


@pytest.fixture
def shop(tmp_path):
    """An object store in a folder, from which models are released."""
    return Shop(tmp_path)


class Shop:
    """Publishes artifacts and releases them under endpoints of the models' names."""

    def __init__(self, folder) -> None:
        self._folder, self._url = folder, f"file://{folder}/store"
        self._store = Store(StoreSettings(url=self._url))
        self._numbers = {}

    def add(self, make, version="1", **more):
        folder = self._folder / "made" / f"{len(list(self._folder.glob('made/*')))}"
        manifest = make(folder, version=version, **more)
        publish(self._store, folder, manifest)

    def release(self, model, version, **more):
        number = self._numbers[model] = self._numbers.get(model, 0) + 1
        record = Release(
            number=number,
            endpoint=model,
            model=model,
            stable_version=version,
            who="a test",
            when=datetime.now(UTC),
            why="to see it served",
            gates={},
            previous=number - 1 or None,
            **more,
        )
        append(self._store, record)

    def environ(self, *models):
        return {
            "MLOPS_STORE_URL": self._url,
            "MLOPS_MODELS": json.dumps([{"name": model, "endpoint": model} for model in models]),
            "MLOPS_ALLOW_CODE": '["double"]',
        }


def statuses(server):
    ready = [server.status(f"/v2/models/{name}/ready") for name in ("flower", "double")]
    return [server.status(), *ready]


def test_one_model_serves_while_another_cannot_and_the_server_is_ready_when_all_are(serve, shop, wait_until):
    shop.add(make_flower)
    shop.add(make_class, answers=[2.0, 5.0])
    shop.add(make_class, version="2")
    shop.release("flower", "1")
    shop.release("double", "1")
    server = serve(shop.environ("flower", "double"))
    wait_until(lambda: statuses(server) == [503, 200, 503])
    refused = 'mlops_release_errors_total{endpoint="double",kind="ModelError"}'
    wait_until(lambda: server.metric(refused) == 1)
    row = {"name": "X", "shape": [1, 4], "datatype": "FP32", "data": [5.1, 3.5, 1.4, 0.2]}
    reply = server.ask("/v2/models/flower/infer", {"inputs": [row], "outputs": [{"name": "label"}]})
    assert reply.json["outputs"] == [{"name": "label", "shape": [1], "datatype": "INT64", "data": [0]}]
    assert server.ask(INFER, BODY).status == 503
    assert any("wrongly in output 'y'" in line["message"] for line in server.logged())
    assert statuses(server) == [503, 200, 503]
    shop.release("double", "2")
    wait_until(lambda: statuses(server) == [200, 200, 200])
    assert server.ask(INFER, BODY).json["outputs"][0]["data"] == [6, 8]
    platforms = [server.ask(f"/v2/models/{name}").json["platform"] for name in ("flower", "double")]
    assert platforms == ["skops", "python"]


def times(factor):
    """A class in a package, whose factor is in a module beside it."""
    code = """
from .factor import FACTOR

class Times:
    def predict(self, inputs):
        return {"y": inputs["x"] * FACTOR}
"""
    return {
        "files": {"own/times.py": code, "own/factor.py": f"FACTOR = {factor}\n"},
        "entry_point": "own.times:Times",
    }


def test_a_canary_s_code_and_the_stable_one_s_are_in_memory_at_once_and_apart(serve, shop, wait_until):
    shop.add(make_class, **times(2))
    shop.add(make_class, version="2", **times(3), answers=[3.0, 6.0])
    shop.release("double", "1", candidate_version="2", mode="canary", weight=50)
    server = serve(shop.environ("double")).wait_ready()
    wait_until(lambda: server.status("/v2/models/double/versions/2/ready") == 200)
    answers = [server.ask(INFER, BODY | {"id": f"client {number}"}).json for number in range(40)]
    found = {(answer["model_version"], *answer["outputs"][0]["data"]) for answer in answers}
    assert found == {("1", 6, 8), ("2", 9, 12)}


ASYNC = """
import asyncio
class Double:
    async def load(self, folder):
        self.both = asyncio.Event()
        self.inside = 0

    async def predict(self, inputs):
        if inputs["x"][0] == 3:
            self.inside += 1
            if self.inside == 2:
                self.both.set()
            await self.both.wait()
        if inputs["x"][0] == 9:
            await asyncio.sleep(60)
        return {"y": inputs["x"] * 2}
"""


def test_requests_to_an_async_class_overlap_in_a_real_server_and_end_in_time(serve, shop):
    shop.add(make_class, files=ASYNC)
    shop.release("double", "1")
    server = serve(shop.environ("double") | {"MLOPS_REQUEST_TIMEOUT_SECONDS": "10"}).wait_ready()
    replies = []
    clients = [threading.Thread(target=lambda: replies.append(server.ask(INFER, BODY))) for _ in range(2)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert [reply.json["outputs"][0]["data"] for reply in replies] == [[6, 8], [6, 8]]
    slow = {"name": "x", "shape": [1], "datatype": "FP32", "data": [9]}
    late = server.ask(INFER, {"inputs": [slow], "parameters": {"timeout": 50_000}})
    assert late.status == 503
    assert "the request took 0.05" in late.json["error"]
    assert server.terminate() == 0


def test_an_async_candidate_is_shown_to_on_the_event_loop_and_does_not_hold_up_the_end(
    serve, shop, wait_until
):
    shop.add(make_class)
    shop.add(make_class, version="2", files=ASYNC)
    shop.release("double", "1", candidate_version="2", mode="shadow", weight=100)
    server = serve(shop.environ("double")).wait_ready()
    wait_until(lambda: server.status("/v2/models/double/versions/2/ready") == 200)
    body = {"inputs": [BODY["inputs"][0] | {"data": [5, 6]}]}
    assert server.ask(INFER, body).json["model_version"] == "1"
    same = 'mlops_shadow_total{model="double",version="2",result="same"}'
    wait_until(lambda: server.metric(same) == 1)
    server.ask(INFER, {"inputs": [BODY["inputs"][0] | {"data": [9, 9]}]})
    assert server.terminate() == 0


def test_what_computes_beneath_a_model_gets_its_share_of_the_processors(serve, shop, wait_until):
    shop.add(make_class)
    shop.release("double", "1")
    environ = shop.environ("double")

    def threads(server):
        parent = server.process.pid
        (worker, *_) = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        lines = Path(f"/proc/{worker}/environ").read_text().split("\0")
        return [line for line in lines if line.startswith("OMP_NUM_THREADS=")]

    share = max(1, cpu_limit() // 2)
    server = serve(environ | {"MLOPS_WORKERS": "2"}).wait_ready()
    assert threads(server) == [f"OMP_NUM_THREADS={share}"]
    assert threads(serve(environ | {"OMP_NUM_THREADS": "7"}).wait_ready()) == ["OMP_NUM_THREADS=7"]


def test_a_model_in_a_folder_of_the_machine_needs_no_store(serve, tmp_path):
    make_class(tmp_path / "baked in")
    model = {"name": "double", "endpoint": "double", "version": "1", "folder": str(tmp_path / "baked in")}
    environ = {"MLOPS_MODELS": json.dumps([model]), "MLOPS_ALLOW_CODE": '["double"]'}
    server = serve(environ).wait_ready()
    assert server.ask(INFER, BODY).json["outputs"][0]["data"] == [6, 8]


def test_a_failure_in_a_class_is_logged_with_its_place_and_without_the_values(serve, shop, wait_until):
    code = """
class Double:
    def predict(self, inputs):
        if inputs["x"][0] == 77:
            raise ValueError(f"{inputs['x'][0]} is too much")
        return {"y": inputs["x"] * 2}
"""
    shop.add(make_class, files=code)
    shop.release("double", "1")
    server = serve(shop.environ("double")).wait_ready()
    reply = server.ask(INFER, {"inputs": [BODY["inputs"][0] | {"data": [77, 3]}]})
    assert reply.status == 500
    assert reply.json["error"] == "the model failed on this input: ValueError: 77.0 is too much"
    (line,) = [line for line in server.logged() if line["message"] == "the model failed on a request"]
    assert line["place"] == "double.py:5 in predict"
    assert "77" not in json.dumps(line | {"time": ""})
    assert server.ask(INFER, BODY).json["outputs"][0]["data"] == [6, 8]
