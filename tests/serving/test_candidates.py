"""A release's candidate in a real server: it answers its share (canary) or is compared (shadow)."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_serving.artifact import Golden, Tensor, TensorSpec
from mlops_serving.publish import publish

INFER = "/v2/models/iris/infer"
STICKY = "mlops-sticky-key"


@pytest.fixture
def server(serve, gateway, iris_store):
    return serve(gateway.environ("models")).wait_ready()


def applied(server, number):
    return server.metric('mlops_release_number{endpoint="flowers"}') == number


def versions_of(server, body, count, **headers):
    return [server.ask(INFER, body, **headers).json["model_version"] for _ in range(count)]


def shown(server, result):
    return server.metric(f'mlops_shadow_total{{model="iris",version="2",result="{result}"}}')


def test_a_canary_answers_its_share_and_keeps_a_client_on_one_version(
    server, iris_store, iris, iris_body, release, wait_until
):
    release(iris_store, 2, "1", candidate_version="2", mode="canary", weight=30)
    wait_until(lambda: applied(server, 2))
    body = iris_body(iris.rows[:1])
    clients = {
        name: set(versions_of(server, body, 3, **{STICKY: name}))
        for name in (f"client-{n}" for n in range(60))
    }
    assert all(len(versions) == 1 for versions in clients.values())
    assert 6 <= sum(versions == {"2"} for versions in clients.values()) <= 32
    # The request's id is the key where there is no header.
    assert len({reply.json["model_version"] for reply in _same_id(server, iris, iris_body)}) == 1
    assert server.metric('mlops_candidate_weight_percent{endpoint="flowers",mode="canary"}') == 30
    canary = 'mlops_requests_total{model="iris",version="2",role="candidate",code="200"}'
    assert server.metric(canary) >= 3


def _same_id(server, iris, iris_body):
    return [server.ask(INFER, iris_body(iris.rows[:1], id="visit-7")) for _ in range(5)]


def test_every_answer_of_a_canary_is_that_of_the_version_it_names(
    server, iris_store, iris, iris_body, release, wait_until
):
    release(iris_store, 2, "1", candidate_version="3", mode="canary", weight=50)
    wait_until(lambda: applied(server, 2))
    seen = set()
    for _ in range(40):
        reply = server.ask(INFER, iris_body(iris.rows[:4])).json
        got = np.array(reply["outputs"][1]["data"], np.float32).reshape(4, 3)
        np.testing.assert_allclose(got, iris.probabilities[reply["model_version"]][:4], atol=1e-6)
        seen.add(reply["model_version"])
    assert seen == {"1", "3"}


def test_a_path_with_a_version_ignores_the_canary(server, iris_store, iris, iris_body, release, wait_until):
    release(iris_store, 2, "1", candidate_version="2", mode="canary", weight=100)
    wait_until(lambda: applied(server, 2))
    body = iris_body(iris.rows[:1])
    assert versions_of(server, body, 3) == ["2"] * 3
    assert server.ask("/v2/models/iris/versions/1/infer", body).json["model_version"] == "1"


def test_a_shadow_answers_nobody_and_every_difference_is_counted(
    server, iris_store, iris, iris_body, release, wait_until
):
    release(iris_store, 2, "1", candidate_version="2", mode="shadow", weight=100)
    wait_until(lambda: applied(server, 2))
    assert versions_of(server, iris_body(iris.rows[:3]), 20) == ["1"] * 20
    wait_until(lambda: shown(server, "different") == 20)
    assert (shown(server, "same"), shown(server, "failed"), shown(server, "dropped")) == (-1, -1, -1)
    gap = np.abs(iris.probabilities["1"][:3] - iris.probabilities["2"][:3]).max()
    labels = 'model="iris",version="2",output="probabilities"'
    wait_until(lambda: server.metric(f"mlops_shadow_difference_count{{{labels}}}") == 20)
    assert server.metric(f"mlops_shadow_difference_sum{{{labels}}}") == pytest.approx(20 * gap, rel=1e-4)


def test_promoting_a_candidate_needs_no_store_and_loses_no_version(
    server, gateway, iris_store, iris, iris_body, release, wait_until
):
    release(iris_store, 2, "1", candidate_version="2", mode="canary", weight=10)
    wait_until(lambda: applied(server, 2))
    for file in (gateway.folder / "models" / "models" / "iris" / "2").iterdir():
        file.unlink()
    release(iris_store, 3, "2")
    wait_until(lambda: applied(server, 3))
    assert versions_of(server, iris_body(iris.rows[:1]), 3) == ["2"] * 3
    assert server.ask("/v2/models/iris").json["versions"] == ["2", "1"]


def test_a_broken_candidate_never_touches_stable(
    server, gateway, iris_store, iris, iris_body, release, wait_until
):
    model = gateway.folder / "models" / "models" / "iris" / "2" / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1])
    release(iris_store, 2, "3", candidate_version="2", mode="canary", weight=100)
    wait_until(lambda: applied(server, 2))
    assert server.metric('mlops_release_applied{endpoint="flowers"}') == 0
    assert server.metric('mlops_release_errors_total{endpoint="flowers",kind="DigestMismatch"}') == 1
    assert versions_of(server, iris_body(iris.rows[:1]), 10) == ["3"] * 10
    release(iris_store, 3, "1")
    wait_until(lambda: applied(server, 3))
    assert server.metric('mlops_release_applied{endpoint="flowers"}') == 1


def test_a_candidate_that_takes_other_inputs_is_refused(
    server, iris_store, iris, iris_body, release, wait_until
):
    good = iris.manifests["2"]
    golden = Golden(
        inputs=good.golden.inputs,
        outputs=(Tensor(name="label", shape=(3,), datatype="INT64", data=(0, 0, 0)),),
        atol=0,
    )
    narrow = good.model_copy(
        update={
            "version": "8",
            "outputs": (TensorSpec(name="label", datatype="INT64", shape=(-1,)),),
            "golden": golden,
        }
    )
    publish(iris_store, iris.folders["2"], narrow)
    release(iris_store, 2, "1", candidate_version="8", mode="canary", weight=100)
    wait_until(lambda: applied(server, 2))
    assert server.metric('mlops_release_errors_total{endpoint="flowers",kind="ReleaseError"}') == 1
    assert versions_of(server, iris_body(iris.rows[:1]), 3) == ["1"] * 3
    told = [line["message"] for line in server.logged() if line["level"] == "warning"]
    assert told[0].startswith("candidate version 8 has other inputs or outputs than stable version 1")
