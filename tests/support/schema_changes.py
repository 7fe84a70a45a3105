"""What changed between two Pulumi package schemas, apart by whether a program that used the old one breaks.

Pure. Types are compared where they are defined, so a change of one is told once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Changes:
    """One line each, sorted."""

    breaking: list[str]
    additions: list[str]


def between(old: Schema, new: Schema) -> Changes:
    """The changes from `old` to `new`.

    A removed component, type, enum value or property breaks, and so does one of another kind; so do an input
    that became required, and an output that need no longer be there.
    """
    lines = [*_sections(old, new, "resources", _resource), *_sections(old, new, "types", _type)]
    return Changes(
        breaking=sorted(line for broken, line in lines if broken),
        additions=sorted(line for broken, line in lines if not broken),
    )


def _sections(old: Schema, new: Schema, section: str, compare: Any) -> Iterator[tuple[bool, str]]:
    before, after = old.get(section) or {}, new.get(section) or {}
    for token in sorted(before.keys() | after.keys()):
        if token not in after:
            yield True, f"{token} is gone"
        elif token not in before:
            yield False, f"{token} is new"
        else:
            yield from compare(token, before[token], after[token])


def _resource(token: str, old: Schema, new: Schema) -> Iterator[tuple[bool, str]]:
    yield from _properties(f"{token} input", old, new, "inputProperties", "requiredInputs", given=True)
    yield from _properties(f"{token} output", old, new, "properties", "required", given=False)


def _type(token: str, old: Schema, new: Schema) -> Iterator[tuple[bool, str]]:
    if old.get("type") != new.get("type"):
        yield True, f"{token} was {old.get('type')}, is {new.get('type')}"
    yield from _properties(token, old, new, "properties", "required", given=True)
    before = {entry["value"] for entry in old.get("enum") or ()}
    after = {entry["value"] for entry in new.get("enum") or ()}
    yield from ((True, f"{token} value {value!r} is gone") for value in sorted(before - after))
    yield from ((False, f"{token} value {value!r} is new") for value in sorted(after - before))


def _properties(
    place: str, old: Schema, new: Schema, section: str, required: str, *, given: bool
) -> Iterator[tuple[bool, str]]:
    """Changes of the properties that a program gives (`given`) or is handed."""
    before, after = old.get(section) or {}, new.get(section) or {}
    musts_before, musts_after = set(old.get(required) or ()), set(new.get(required) or ())
    for name in sorted(before.keys() | after.keys()):
        where = f"{place} {name}"
        if name not in after:
            yield True, f"{where} is gone"
            continue
        if name not in before:
            must = given and name in musts_after
            yield must, f"{where} is new{' and required' if must else ''}"
            continue
        if kind(before[name]) != kind(after[name]):
            yield True, f"{where} was {kind(before[name])}, is {kind(after[name])}"
        if (name in musts_before) != (name in musts_after):
            must = name in musts_after
            yield must == given, f"{where} is {'now' if must else 'no longer'} required"


def kind(definition: Schema) -> str:
    """A property's type on one line: `string`, `[integer]`, `{string}`, a reference, `plain` before it."""
    plain = "plain " if definition.get("plain") else ""
    if "$ref" in definition:
        return plain + str(definition["$ref"])
    if "items" in definition:
        return f"{plain}[{kind(definition['items'])}]"
    if "additionalProperties" in definition:
        return f"{plain}{{{kind(definition['additionalProperties'])}}}"
    return plain + str(definition["type"])
