"""The gRPC port of one worker."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import grpc.aio

from mlops_serving.access import Access
from mlops_serving.errors import ServingError
from mlops_serving.grpc_api.credentials import credentials
from mlops_serving.grpc_api.health import Health
from mlops_serving.grpc_api.service import SERVICE, InferenceService
from mlops_serving.inference import Inference
from mlops_serving.metrics.meters import Meter
from mlops_serving.settings import Settings

_GOAWAY_SECONDS: Final = 0.05
"""Until then a client knows that its connection takes no more calls."""
_PING_MILLISECONDS: Final = 10_000
"""Clients may ping this often; grpc's own limit of 5 minutes cuts off those behind impatient proxies."""


class GrpcServer:
    """Serves from `start` to `stop`, on the running event loop."""

    def __init__(
        self, inference: Inference, settings: Settings, access: Access | None, reloads: Meter
    ) -> None:
        self._service = InferenceService(inference, settings.sticky_header, access)
        self._health = Health(lambda: inference.ready, SERVICE)
        self._server = grpc.aio.server(options=_options(settings))
        # Handlers are asked in this order.
        self._server.add_generic_rpc_handlers((self._service.handlers(), self._health.handlers()))
        self._address = f"{settings.http_host}:{settings.grpc_port}"
        self._credentials = credentials(settings, reloads)

    async def start(self) -> None:
        """Listen; raises `ServingError` when the port cannot be had."""
        try:
            if self._credentials is None:
                self._server.add_insecure_port(self._address)
            else:
                self._server.add_secure_port(self._address, self._credentials)
        except RuntimeError as error:
            raise ServingError(
                f"cannot listen on {self._address}: {error}; stop what listens there or set another "
                "MLOPS_GRPC_PORT"
            ) from error
        await self._server.start()

    async def stop(self, seconds: float) -> None:
        """Accept nothing more and finish what is in hand, for at most `seconds`.

        grpc cancels the calls that come after it has begun to stop and before their client has heard of it.
        So that there are none, the clients are made to wait for their answers until they have.
        """
        self._health.end()
        self._service.end_streams()
        await self._service.hold()
        stopping = asyncio.ensure_future(self._server.stop(seconds))
        await asyncio.sleep(_GOAWAY_SECONDS)
        self._service.release()
        await stopping


def _options(settings: Settings) -> list[tuple[str, Any]]:
    return [
        ("grpc.so_reuseport", 1),
        ("grpc.max_receive_message_length", settings.max_body_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.http2.min_ping_interval_without_data_ms", _PING_MILLISECONDS),
        ("grpc.keepalive_permit_without_calls", 1),
    ]
