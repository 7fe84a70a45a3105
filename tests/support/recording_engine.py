"""What a program registers, in plain lists: the product's recording, with names in place of URNs.

Tests compare these lists and never use `apply`, in which a failing assert can go unseen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import rpc

from mlops_stacks import recording
from mlops_stacks.recording import Secret

SECRET = "[secret]"


@dataclass(frozen=True)
class Registration:
    """One resource; secret inputs are in `secrets`, by path, and "[secret]"."""

    type: str
    name: str
    urn: str
    parent: str
    inputs: Mapping[str, Any]
    secrets: Mapping[str, Any]
    dependencies: tuple[str, ...]
    provider: str


@dataclass(frozen=True)
class Recording:
    """All that one program registered, in a stable order."""

    resources: list[Registration]
    outputs: dict[str, dict[str, Any]]
    exports: dict[str, Any]

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


def registered(
    program: Callable[[], object], *, preview: bool = False, config: Mapping[str, str] | None = None
) -> Recording:
    """Run `program` to its end, as an update or a preview, and return what it registered."""
    made = recording.record(program, project="mlops", stack="test", config=config or {}, preview=preview)
    return Recording(
        resources=[_registration(resource) for resource in made.resources],
        outputs={_name(urn): _shown(outputs, {}) for urn, outputs in made.outputs.items()},
        exports=_shown(made.exports, {}),
    )


def unknown() -> pulumi.Output[Any]:
    """An output whose value a preview does not know."""
    resolved: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    resolved.set_result(rpc.UNKNOWN)
    known: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    known.set_result(False)
    return pulumi.Output(set(), resolved, known)


def _registration(resource: recording.Registration) -> Registration:
    secrets: dict[str, Any] = {}
    return Registration(
        type=resource.type,
        name=resource.name,
        urn=resource.urn,
        parent=_name(resource.parent),
        inputs=_shown(resource.inputs, secrets),
        secrets=secrets,
        dependencies=tuple(sorted(_name(urn) for urn in resource.dependencies)),
        provider=_name(resource.provider),
    )


def _name(urn: str) -> str:
    return urn.split("::")[-1]


def _shown(value: Any, secrets: dict[str, Any], path: str = "") -> Any:
    """The value with secrets put aside."""
    if isinstance(value, Secret):
        secrets[path] = _shown(value.value, {})
        return SECRET
    if isinstance(value, dict):
        return {key: _shown(item, secrets, f"{path}.{key}".lstrip(".")) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item, secrets, f"{path}[{number}]") for number, item in enumerate(value)]
    return value
