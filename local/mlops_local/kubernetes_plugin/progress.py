"""Messages to the engine: lines that stay, and a status that the next one replaces."""

from __future__ import annotations

import contextlib

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class Progress:
    """Says what is going on with a resource; silent without an engine address (as in tests)."""

    def __init__(self, engine: str | None) -> None:
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(engine)) if engine else None

    def status(self, urn: str, text: str) -> None:
        """Show `text` beside the resource until the next status."""
        self._log(engine_pb2.INFO, urn, text, ephemeral=True)

    def warn(self, urn: str, text: str) -> None:
        """Show a warning that stays."""
        self._log(engine_pb2.WARNING, urn, text, ephemeral=False)

    def _log(
        self, severity: engine_pb2.LogSeverity.ValueType, urn: str, text: str, *, ephemeral: bool
    ) -> None:
        if self._engine is None:
            return
        request = engine_pb2.LogRequest(severity=severity, urn=urn, message=text, ephemeral=ephemeral)
        # A message that does not arrive must not fail the resource.
        with contextlib.suppress(grpc.RpcError):
            self._engine.Log(request)
