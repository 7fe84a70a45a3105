"""Reads of a rendered document: known values, quantities, who belongs to whom. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlops_stacks.recording import SECRET_MARK, UNKNOWN_MARK, Document, Resource
from pulumi_mlops import checks
from pulumi_mlops.errors import InvalidValue

GIB = 1024**3
_CPU = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m?)")


class Unknown(Exception):
    """An input that the price depends on is not known in a preview; the text is its path."""


def known(resource: Resource, path: str, default: Any = None) -> Any:
    """The input at a dotted path; `default` if it is not given.

    Raises:
        Unknown: it is secret, or only the provider can tell.
    """
    value: Any = resource.inputs
    for key in path.split("."):
        if not isinstance(value, Mapping) or value in (UNKNOWN_MARK, SECRET_MARK):
            break
        value = value.get(key)
    if value in (UNKNOWN_MARK, SECRET_MARK):
        raise Unknown(path)
    return default if value is None else value


def number(resource: Resource, path: str, default: float | None = None) -> float:
    """The number at a dotted path.

    Raises:
        Unknown: it is not known, not given without a default, or no number.
    """
    value = known(resource, path, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unknown(path)
    return float(value)


def part(value: Any, key: str) -> Any:
    """`value[key]` of what may be no mapping, or unknown; None then."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return None if found in (UNKNOWN_MARK, SECRET_MARK) else found


def items(value: Any) -> list[Any]:
    """The list, or none if it is not there or unknown."""
    return value if isinstance(value, list) else []


def cpu_of(value: Any) -> float:
    """Cores of a Kubernetes quantity (`100m`, `2`); 0 of anything else."""
    match = _CPU.fullmatch(str(value))
    return float(match[1]) / (1000 if match[2] else 1) if match else 0.0


def gib_of(value: Any) -> float:
    """GiB of a Kubernetes quantity (`512Mi`, `10G`, bytes as a number); 0 of anything else."""
    text = str(value)
    if text.isdigit():
        return int(text) / GIB
    try:
        return checks.bytes_of(text) / GIB
    except InvalidValue:
        return 0.0


class Tree:
    """A document's resources by URN, with their parents."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._by_urn = {resource.urn: resource for resource in document.resources}

    def get(self, urn: str | None) -> Resource | None:
        """The resource of that URN, if the document has it."""
        return self._by_urn.get(urn or "")

    def above(self, resource: Resource) -> Iterator[Resource]:
        """Its parents, the nearest first."""
        parent = self.get(resource.parent)
        while parent is not None:
            yield parent
            parent = self.get(parent.parent)

    def component(self, resource: Resource) -> str:
        """The path of names of the components above it."""
        return "/".join(reversed([each.name for each in self.above(resource) if not each.custom]))

    def dependencies(self, resource: Resource, kind: str) -> list[Resource]:
        """What it depends on, of one type."""
        found = (self.get(urn) for urn in resource.dependencies)
        return [each for each in found if each is not None and each.type == kind]
