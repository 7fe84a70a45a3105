"""Whether a preview shows what the update does: the same resources with the same inputs, as far as known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import aws_answers
from mlops_stacks.recording import UNKNOWN_MARK, Document

_COMPARED = (
    "type",
    "name",
    "custom",
    "parent",
    "provider",
    "dependencies",
    "protect",
    "retain_on_delete",
    "deleted_with",
    "ignore_changes",
)


def of_program(program: Callable[[], object], config: Mapping[str, str] | None = None) -> list[str]:
    """The differences between a preview of a program and an update to which AWS answered."""
    return differences(
        aws_answers.recorded(program, preview=True, config=config),
        aws_answers.recorded(program, preview=False, config=config),
    )


def differences(preview: Document, update: Document) -> list[str]:
    """One line for each resource, option, input and output by which they differ; unknown equals anything."""
    before = {resource.urn: resource for resource in preview.resources}
    after = {resource.urn: resource for resource in update.resources}
    lines = [f"{urn} is in the preview alone" for urn in sorted(before.keys() - after.keys())]
    lines += [f"{urn} is in the update alone" for urn in sorted(after.keys() - before.keys())]
    for urn in sorted(before.keys() & after.keys()):
        shown, made = before[urn], after[urn]
        lines += [
            f"{urn} {name}: {getattr(shown, name)!r} became {getattr(made, name)!r}"
            for name in _COMPARED
            if getattr(shown, name) != getattr(made, name)
        ]
        lines += [f"{urn} {line}" for line in _of_values(shown.inputs, made.inputs, "")]
    return [*lines, *(f"outputs {line}" for line in _of_values(preview.outputs, update.outputs, ""))]


def _of_values(shown: Any, made: Any, path: str) -> Iterator[str]:
    if shown in (UNKNOWN_MARK, made):
        return
    if isinstance(shown, Mapping) and isinstance(made, Mapping):
        for key in sorted(shown.keys() | made.keys()):
            at = f"{path}.{key}" if path else key
            if key not in shown:
                yield f"{at}: not shown, became {made[key]!r}"
            elif key in made:
                yield from _of_values(shown[key], made[key], at)
            elif shown[key] != UNKNOWN_MARK:
                yield f"{at}: {shown[key]!r} went away"
    elif isinstance(shown, list) and isinstance(made, list) and len(shown) == len(made):
        for number, (one, other) in enumerate(zip(shown, made, strict=True)):
            yield from _of_values(one, other, f"{path}[{number}]")
    else:
        yield f"{path}: {shown!r} became {made!r}"
