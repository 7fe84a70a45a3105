"""What policies judge: resources with their properties, wherever they were read from. Pure."""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_policy.views import View


@dataclass(frozen=True)
class Resource:
    """One resource.

    Attributes:
        urn: its identity; of a manifest `<file>#<kind>/<namespace>/<name>`.
        type: type token, such as `kubernetes:apps/v1:Deployment`.
        name: its name in the program, or in the manifest.
        props: inputs by their names in the provider's schema; UNKNOWN stands for what is not known yet.
        protect: whether the engine refuses to delete it.
        references: by input, the URNs of the resources that its value is made of.
        custom: whether a provider makes it; false for a component.
    """

    urn: str
    type: str
    name: str
    props: Mapping[str, Any]
    protect: bool = False
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    custom: bool = True

    @property
    def view(self) -> View:
        """Its properties, to be read by path."""
        return View(self.props, "")


class Stack:
    """Resources that are judged together, and the day on which they are.

    `memo` is for what rules find out about all of them, by keys of their own.
    """

    def __init__(self, resources: Iterable[Resource], today: datetime.date | None = None) -> None:
        self.memo: dict[Any, Any] = {}
        self.resources = tuple(resources)
        self.today = today or datetime.datetime.now(datetime.UTC).date()
        self._by_type: dict[str, list[Resource]] = {}
        for each in self.resources:
            self._by_type.setdefault(each.type, []).append(each)

    def of(self, *kinds: str) -> Iterator[Resource]:
        """Every resource of these kinds; see `is_of`."""
        for type_, resources in self._by_type.items():
            if is_of(type_, kinds):
                yield from resources

    def naming(self, resource: Resource, other: str, key: str) -> list[Resource]:
        """Every resource of kind `other` whose input `key` is made of `resource` or is one of its names.

        References decide where an id or ARN is not known yet.
        """
        named = names_of(resource)
        return [
            each
            for each in self.of(other)
            if resource.urn in each.references.get(key, ()) or _text(each.props.get(key)) in named
        ]

    def named(self, resource: Resource, key: str, *kinds: str) -> list[Resource]:
        """Every resource of these kinds that `resource` names in its input `key`."""
        made_of, name = resource.references.get(key, ()), _text(resource.props.get(key))
        return [each for each in self.of(*kinds) if each.urn in made_of or (name and name in names_of(each))]


def names_of(resource: Resource) -> frozenset[str]:
    """What others may call a resource by: its name, id and ARN, as far as they are known."""
    keys = ("name", "id", "arn", "bucket", "identifier", "clusterName", "repository")
    found = {text for key in keys if (text := _text(resource.props.get(key)))}
    return frozenset(found)


@functools.lru_cache(maxsize=4096)
def is_of(type_: str, kinds: tuple[str, ...]) -> bool:
    """Whether a type token is of one of these kinds.

    A kind is a token in which `*` stands for anything without a colon, and which may end early:
    `aws:s3/bucket:` is the bucket of any class, `kubernetes:apps/*:Deployment` that of any version.
    """
    return any(_pattern(kind).match(type_) for kind in kinds)


@functools.cache
def _pattern(kind: str) -> re.Pattern[str]:
    text = re.escape(kind).replace(r"\*", "[^:]*")
    return re.compile(text if kind.endswith(":") else f"{text}$")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
