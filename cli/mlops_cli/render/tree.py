"""A rendered environment as a tree for people. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from mlops_cli.render import highlights
from mlops_stacks.recording import Document, Resource
from mlops_stacks.settings import NAMESPACE

_STACK = "pulumi:pulumi:Stack"
Children = dict[str | None, list[Resource]]


def tree_text(document: Document) -> str:
    """Type, name and main inputs of every resource, each below its parent, and what is a placeholder."""
    children: Children = defaultdict(list)
    for resource in document.resources:
        children[resource.parent].append(resource)
    rows = [
        ("TYPE", "NAME", "INPUTS"),
        (_STACK, f"{NAMESPACE}-{document.environment}", ""),
        *_rows(children, None, ""),
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{kind:<{widths[0]}}  {name:<{widths[1]}}  {inputs}".rstrip() for kind, name, inputs in rows]
    return "\n".join([*lines, "", *_notes(document)])


def _rows(children: Children, parent: str | None, indent: str) -> Iterator[tuple[str, str, str]]:
    below = children[parent]
    for resource in below:
        last = resource is below[-1]
        yield (
            f"{indent}{'└─ ' if last else '├─ '}{resource.type}",
            resource.name,
            highlights.of(resource.inputs),
        )
        yield from _rows(children, resource.urn, indent + ("   " if last else "│  "))


def _notes(document: Document) -> list[str]:
    components = sum(not resource.custom for resource in document.resources)
    return [
        f"{len(document.resources)} resources, {components} of them components.",
        f"Placeholders stand for what `mlops up` makes: {', '.join(document.placeholders)}.",
    ]
