"""Writes docs/aws-{dev,staging,prod}.md and docs/aws-settings.md from the programs and the settings' model.

`make docs` runs it; a test fails when a file is not what this would write.
"""

from __future__ import annotations

import os
import types
import typing
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mlops_cli import render
from mlops_stacks import aws_settings, cost
from mlops_stacks.recording import Document

FOLDER = Path(__file__).parent
AWS = "mlops-aws"
"""The provider, which every part needs."""
ENVIRONMENTS = ("dev", "staging", "prod")
SECTIONS = (
    ("mlops:aws", aws_settings.AwsSettings),
    ("mlops:aws.network", aws_settings.NetworkSettings),
    ("mlops:aws.storage", aws_settings.StorageSettings),
    ("mlops:aws.database", aws_settings.DatabaseClassSettings),
    ("mlops:aws.edge", aws_settings.EdgeSettings),
    ("mlops:aws.ci", aws_settings.CiSettings),
    ("mlops:aws.budget", aws_settings.BudgetSettings),
    ("mlops:cluster (maker: eks)", aws_settings.EksCluster),
    ("mlops:cluster.systemNodes", aws_settings.SystemNodesSettings),
    ("mlops:cluster.pools.NAME", aws_settings.NodePoolSettings),
    ("mlops:cluster.karpenter", aws_settings.KarpenterSettings),
    ("mlops:cluster.existing", aws_settings.ExistingEksSettings),
)


def pages() -> dict[Path, str]:
    """Every file and its whole text."""
    made = {FOLDER / "aws-settings.md": settings_page()}
    for name in ENVIRONMENTS:
        document = render.render(render.find(name, os.environ, FOLDER.parent))
        made[FOLDER / f"aws-{name}.md"] = environment_page(name, document)
    return made


def environment_page(name: str, document: Document) -> str:
    """What one environment is made of, how its parts depend on each other, and what it costs."""
    prices = cost.load(cost.FILE)
    found = cost.estimate(document, prices, cost.region_of(document), prices.date)
    parts = tops(document)
    counted = Counter(parts[resource.urn] for resource in document.resources)
    rows = [(f"`{part}`", kind_of(document, part), str(counted[part])) for part in sorted(counted)]
    values = (FOLDER.parent / "stacks" / f"Pulumi.{name}.yaml").read_text()
    return "\n".join(
        (
            f"# Environment {name} on AWS",
            "",
            "Written by `make docs` from the program, recorded without an account.",
            "",
            f"```yaml\n{values.strip()}\n```",
            "",
            f"{len(document.resources)} resources. [Estimated](aws-cost.md) at {found.low:,.0f} to "
            f"{found.high:,.0f} USD a month (prices of {prices.date}); the high end is reached only when "
            "Karpenter fills its limits.",
            "",
            "An arrow leads from a part to what must be there before it, if no other arrows lead there. An "
            "edge, of which this file has none, would stand before the endpoints.",
            "",
            "```mermaid",
            "flowchart LR",
            *(f"    {key(one)} --> {key(other)}" for one, other in arrows(document, parts)),
            "```",
            "",
            *table(("part", "kind", "resources"), rows),
            "",
        )
    )


def tops(document: Document) -> dict[str, str]:
    """The outermost part that each resource is in, by URN; those of the platform stand by themselves."""
    by_urn = {resource.urn: resource for resource in document.resources}

    def top(urn: str) -> str:
        resource = by_urn[urn]
        if resource.parent is None or by_urn[resource.parent].type == "mlops:index:Platform":
            return resource.name
        return top(resource.parent)

    return {urn: top(urn) for urn in by_urn}


def arrows(document: Document, parts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Which part needs which, without what follows from the others, sorted."""
    needs: dict[str, set[str]] = {part: set() for part in parts.values()}
    for resource in document.resources:
        named = [*resource.dependencies, resource.provider]
        others = {parts[urn] for urn in named if urn in parts} - {parts[resource.urn], AWS}
        needs[parts[resource.urn]] |= others

    def reaches(start: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        for other in needs[start] - seen:
            seen = reaches(other, seen | {other})
        return seen

    return sorted(
        (part, other)
        for part, others in needs.items()
        for other in others
        if not any(other in reaches(between) for between in others - {other})
    )


def kind_of(document: Document, part: str) -> str:
    """The last part of the type token of the outermost resource of a part."""
    return next(r.type.split(":")[-1] for r in document.resources if r.name == part)


def key(part: str) -> str:
    """A part's name as Mermaid takes it."""
    return f'{part.replace("-", "_")}["{part}"]'


def settings_page() -> str:
    """Every key of the two sections that an environment on AWS has."""
    parts = [
        "# Settings of an environment on AWS",
        "",
        "Written by `make docs` from the settings' model.",
        "",
    ]
    for title, model in SECTIONS:
        parts += [f"## {title}", "", (model.__doc__ or "").strip().replace("\n    ", "\n"), ""]
        rows = [(f"`{field.alias}`", spoken(field.annotation), default(field)) for field in fields(model)]
        parts += [*table(("key", "value", "default"), rows), ""]
    return "\n".join(parts)


def fields(model: type[BaseModel]) -> Iterator[FieldInfo]:
    """The fields of a section, in the order of the model."""
    yield from model.model_fields.values()


def spoken(kind: Any) -> str:
    """A type as a person would say it."""
    if kind is None or kind is type(None):
        return ""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return spoken(inner[0])
    if origin is typing.Literal:
        return ", ".join(f"`{each}`" for each in inner)
    if origin in (typing.Union, types.UnionType):
        return next(said for said in map(spoken, inner) if said)
    if origin is tuple:
        return "list"
    if origin is dict:
        return "mapping"
    names = {"str": "text", "int": "whole number", "bool": "`true` or `false`", "date": "day"}
    return names.get(getattr(kind, "__name__", ""), "section")


def default(field: FieldInfo) -> str:
    """The default as it stands in YAML; "required" without one."""
    if field.default is PydanticUndefined:
        return "required" if field.default_factory is None else ""
    if isinstance(field.default, BaseModel) or field.default in (None, ()):
        return ""
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """The lines of a Markdown table."""
    return [f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows)]


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text)
