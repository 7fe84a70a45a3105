"""The gRPC side: every resource is made as it was declared. Protocol: pulumi/proto/pulumi/provider.proto."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from echo_plugin import changes, made_up
from mlops_local.kubernetes_plugin import names
from mlops_local.kubernetes_plugin.diff import KINDS, Change, path_text
from mlops_local.kubernetes_plugin.values import Tree, plain_map, property_map

_KINDS: Mapping[str, int] = dict(provider_pb2.PropertyDiff.Kind.items())


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """`pulumirpc.ResourceProvider` for one package.

    Values stay in the engine's own encoding where they are only handed on, so secrets stay secret.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        # What a provider adds is read in the SDK, whose modules import each other: loaded by two threads at
        # once, one of them sees a module half made and no such type.
        self._imports = threading.Lock()

    def Handshake(self, request: Any, context: Any) -> Any:
        """The engine learns what the plugin understands."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """The version that the SDK asks for."""
        return plugin_pb2.PluginInfo(version=version(f"pulumi-{self._package}"))

    def CheckConfig(self, request: Any, context: Any) -> Any:
        """All of a provider's inputs are accepted."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Another cluster or region needs all things anew."""
        olds = request.old_inputs if request.old_inputs.fields else request.olds
        return _diff(changes.of_provider(self._package, tree(olds), tree(request.news)), False)

    def Configure(self, request: Any, context: Any) -> Any:
        """Nothing to connect to."""
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:
        """All inputs are accepted; an object of Kubernetes without a name gets one, as does a state's."""
        inputs = _copy(request.news)
        if _is_object(request.urn):
            declared, before = tree(request.news), tree(request.olds)
            named = names.with_name(declared, before, _name(request.urn), request.urn.encode(), None)
            if named is not declared:
                inputs["metadata"] = PropertyValue.marshal_map(property_map(named["metadata"]))
        return provider_pb2.CheckResponse(inputs=inputs)

    def Diff(self, request: Any, context: Any) -> Any:
        """The changes of the inputs since they were last accepted."""
        old, new = tree(request.old_inputs), tree(request.news)
        found = changes.of_resource(_type(request.urn), old, new)
        return _diff(found, changes.delete_first(_type(request.urn), names.is_autonamed(old)))

    def Create(self, request: Any, context: Any) -> Any:
        """The inputs, with what the provider would add; in a preview that is not known."""
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        outputs = _copy(request.properties)
        with self._imports:
            identity, more = made_up.outputs(_type(request.urn), request.urn, tree(request.properties))
        outputs.update(PropertyValue.marshal_map(property_map(more)))
        return provider_pb2.CreateResponse(id=identity, properties=outputs)

    def Update(self, request: Any, context: Any) -> Any:
        """The new inputs over the old outputs."""
        outputs = _copy(request.olds)
        for gone in request.old_inputs.fields.keys() - request.news.fields.keys():
            outputs.fields.pop(gone, None)
        for key, value in request.news.fields.items():
            outputs.fields[key].CopyFrom(value)
        changed = made_up.changed_by_update(_type(request.urn), tree(request.olds), request.preview)
        outputs.update(PropertyValue.marshal_map(property_map(changed)))
        return provider_pb2.UpdateResponse(properties=outputs)

    def Delete(self, request: Any, context: Any) -> Any:
        """Nothing is there."""
        return empty_pb2.Empty()

    def Read(self, request: Any, context: Any) -> Any:
        """The resource is as the state has it."""
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Invoke(self, request: Any, context: Any) -> Any:
        """Only a real provider can answer a function."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.tok}: this plugin answers no function")

    def Cancel(self, request: Any, context: Any) -> Any:
        """Nothing is under way."""
        return empty_pb2.Empty()


def tree(values: Any) -> Tree:
    """The plain values of an encoded object, without its secrets' wraps."""
    return plain_map(PropertyValue.unmarshal_map(values))


def _copy(values: Any) -> Any:
    made = struct_pb2.Struct()
    made.CopyFrom(values)
    return made


def _diff(found: list[Change], delete_first: bool) -> Any:
    some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
    replaces = [path_text(change.path) for change in found if change.replaces]
    detailed = {
        path_text(change.path): provider_pb2.PropertyDiff(
            kind=_KINDS[KINDS[change.kind, change.replaces].name],  # type: ignore[arg-type]  # an enum's number
            inputDiff=True,
        )
        for change in found
    }
    return provider_pb2.DiffResponse(
        changes=some if found else none,
        replaces=replaces,
        deleteBeforeReplace=bool(replaces) and delete_first,
        diffs=sorted({str(change.path[0]) for change in found}),
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def _is_object(urn: str) -> bool:
    return _type(urn).startswith("kubernetes:") and not _type(urn).startswith("kubernetes:helm.sh/")
