"""Releases and the gRPC port: not ready before the first, and a canary that keeps a client on one version."""

from __future__ import annotations

from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from mlops_serving.publish import publish
from mlops_serving.store import Store, store_settings
from serving_process import models


def test_it_serves_from_the_first_release_on_and_a_key_keeps_a_client_on_one_version(
    start, iris, tensor, release, tmp_path, wait_until
):
    server = start(models=models("release"))
    watch = HealthStub(server.channel()).Watch(HealthCheckRequest(), timeout=60, wait_for_ready=True)
    assert next(watch).status == HealthCheckResponse.NOT_SERVING
    store = Store(store_settings({"MLOPS_STORE_URL": f"file://{tmp_path}"}))
    for version, manifest in iris.manifests.items():
        publish(store, iris.folders[version], manifest)
    release(store, 1, "1")
    assert next(watch).status == HealthCheckResponse.SERVING

    client, inputs = server.client(), [tensor("X", "FP32", iris.rows[:1])]
    release(store, 2, "1", candidate_version="2", mode="canary", weight=50)
    wait_until(lambda: server.process.metric('mlops_release_number{endpoint="flowers"}') == 2)

    def version(key):
        return client.infer("iris", inputs, headers={"mlops-sticky-key": key}).get_response().model_version

    found = {key: version(key) for key in map(str, range(40))}
    assert set(found.values()) == {"1", "2"}
    assert {key: version(key) for key in found} == found
