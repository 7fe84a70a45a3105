"""grpc.health.v1, asked by its public client."""

from __future__ import annotations

import asyncio
import signal
from types import SimpleNamespace

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from mlops_serving.grpc_api.health import Health

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
    server = start(iris_artifact, drain_seconds=60)
    health, client = HealthStub(server.channel()), server.client()
    assert client.is_server_ready()
    watches = [health.Watch(HealthCheckRequest(service=name), timeout=20) for name in ("", SERVICE)]
    assert [next(watch).status for watch in watches] == [SERVING, SERVING]
    server.process.process.send_signal(signal.SIGTERM)
    assert [next(watch).status for watch in watches] == [NOT_SERVING, NOT_SERVING]
    assert health.Check(HealthCheckRequest()).status == NOT_SERVING
    assert client.is_server_live()
    assert not client.is_server_ready()
    # A second signal asks for haste: the drain lasts for as long as this test needs it.
    server.process.process.send_signal(signal.SIGTERM)
    assert [list(watch) for watch in watches] == [[], []]
    assert server.process.process.wait(20) == 0


class Written:
    """Stands for a call: keeps what is written to the client."""

    def __init__(self):
        self.statuses = []

    async def write(self, data):
        self.statuses.append(HealthCheckResponse.FromString(data).status)


def test_a_watch_is_told_of_an_end_that_comes_before_the_beginning_was_noticed():
    async def statuses():
        ready = False
        health = Health(lambda: ready, SERVICE)
        method = SimpleNamespace(method="/grpc.health.v1.Health/Watch")
        watch = health.handlers().service(method).unary_stream
        # It has looked once, and looks again only in a while.
        await asyncio.sleep(0)
        ready, call = True, Written()
        watching = asyncio.get_running_loop().create_task(watch(b"", call))
        await asyncio.sleep(0)
        ready = False
        async with asyncio.timeout(5):
            while len(call.statuses) < 2:
                await asyncio.sleep(0.01)
        health.end()
        await watching
        return call.statuses

    assert asyncio.run(statuses()) == [SERVING, NOT_SERVING]
