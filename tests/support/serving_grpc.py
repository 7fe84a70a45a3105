"""Clients of the gRPC port in threads, which leave when its health says that the server does not serve."""

from __future__ import annotations

import threading
from collections.abc import Callable

import grpc
import tritonclient.grpc as triton
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from tritonclient.utils import InferenceServerException

OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]


class GrpcLoad:
    """Each client asks on a connection of its own, one request after another, until it is told to leave."""

    def __init__(self, address: str, connections: int, ask: Callable[[triton.InferenceServerClient], object]):
        self._address, self._ask = address, ask
        self.answers = 0
        self.told_to_leave = 0
        self.lost: list[str] = []
        self._counting = threading.Lock()
        self._threads = [threading.Thread(target=self._client) for _ in range(connections)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until every client has left."""
        for thread in self._threads:
            thread.join()

    def _client(self) -> None:
        leave = threading.Event()
        with (
            grpc.insecure_channel(self._address, OWN_CONNECTION) as channel,
            triton.InferenceServerClient(self._address, channel_args=OWN_CONNECTION) as client,
        ):
            watching = threading.Thread(target=self._watch, args=(channel, leave))
            watching.start()
            while not leave.is_set():
                try:
                    self._ask(client)
                except InferenceServerException as error:
                    self.lost.append(str(error))
                    break
                with self._counting:
                    self.answers += 1
            watching.join()

    def _watch(self, channel: grpc.Channel, leave: threading.Event) -> None:
        """Set `leave` when the server says that it does not serve, or fails to say."""
        try:
            for health in HealthStub(channel).Watch(HealthCheckRequest(), timeout=60):
                if health.status == HealthCheckResponse.NOT_SERVING:
                    with self._counting:
                        self.told_to_leave += 1
                    return
        except grpc.RpcError as error:
            self.lost.append(repr(error))
        finally:
            leave.set()
