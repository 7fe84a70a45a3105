"""Components as another language meets them: the plugin's process, told to construct over the wire.

The engine's side records what the process registers, by the same rules as `recording_engine`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.provider.experimental.util import camel_case
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import (
    engine_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

from mlops_stacks.recording import Document
from mlops_stacks.recording.document import document_of
from mlops_stacks.recording.engine import _Monitor

ROOT = Path(__file__).parents[2]
FEATURES = ("secrets", "resourceReferences", "outputValues", "aliasSpecs", "deletedWith")
SECRET_SIGNATURE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
OUTPUT_SIGNATURE = {"4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4"}
"""How the wire marks a secret and an output (pulumi/sdk, `resource.SigKey`)."""


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """`pulumirpc.ResourceMonitor` over a recording."""

    def __init__(self, recorder: _Monitor) -> None:
        self._recorder = recorder

    def SupportsFeature(self, request: Any, context: Any) -> Any:
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in FEATURES)

    def Invoke(self, request: Any, context: Any) -> Any:
        """Asked for a provider that the program passed on, of which the plugin knows the URN alone."""
        assert request.tok == "pulumi:pulumi:getResource"
        answer = provider_pb2.InvokeResponse()
        getattr(answer, "return").update({"urn": request.args["urn"], "id": "given", "state": {}})
        return answer

    def RegisterResource(self, request: Any, context: Any) -> Any:
        return self._recorder.RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        return self._recorder.RegisterResourceOutputs(request)


class EngineLog(engine_pb2_grpc.EngineServicer):
    """`pulumirpc.Engine` that hears and forgets."""

    def Log(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


@dataclass(frozen=True)
class Constructed:
    """What one `Construct` did: the recorded resources, and the state that the program is handed."""

    recording: Document
    urn: str
    state: Mapping[str, Any]


class ComponentProcess:
    """A running plugin."""

    def __init__(self, stub: Any) -> None:
        self._stub = stub

    def schema(self) -> dict[str, Any]:
        """The package's schema, as `pulumi package get-schema` asks for it."""
        found: dict[str, Any] = json.loads(
            self._stub.GetSchema(provider_pb2.GetSchemaRequest(version=0)).schema
        )
        return found

    def construct(
        self,
        component: str,
        name: str,
        inputs: Mapping[str, Any],
        *,
        preview: bool = False,
        providers: Mapping[str, str] | None = None,
    ) -> Constructed:
        """Construct `mlops:index:<component>`; raises `grpc.RpcError` with what the plugin says."""
        recorder = _Monitor("mlops", "test", None, preview)
        with served(
            lambda s: resource_pb2_grpc.add_ResourceMonitorServicer_to_server(Monitor(recorder), s)
        ) as (address):
            request = provider_pb2.ConstructRequest(
                project="mlops",
                stack="test",
                dryRun=preview,
                monitorEndpoint=address,
                type=f"mlops:index:{component}",
                name=name,
                providers=dict(providers or {}),
            )
            request.inputs.update(inputs)
            response = self._stub.Construct(request, timeout=60)
        recorder.recording.resources.sort(key=lambda resource: resource.urn)
        recorded = document_of("test", recorder.recording, ())
        return Constructed(recorded, response.urn, dict(response.state))


@contextmanager
def served(add: Any) -> Iterator[str]:
    """A gRPC server of the test's own, at the address that is yielded."""
    server = grpc.server(futures.ThreadPoolExecutor(4), options=_GRPC_CHANNEL_OPTIONS)
    add(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None)


@contextmanager
def plugin(folder: Path = ROOT / "components") -> Iterator[ComponentProcess]:
    """The plugin in `folder`, started as a language host starts it."""
    with served(lambda s: engine_pb2_grpc.add_EngineServicer_to_server(EngineLog(), s)) as engine:
        command = [sys.executable, "-u", str(folder), engine]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder, env=dict(os.environ)) as process:
            try:
                assert process.stdout is not None
                port = int(process.stdout.readline())
                with grpc.insecure_channel(f"127.0.0.1:{port}", options=_GRPC_CHANNEL_OPTIONS) as channel:
                    yield ComponentProcess(provider_pb2_grpc.ResourceProviderStub(channel))
            finally:
                process.terminate()


def on_the_wire(schema: Mapping[str, Any], component: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Python arguments as another language sends them: names as in the schema, enums by their values."""
    return _object(schema["types"], schema["resources"][f"mlops:index:{component}"]["inputProperties"], args)


def _object(
    types: Mapping[str, Any], properties: Mapping[str, Any], value: Mapping[str, Any]
) -> dict[str, Any]:
    return {camel_case(key): _value(types, properties[camel_case(key)], item) for key, item in value.items()}


def _value(types: Mapping[str, Any], kind: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, list):
        return [_value(types, kind["items"], item) for item in value]
    if isinstance(value, dict) and "$ref" in kind:
        return _object(types, types[kind["$ref"].removeprefix("#/types/")]["properties"], value)
    if isinstance(value, dict):
        return {key: _value(types, kind["additionalProperties"], item) for key, item in value.items()}
    return value.value if isinstance(value, Enum) else value


def secret(value: Any) -> dict[str, Any]:
    """A secret on the wire."""
    return {**SECRET_SIGNATURE, "value": value}


def output(value: Any = None, *, hidden: bool = False) -> dict[str, Any]:
    """An output on the wire; unknown without a value."""
    known = {} if value is None else {"value": value}
    return {**OUTPUT_SIGNATURE, **known, "secret": hidden}
