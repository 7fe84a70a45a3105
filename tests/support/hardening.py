"""Rows of the security baseline as predicates over a recorded program, and the mutations that try them.

A row says what must hold and knows how to break it: every field that it is about, taken away from the
document one at a time.  A baseline is worth something if each such removal breaks exactly its own row.
The rows themselves are in `hardening_rows.py`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aws_answers
from mlops_stacks.recording import Document, Resource

MISSING = object()
"""What a field that is not there is worth."""
REMOVE = object()
"""In place of a bad value: the field is taken away."""
Test = Callable[[Any], bool]
Where = Callable[[Document, Resource], bool]


@dataclass(frozen=True)
class Mutation:
    """A document from which one thing was taken, and what that was."""

    what: str
    document: Document


@dataclass(frozen=True)
class Row:
    """One requirement.

    `offenders` are the URNs of resources that do not meet it; `mutations` break it in each way there is.
    `production` rows hold for environments of production alone.
    """

    id: str
    area: str
    says: str
    offenders: Callable[[Document], list[str]]
    mutations: Callable[[Document], Iterator[Mutation]]
    production: bool = False


def broken(document: Document, rows: Iterable[Row], *, production: bool) -> dict[str, list[str]]:
    """The rows that do not hold, by id, with the URNs of the offenders."""
    found = {row.id: row.offenders(document) for row in _chosen(rows, production)}
    return {name: urns for name, urns in found.items() if urns}


def survivors(document: Document, rows: Sequence[Row], *, production: bool) -> list[str]:
    """One line for each mutation that does not break exactly its own row; empty when all are caught."""
    chosen = _chosen(rows, production)
    return [
        f"{row.id}: without {mutation.what} broken are {sorted(found) or 'none'}"
        for row in chosen
        for mutation in row.mutations(document)
        if set(found := broken(mutation.document, chosen, production=production)) != {row.id}
    ]


def idle(document: Document, rows: Iterable[Row], *, production: bool) -> list[str]:
    """Ids of rows that have nothing to hold of in the document: those that no mutation can break."""
    chosen = _chosen(rows, production)
    return [row.id for row in chosen if next(row.mutations(document), None) is None]


def field(
    name: str,
    area: str,
    says: str,
    kind: str,
    path: str,
    good: Test,
    *,
    bad: Any = REMOVE,
    where: Where = lambda document, resource: True,
    production: bool = False,
) -> Row:
    """Every value at `path` of every resource of type `kind` is good; one that is not there is MISSING.

    Args:
        kind: start of the type's token, with its colon.
        path: keys with dots between; `[]` after one stands for every item of the list.
        bad: a value to be put in its place by the mutation, where absence is good.
        where: which resources of the type it is about.
    """

    def subjects(document: Document) -> list[Resource]:
        return [each for each in of_type(document, kind) if where(document, each)]

    def offenders(document: Document) -> list[str]:
        return [
            each.urn
            for each in subjects(document)
            if not all(good(value) for _, value in places(each.inputs, path))
        ]

    def mutations(document: Document) -> Iterator[Mutation]:
        for each in subjects(document):
            for place, value in places(each.inputs, path):
                if bad is REMOVE and value is MISSING:
                    continue
                inputs = copy.deepcopy(dict(each.inputs))
                if put(inputs, place, bad):
                    what = ".".join(map(str, place))
                    yield Mutation(f"{each.name} {what}", with_inputs(document, each, inputs))

    return Row(name, area, says, offenders, mutations, production)


def companion(
    name: str,
    area: str,
    says: str,
    kind: str,
    other: str,
    key: str,
    *,
    where: Where = lambda document, resource: True,
    production: bool = False,
) -> Row:
    """Every resource of type `kind` is named by a resource of type `other` in its input `key`."""

    def offenders(document: Document) -> list[str]:
        return [
            each.urn
            for each in of_type(document, kind)
            if where(document, each) and not companions(document, each, other, key)
        ]

    def mutations(document: Document) -> Iterator[Mutation]:
        for each in of_type(document, kind):
            if where(document, each):
                gone = [found.urn for found in companions(document, each, other, key)]
                if gone:
                    yield Mutation(f"{other} of {each.name}", without(document, gone))

    return Row(name, area, says, offenders, mutations, production)


def statement(
    name: str,
    area: str,
    says: str,
    kind: str,
    path: str,
    wanted: Callable[[Mapping[str, Any]], bool],
    *,
    where: Where = lambda document, resource: True,
) -> Row:
    """Every policy in the input `path` of a resource of type `kind` has a statement that is wanted."""

    def subjects(document: Document) -> Iterator[tuple[Resource, dict[str, Any]]]:
        for each in of_type(document, kind):
            if where(document, each) and isinstance(each.inputs.get(path), str):
                yield each, json.loads(str(each.inputs[path]))

    def offenders(document: Document) -> list[str]:
        return [each.urn for each, policy in subjects(document) if not any(map(wanted, policy["Statement"]))]

    def mutations(document: Document) -> Iterator[Mutation]:
        for each, policy in subjects(document):
            left = [one for one in policy["Statement"] if not wanted(one)]
            if len(left) < len(policy["Statement"]):
                text = json.dumps({**policy, "Statement": left})
                yield Mutation(
                    f"the statement of {each.name}", with_inputs(document, each, {**each.inputs, path: text})
                )

    return Row(name, area, says, offenders, mutations)


def protected(name: str, area: str, kind: str, where: Where = lambda document, resource: True) -> Row:
    """Every resource of type `kind` is one that the engine refuses to delete, in production."""

    def subjects(document: Document) -> list[Resource]:
        return [each for each in of_type(document, kind) if where(document, each)]

    def offenders(document: Document) -> list[str]:
        return [each.urn for each in subjects(document) if not each.protect]

    def mutations(document: Document) -> Iterator[Mutation]:
        for each in subjects(document):
            loose = each.model_copy(update={"protect": False})
            yield Mutation(f"protect of {each.name}", replaced(document, loose))

    return Row(name, area, "the engine refuses to delete it", offenders, mutations, production=True)


def of_type(document: Document, kind: str) -> list[Resource]:
    """Every resource whose type token starts so."""
    return [resource for resource in document.resources if resource.type.startswith(kind)]


def companions(document: Document, resource: Resource, other: str, key: str) -> list[Resource]:
    """Every resource of type `other` whose input `key` is this resource's name, id or ARN."""
    named = identities(resource)
    return [each for each in of_type(document, other) if each.inputs.get(key) in named]


def identities(resource: Resource) -> set[str]:
    """What others call a resource in an update to which `aws_answers` answered."""
    said = aws_answers.answers(resource)
    own = aws_answers.name_input(resource.type)
    values = [resource.inputs.get(own), said.get(own), said.get("arn"), said.get("id")]
    return {value for value in values if isinstance(value, str)}


def places(inputs: Mapping[str, Any], path: str) -> list[tuple[list[Any], Any]]:
    """Every place that a path leads to, as keys and positions, and what is there; MISSING for nothing."""
    found: list[tuple[list[Any], Any]] = [([], inputs)]
    for step in path.split("."):
        key, every = step.removesuffix("[]"), step.endswith("[]")
        found = [
            ([*place, key], value.get(key, MISSING) if isinstance(value, Mapping) else MISSING)
            for place, value in found
        ]
        if every:
            found = [
                ([*place, number], item)
                for place, value in found
                for number, item in (
                    enumerate(value) if isinstance(value, list) and value else [(0, MISSING)]
                )
            ]
    return found


def put(inputs: dict[str, Any], place: Sequence[Any], value: Any) -> bool:
    """Set what is at a place, or take it away; whether there was a place for it."""
    *way, last = place
    part: Any = inputs
    for step in way:
        if value is not REMOVE and isinstance(part, dict) and isinstance(step, str) and step not in part:
            part[step] = {}
        try:
            part = part[step]
        except (KeyError, IndexError, TypeError):
            return False
    if value is not REMOVE:
        if isinstance(last, int) and not (isinstance(part, list) and last < len(part)):
            return False
        part[last] = value
    else:
        del part[last]
    return True


def with_inputs(document: Document, resource: Resource, inputs: Mapping[str, Any]) -> Document:
    """The document with other inputs of one resource."""
    return replaced(document, resource.model_copy(update={"inputs": dict(inputs)}))


def replaced(document: Document, resource: Resource) -> Document:
    """The document with another resource in the place of the one of its URN."""
    resources = tuple(resource if each.urn == resource.urn else each for each in document.resources)
    return document.model_copy(update={"resources": resources})


def without(document: Document, urns: Iterable[str]) -> Document:
    """The document without some resources."""
    gone = set(urns)
    resources = tuple(each for each in document.resources if each.urn not in gone)
    return document.model_copy(update={"resources": resources})


def _chosen(rows: Iterable[Row], production: bool) -> list[Row]:
    return [row for row in rows if production or not row.production]
