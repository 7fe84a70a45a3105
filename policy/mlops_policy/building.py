"""Rules of the usual shapes, from what they are about. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from mlops_policy import cel
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import (
    Framework,
    Level,
    Needs,
    Parts,
    Rule,
    RuleConfig,
    Severity,
    Subject,
    Where,
    always,
    whole,
)
from mlops_policy.views import MISSING, UNKNOWN, UnknownRead, shown
from mlops_policy.wanted import Wanted

Item = TypeVar("Item")


def field(
    name: str,
    says: str,
    kinds: tuple[str, ...],
    path: str,
    wanted: Wanted,
    *,
    remedy: str = "",
    severity: Severity = Severity.HIGH,
    parts: Parts = whole,
    bad: Any = MISSING,
    fix: Any = MISSING,
    where: Where = always,
    across: bool = False,
    level: Level = Level.MANDATORY,
    frameworks: tuple[Framework, ...] = (),
    config: type[RuleConfig] = RuleConfig,
    cel_where: str = "",
) -> Rule:
    """Every value at `path` of every part is as wanted; one that is not there is MISSING.

    Args:
        remedy: "" to tell the field and what it must be.
        where: which subjects it is about; one that looks at other resources needs `across`.
        cel_where: the same condition on `object` in CEL; without it, the API server cannot judge a rule that
            has one.
    """

    def judge(subject: Subject, stack: Stack, settings: Any) -> Iterator[str]:
        for place in subject.view.places(path):
            if not wanted.holds(place.raw if wanted.unknown else place.plain()):
                yield f"{place.path} is {shown(place.raw)} and must be {wanted.says}"

    return Rule(
        name=name,
        says=says,
        remedy=remedy or wanted.mend(path),
        severity=severity,
        kinds=kinds,
        judge=judge,
        parts=parts,
        where=where,
        across=across,
        path=path,
        bad=bad,
        fix=fix,
        level=level,
        frameworks=frameworks,
        config=config,
        cel=_in_cel(path, wanted, cel_where) if cel_where or where is always else None,
    )


def _in_cel(path: str, wanted: Wanted, where: str) -> cel.Cel | None:
    test, of_nothing, first = wanted.cel, wanted.holds(MISSING), f"!({where}) || " if where else ""
    return None if test is None else lambda part: first + cel.every(part, path, test, of_nothing)


def companion(
    name: str,
    says: str,
    kind: str,
    other: str,
    key: str,
    *,
    remedy: str,
    severity: Severity = Severity.HIGH,
    where: Where = always,
    frameworks: tuple[Framework, ...] = (),
    config: type[RuleConfig] = RuleConfig,
) -> Rule:
    """Every resource of `kind` is named by a resource of kind `other` in its input `key`."""

    def needs(subject: Subject, stack: Stack) -> list[Resource]:
        found = stack.naming(subject.resource, other, key)
        if not found:
            # One that names what only a provider can tell may name this one.
            known((each for each in stack.of(other) if not each.references.get(key)), key)
        return found

    return needing(
        name,
        says,
        kind,
        needs,
        f"no {other.rstrip(':')} names it in {key}",
        remedy=remedy,
        severity=severity,
        where=where,
        frameworks=frameworks,
        config=config,
    )


def needing(
    name: str,
    says: str,
    kind: str,
    needs: Needs,
    message: str,
    *,
    remedy: str,
    severity: Severity = Severity.HIGH,
    where: Where = always,
    frameworks: tuple[Framework, ...] = (),
    config: type[RuleConfig] = RuleConfig,
) -> Rule:
    """There are other resources for every one of `kind`, as `needs` finds them."""

    def judge(subject: Subject, stack: Stack, settings: Any) -> Iterator[str]:
        if not needs(subject, stack):
            yield message

    return Rule(
        name=name,
        says=says,
        remedy=remedy,
        severity=severity,
        kinds=(kind,),
        judge=judge,
        where=where,
        across=True,
        needs=needs,
        frameworks=frameworks,
        config=config,
    )


def known(resources: Iterable[Resource], key: str) -> None:
    """Read the input `key` of each.

    Raises:
        UnknownRead: one of them is not known yet.
    """
    for each in resources:
        if each.view.at(key).raw is UNKNOWN:
            raise UnknownRead(f"{key} of {each.urn}")


def some(items: Iterable[Item], holds: Callable[[Item], bool]) -> list[Item]:
    """Those of which something holds.

    Raises:
        UnknownRead: it holds of none, and of some that cannot be told yet.
    """
    found: list[Item] = []
    unsure: UnknownRead | None = None
    for each in items:
        try:
            if holds(each):
                found.append(each)
        except UnknownRead as error:
            unsure = error
    if unsure and not found:
        raise unsure
    return found


def protected(
    name: str,
    says: str,
    kinds: tuple[str, ...],
    *,
    where: Where = always,
    across: bool = False,
    config: type[RuleConfig] = RuleConfig,
) -> Rule:
    """The engine refuses to delete every resource of these kinds."""

    def judge(subject: Subject, stack: Stack, settings: Any) -> Iterator[str]:
        if not subject.resource.protect:
            yield "the resource option protect is not set"

    return Rule(
        name=name,
        says=says,
        remedy="Set the resource option protect=True.",
        severity=Severity.HIGH,
        kinds=kinds,
        judge=judge,
        where=where,
        across=across,
        config=config,
    )
