"""Following the release log in a real server, with a real store that is corrupted and killed."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime

import numpy as np

from mlops_serving.artifact import Golden
from mlops_serving.publish import publish
from mlops_serving.release import Release, append
from serving_process import models

PATH = "/v2/models/iris/infer"


def errors(server, kind):
    return server.metric(f'mlops_release_errors_total{{endpoint="flowers",kind="{kind}"}}')


def version_of(server, iris, iris_body):
    """The version that answers, after checking that the answer is that version's."""
    reply = server.ask(PATH, iris_body(iris.rows[:5])).json
    got = np.array(reply["outputs"][1]["data"], np.float32).reshape(5, 3)
    np.testing.assert_allclose(got, iris.probabilities[reply["model_version"]][:5], atol=1e-6)
    return reply["model_version"]


def test_without_a_release_it_lives_unready_until_there_is_one(
    serve, gateway, store, iris, iris_body, release, wait_until
):
    server = serve(gateway.environ("models"))
    wait_until(lambda: server.status("/v2/health/live") == 200)
    assert server.ask("/v2/health/ready").json == {
        "error": "not every model is loaded yet",
        "live": True,
        "ready": False,
    }
    reply = server.ask(PATH, iris_body(iris.rows[:1]))
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")
    publish(store, iris.folders["1"], iris.manifests["1"])
    release(store, 1, "1")
    server.wait_ready()
    assert version_of(server, iris, iris_body) == "1"


def test_a_new_release_is_served_and_a_rollback_comes_from_memory(
    serve, gateway, iris_store, iris, iris_body, release, wait_until
):
    server = serve(gateway.environ("models")).wait_ready()
    release(iris_store, 2, "2")
    wait_until(lambda: version_of(server, iris, iris_body) == "2")
    assert server.ask("/v2/models/iris").json["versions"] == ["2", "1"]
    assert (
        server.ask("/v2/models/iris/versions/1/infer", iris_body(iris.rows[:1])).json["model_version"] == "1"
    )
    release(iris_store, 3, "1")
    wait_until(lambda: version_of(server, iris, iris_body) == "1")
    assert server.metric('mlops_release_number{endpoint="flowers"}') == 3
    assert server.ask("/v2/models/iris").json["versions"] == ["1", "2"]


def test_swaps_under_load_lose_nothing_and_every_answer_is_that_of_the_version_it_names(
    serve, gateway, iris_store, iris, iris_body, release, wait_until
):
    server = serve(gateway.environ("models")).wait_ready()
    stop = threading.Event()
    load = server.load(4, PATH, json.dumps(iris_body(iris.rows[:2])).encode(), stop)
    for number, version in enumerate(("2", "3", "2", "1"), start=2):
        release(iris_store, number, version)
        wait_until(lambda number=number: server.metric('mlops_release_number{endpoint="flowers"}') == number)
    stop.set()
    load.join()
    assert load.lost == []
    assert {status for status, _ in load.replies} == {200}
    seen = set()
    for _, text in load.replies:
        reply = json.loads(text)
        seen.add(reply["model_version"])
        got = np.array(reply["outputs"][1]["data"], np.float32).reshape(2, 3)
        np.testing.assert_allclose(got, iris.probabilities[reply["model_version"]][:2], atol=1e-6)
    assert seen == {"1", "2", "3"}


def test_a_corrupted_artifact_is_refused_by_name_and_the_old_version_serves_on(
    serve, gateway, iris_store, iris, iris_body, release, wait_until
):
    server = serve(gateway.environ("models")).wait_ready()
    model = gateway.folder / "models" / "models" / "iris" / "2" / "model.onnx"
    model.write_bytes(b"\0" + model.read_bytes()[1:])
    release(iris_store, 2, "2")
    wait_until(lambda: errors(server, "DigestMismatch") == 1)
    assert version_of(server, iris, iris_body) == "1"
    assert server.status() == 200
    assert server.metric('mlops_release_number{endpoint="flowers"}') == 1
    told = [line for line in server.logged() if line["level"] == "warning"]
    assert len(told) == 1
    assert told[0]["message"].startswith("model.onnx of models/iris/2 has sha256 ")
    release(iris_store, 3, "3")
    wait_until(lambda: version_of(server, iris, iris_body) == "3")


def test_a_model_that_fails_its_golden_answers_is_refused(
    serve, gateway, iris_store, iris, iris_body, release, wait_until
):
    server = serve(gateway.environ("models")).wait_ready()
    good = iris.manifests["2"]
    golden = Golden(inputs=good.golden.inputs, outputs=iris.manifests["3"].golden.outputs, atol=1e-5)
    liar = good.model_copy(update={"version": "9", "golden": golden})
    publish(iris_store, iris.folders["2"], liar)
    release(iris_store, 2, "9")
    wait_until(lambda: errors(server, "ModelError") == 1)
    assert version_of(server, iris, iris_body) == "1"


def test_while_the_store_is_down_it_serves_on_and_says_so_once(
    serve, gateway, iris_store, iris, iris_body, release, wait_until
):
    server = serve(gateway.environ("models")).wait_ready()
    gateway.stop()
    wait_until(lambda: errors(server, "store_unavailable") >= 2)
    assert server.metric("mlops_store_up") == 0
    assert version_of(server, iris, iris_body) == "1"
    assert server.status() == 200
    assert len([line for line in server.logged() if line["level"] == "warning"]) == 1
    gateway.start()
    wait_until(lambda: server.metric("mlops_store_up") == 1)
    release(iris_store, 2, "2")
    wait_until(lambda: version_of(server, iris, iris_body) == "2")


def test_a_pinned_version_ignores_the_release_log(serve, gateway, iris_store, iris, iris_body):
    server = serve(gateway.environ("models") | {"MLOPS_MODELS": models("3")}).wait_ready()
    assert version_of(server, iris, iris_body) == "3"


def test_a_pinned_version_that_does_not_exist_ends_the_server_with_the_versions_there_are(
    serve, gateway, iris_store
):
    server = serve(gateway.environ("models") | {"MLOPS_MODELS": models("7")})
    assert server.process.wait(10) == 1
    assert server.logged()[-1]["message"] == (
        "model 'iris' has no version '7'; the versions there are: 1, 2, 3"
    )


def test_a_release_of_another_model_is_refused(serve, gateway, iris_store, iris, iris_body, wait_until):
    server = serve(gateway.environ("models")).wait_ready()
    record = Release(
        number=2,
        endpoint="flowers",
        model="tulips",
        stable_version="1",
        who="a test",
        when=datetime.now(UTC),
        why="by mistake",
        gates={},
        previous=1,
    )
    append(iris_store, record)
    wait_until(lambda: errors(server, "ReleaseError") == 1)
    assert version_of(server, iris, iris_body) == "1"


def test_a_restarted_server_uses_its_verified_copy_and_repairs_a_damaged_one(
    serve, gateway, iris_store, iris, iris_body, tmp_path
):
    environ = gateway.environ("models")
    assert serve(environ).wait_ready().terminate() == 0
    kept = tmp_path / "cache" / "iris" / "1" / "model.onnx"
    whole = kept.read_bytes()
    kept.write_bytes(whole[:100])
    server = serve(environ).wait_ready()
    assert version_of(server, iris, iris_body) == "1"
    assert kept.read_bytes() == whole
