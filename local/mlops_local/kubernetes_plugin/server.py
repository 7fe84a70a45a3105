"""The gRPC side: what `pulumi.provider.experimental`'s server lacks for a resource plugin.

It adds errors without Python tracebacks, objects that were created but are not ready
(`ErrorResourceInitFailed`), the engine's autonaming, and provider replacement.
Protocol: pulumi/proto/pulumi/provider.proto.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import sys
from collections.abc import Callable, Coroutine
from importlib import metadata
from typing import Any

import grpc
import grpc.aio
from pulumi.provider.experimental import provider as api
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from mlops_local.kubernetes_plugin.errors import PartialStateError, PluginError
from mlops_local.kubernetes_plugin.names import Proposal
from mlops_local.kubernetes_plugin.provider import KubernetesProvider

MAX_MESSAGE_BYTES = 400 * 1024 * 1024
PARENT_CHECK_SECONDS = 0.5
FAILED = grpc.StatusCode.UNKNOWN

SCHEMA: dict[str, Any] = {
    "name": "kubernetes",
    "version": metadata.version("pulumi-kubernetes"),
    "provider": {
        "inputProperties": {
            "clusterIdentifier": {"type": "string"},
            "context": {"type": "string"},
            "deleteUnreachable": {"type": "boolean"},
            "enablePatchForce": {"type": "boolean"},
            "enableServerSideApply": {"type": "boolean"},
            "kubeconfig": {"type": "string"},
            "skipUpdateUnreachable": {"type": "boolean"},
            "upsertExistingObjects": {"type": "boolean"},
        }
    },
}

Handler = Callable[[Any, Any, Any], Coroutine[Any, Any, Any]]


def guarded(handler: Handler) -> Any:
    """Turn this package's errors into gRPC statuses that the engine prints as they are."""

    @functools.wraps(handler)
    async def answer(self: Any, request: Any, context: Any) -> Any:
        try:
            return await handler(self, request, context)
        except PartialStateError as error:
            await context.abort(FAILED, str(error), trailing_metadata=(details(error),))
        except PluginError as error:
            await context.abort(FAILED, str(error))

    return answer


def details(error: PartialStateError) -> tuple[str, bytes]:
    """The metadata that makes the engine keep an object and mark it as not ready."""
    failure = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id,
        properties=PropertyValue.marshal_map(error.state),
        reasons=error.reasons,
        inputs=PropertyValue.marshal_map(error.inputs or {}),
    )
    status = status_pb2.Status(code=FAILED.value[0], message=str(error))
    status.details.add().Pack(failure)
    return "grpc-status-details-bin", status.SerializeToString()


def proposal_in(request: Any) -> Proposal | None:
    """What the project's autonaming says about this resource; None when it says nothing."""
    if not request.HasField("autonaming"):
        return None
    disabled = request.autonaming.mode == provider_pb2.CheckRequest.AutonamingOptions.DISABLE
    return Proposal(None if disabled else request.autonaming.proposed_name)


class Servicer(ProviderServicer):
    """`pulumirpc.ResourceProvider` over a `KubernetesProvider`."""

    _provider: KubernetesProvider

    # The SDK's own answers, whose failures leave as ours do.
    CheckConfig = guarded(ProviderServicer.CheckConfig)
    Diff = guarded(ProviderServicer.Diff)
    Create = guarded(ProviderServicer.Create)
    Update = guarded(ProviderServicer.Update)
    Delete = guarded(ProviderServicer.Delete)
    Read = guarded(ProviderServicer.Read)
    Invoke = guarded(ProviderServicer.Invoke)

    async def Handshake(self, request: Any, context: Any) -> Any:
        """The engine learns what the plugin understands."""
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, supports_autonaming_configuration=True
        )

    async def GetSchema(self, request: Any, context: Any) -> Any:
        """The provider's settings, which YAML programs are checked by; the kinds of objects are not in it."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps(SCHEMA))

    @guarded
    async def DiffConfig(self, request: Any, context: Any) -> Any:
        """Provider inputs, old and new; the base class cannot send this answer."""
        olds, news = PropertyValue.unmarshal_map(request.olds), PropertyValue.unmarshal_map(request.news)
        answer = await self._provider.diff_config(
            api.DiffRequest(request.urn, request.id, olds, news, list(request.ignoreChanges))
        )
        some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some if answer.changes else none, replaces=answer.replaces, diffs=answer.diffs
        )

    @guarded
    async def Configure(self, request: Any, context: Any) -> Any:
        """Choose the cluster."""
        response = await super().Configure(request, context)
        response.supports_autonaming_configuration = True
        return response

    @guarded
    async def Check(self, request: Any, context: Any) -> Any:
        """Complete a resource's inputs, with the engine's autonaming, which the base class drops."""
        olds, news = PropertyValue.unmarshal_map(request.olds), PropertyValue.unmarshal_map(request.news)
        answer = await self._provider.check_named(
            api.CheckRequest(request.urn, olds, news, request.randomSeed), proposal_in(request)
        )
        failures = [
            provider_pb2.CheckFailure(property=failure.property, reason=failure.reason)
            for failure in answer.failures or ()
        ]
        inputs = PropertyValue.marshal_map(answer.inputs or {})
        return provider_pb2.CheckResponse(inputs=inputs, failures=failures)


async def serve(engine: str, version: str) -> None:
    """Answer the engine at address `engine` until it goes away; prints the port first."""
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)])
    servicer = Servicer([], version, KubernetesProvider(engine), engine_address=engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_CHECK_SECONDS)
