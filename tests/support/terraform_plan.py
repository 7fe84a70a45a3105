"""A recorded program as `terraform show -json PLAN` would show it, for scanners that read nothing else.

Of a plan only what scanners read is made: `planned_values` and `resource_changes`.  Where an input is the
id, ARN or name of another resource of the document, its value is Terraform's reference to that one, by
which scanners tell that a bucket has its public access block.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import aws_answers
import sdk_types
import terraform_names
from mlops_stacks.recording import SECRET_MARK, UNKNOWN_MARK, Document, Resource

_NOT_KNOWN = "known after apply"
References = Mapping[str, str]
"""Terraform's reference by the value that stands for it, such as an ARN."""


@dataclass(frozen=True)
class Address:
    """What Terraform calls a resource."""

    type: str
    name: str

    def __str__(self) -> str:
        return f"{self.type}.{self.name}"


def plan_json(document: Document) -> dict[str, Any]:
    """The AWS resources of a document as a plan that makes them all.

    The document is one of an update to which `aws_answers` answered; of a preview no references are known.
    """
    places = addresses(document)
    resources = {resource.urn: resource for resource in document.resources if resource.urn in places}
    planned, changes = [], []
    for urn, resource in resources.items():
        address = places[urn]
        known = dict(
            pair
            for other in resource.dependencies
            if other in resources
            for pair in _identities(resources[other], places[other])
        )
        values, unknown = _values(address, resource, known)
        shown = {"address": str(address), "mode": "managed", "type": address.type, "name": address.name}
        planned.append({**shown, "provider_name": "registry.terraform.io/hashicorp/aws", "values": values})
        change = {"actions": ["create"], "before": None, "after": values, "after_unknown": unknown}
        changes.append({**shown, "change": change})
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"provider_config": {}, "root_module": {}},
    }


def addresses(document: Document) -> dict[str, Address]:
    """Terraform's address of each AWS resource, by URN."""
    found: dict[str, Address] = {}
    taken: Counter[Address] = Counter()
    for resource in document.resources:
        if not resource.type.startswith("aws:"):
            continue
        address = Address(
            terraform_names.resource_type(resource.type), re.sub(r"[^a-zA-Z0-9_-]", "_", resource.name)
        )
        taken[address] += 1
        number = taken[address]
        found[resource.urn] = Address(address.type, f"{address.name}_{number}") if number > 1 else address
    return found


def _identities(resource: Resource, address: Address) -> Iterator[tuple[str, str]]:
    """Values by which others name a resource; the id is last, so that it wins where two are equal."""
    said = aws_answers.answers(resource)
    own = aws_answers.name_input(resource.type)
    for key, value in {own: resource.inputs.get(own, said.get(own)), **said}.items():
        if key in (own, "arn") and isinstance(value, str):
            yield value, f"{address}.{terraform_names.snake(key)}"
    yield str(said["id"]), f"{address}.id"


def _values(address: Address, resource: Resource, known: References) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values by Terraform's names, and which of them are unknown."""
    args = sdk_types.args_class(resource.type)
    assert args is not None
    unknown: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for key, value in resource.inputs.items():
        kinds = _kinds(args, key)
        name = terraform_names.attribute(address.type, key, objects=_objects(kinds), many=_many(kinds))
        if value in (UNKNOWN_MARK, SECRET_MARK):
            unknown[name] = True
        else:
            values[name] = _value(kinds, value, {} if key == "name" else known)
    return values, unknown


def _value(kinds: tuple[Any, ...], value: Any, known: References) -> Any:
    if value in (UNKNOWN_MARK, SECRET_MARK):
        return _NOT_KNOWN
    if isinstance(value, str):
        return known.get(value, value)
    if isinstance(value, list):
        # A block is in a list already where it is the only one.
        items = [_value(_items(kinds), item, known) for item in value]
        return [item[0] if isinstance(item, list) else item for item in items]
    if not isinstance(value, Mapping):
        return value
    args = next((kind for kind in kinds if sdk_types.is_object(kind)), None)
    if args is None:
        return {key: _value(_items(kinds), item, known) for key, item in value.items()}
    return [_object(args, value, known)]


def _object(args: type, value: Mapping[str, Any], known: References) -> dict[str, Any]:
    made = {}
    for key, item in value.items():
        kinds = _kinds(args, key)
        name = terraform_names.attribute("", key, objects=_objects(kinds), many=_many(kinds))
        made[name] = _value(kinds, item, known)
    return made


def _kinds(args: type, key: str) -> tuple[Any, ...]:
    field = sdk_types.fields(args).get(key)
    return field.kinds if field else ()


def _items(kinds: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(item for kind in kinds for item in sdk_types.item_kinds(kind))


def _many(kinds: tuple[Any, ...]) -> bool:
    return any(sdk_types.is_list(kind) for kind in kinds)


def _objects(kinds: tuple[Any, ...]) -> bool:
    return any(sdk_types.is_object(kind) for kind in [*kinds, *_items(kinds)])
