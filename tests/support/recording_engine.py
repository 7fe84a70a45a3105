"""A Pulumi engine that records: runs a program to its end and hands back plain lists.

Tests compare these lists and never use `apply`, in which a failing assert can go unseen.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import mocks, rpc, stack
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import configure

UNKNOWN: str = rpc.UNKNOWN
SECRET = "[secret]"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"


@dataclass(frozen=True)
class Registration:
    """One resource as the engine was told of it; secret inputs are in `secrets`, by path, and "[secret]"."""

    type: str
    name: str
    urn: str
    parent: str
    inputs: Mapping[str, Any]
    secrets: Mapping[str, Any]
    dependencies: tuple[str, ...]
    provider: str


@dataclass
class Recording:
    """All that one program registered, in a stable order."""

    resources: list[Registration] = field(default_factory=list)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    exports: dict[str, Any] = field(default_factory=dict)

    @property
    def urns(self) -> list[str]:
        """Every URN, sorted."""
        return sorted(resource.urn for resource in self.resources)

    def of(self, kind: str, name: str | None = None) -> Registration:
        """The only resource whose type ends in `kind`, and which is called `name` if that is given."""
        found = [r for r in self.resources if r.type.endswith(f":{kind}") and name in (None, r.name)]
        assert len(found) == 1, f"{kind} {name}: {[r.name for r in found]}"
        return found[0]

    def names_of(self, kind: str) -> list[str]:
        """Names of all resources whose type ends in `kind`, sorted."""
        return sorted(r.name for r in self.resources if r.type.endswith(f":{kind}"))


class _Nothing(pulumi.runtime.Mocks):
    """Stands in for the mocks that `_Monitor` answers without."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        raise AssertionError(f"the components read no existing resource, but this was read: {args.name}")

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        raise AssertionError(f"the components call no function, but this was called: {args.token}")


class _Monitor(mocks.MockMonitor):
    """Every resource comes out as it went in; recorded is also what `MockMonitor` drops.

    That is whole URNs of parents, secrets, and registered outputs.
    """

    def __init__(self) -> None:
        super().__init__(_Nothing())
        self.recording = Recording()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        chain = "" if _is_stack(parent) else f"{parent.split('::')[2]}$"
        return f"urn:pulumi:test::mlops::{chain}{type_}::{name}"

    def RegisterResource(self, request: Any) -> Any:
        if request.type != "pulumi:pulumi:Stack":
            self.recording.resources.append(self._registration(request))
        urn = self.make_urn(request.parent, request.type, request.name)
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=f"{request.name}-id" if request.custom else "", object=request.object
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:
        shown = _plain(MessageToDict(request.outputs), {})
        if _is_stack(request.urn):
            self.recording.exports = shown
        else:
            self.recording.outputs[_name(request.urn)] = shown
        return super().RegisterResourceOutputs(request)

    def _registration(self, request: Any) -> Registration:
        secrets: dict[str, Any] = {}
        inputs = _plain(MessageToDict(request.object), secrets)
        provider = request.provider or dict(request.providers).get("kubernetes", "")
        return Registration(
            type=request.type,
            name=request.name,
            urn=self.make_urn(request.parent, request.type, request.name),
            parent="" if _is_stack(request.parent) else _name(request.parent),
            inputs=inputs,
            secrets=secrets,
            dependencies=tuple(sorted(_name(urn) for urn in request.dependencies)),
            provider=_name(provider.rpartition("::")[0]) if provider else "",
        )


def registered(
    program: Callable[[], object], *, preview: bool = False, config: Mapping[str, str] | None = None
) -> Recording:
    """Run `program` to its end, as an update or a preview, and return what it registered."""
    return contextvars.Context().run(_run, program, preview, config or {})


def unknown() -> pulumi.Output[Any]:
    """An output whose value a preview does not know."""
    resolved: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    resolved.set_result(rpc.UNKNOWN)
    known: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    known.set_result(False)
    return pulumi.Output(set(), resolved, known)


def _run(program: Callable[[], object], preview: bool, config: Mapping[str, str]) -> Recording:
    monitor = _Monitor()
    features = set(monitor.GetDeploymentInfo(None).supportedFeatures)
    configure(
        mocks.MockSettings(
            monitor=monitor,
            monitor_features=features,
            engine=mocks.MockEngine(None),
            project="mlops",
            stack="test",
            dry_run=preview,
            organization=None,
            outputs=set(),
            callbacks=None,
            package_refs={},
        )
    )
    set_all_config(dict(config))
    with asyncio.Runner() as runner:
        runner.run(stack.run_in_stack(lambda: program() and None))
    monitor.recording.resources.sort(key=lambda resource: resource.urn)
    return monitor.recording


def _is_stack(urn: str) -> bool:
    return not urn or urn.split("::")[2] == "pulumi:pulumi:Stack"


def _name(urn: str) -> str:
    return urn.split("::")[-1]


def _plain(value: Any, secrets: dict[str, Any], path: str = "") -> Any:
    """Plain Python of a property: whole floats are ints, and secrets are put aside."""
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET_SIGNATURE:
            secrets[path] = _plain(value["value"], {})
            return SECRET
        return {key: _plain(item, secrets, f"{path}.{key}".lstrip(".")) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, secrets, f"{path}[{number}]") for number, item in enumerate(value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value
