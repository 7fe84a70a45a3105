"""grpc.health.v1, asked by its public client."""

from __future__ import annotations

import signal

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

SERVICE = "inference.GRPCInferenceService"
SERVING, NOT_SERVING = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING


def test_the_server_and_the_service_serve_and_no_other_is_known(start, iris_artifact):
    health = HealthStub(start(iris_artifact).channel())
    for name in ("", SERVICE):
        assert health.Check(HealthCheckRequest(service=name)).status == SERVING
        assert next(health.Watch(HealthCheckRequest(service=name))).status == SERVING
    with pytest.raises(grpc.RpcError) as caught:
        health.Check(HealthCheckRequest(service="other"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert caught.value.details() == "there is no service 'other' here"
    unknown = next(health.Watch(HealthCheckRequest(service="other")))
    assert unknown.status == HealthCheckResponse.SERVICE_UNKNOWN


def test_it_does_not_serve_from_the_signal_on_and_every_watch_is_told_and_ends(start, iris_artifact):
    server = start(iris_artifact, drain_seconds=8)
    health, client = HealthStub(server.channel()), server.client()
    assert client.is_server_ready()
    watches = [health.Watch(HealthCheckRequest(service=name), timeout=20) for name in ("", SERVICE)]
    assert [next(watch).status for watch in watches] == [SERVING, SERVING]
    server.process.process.send_signal(signal.SIGTERM)
    assert [next(watch).status for watch in watches] == [NOT_SERVING, NOT_SERVING]
    assert health.Check(HealthCheckRequest()).status == NOT_SERVING
    assert client.is_server_live()
    assert not client.is_server_ready()
    assert [list(watch) for watch in watches] == [[], []]
    assert server.process.process.wait(20) == 0
