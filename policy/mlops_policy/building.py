"""Rules of the usual shapes, from what they are about. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mlops_policy import cel
from mlops_policy.resources import Stack
from mlops_policy.rules import Framework, Level, Parts, Rule, RuleConfig, Severity, Subject, whole
from mlops_policy.views import MISSING, shown
from mlops_policy.wanted import Wanted

Where = Callable[[Subject, Stack], bool]


def always(subject: Subject, stack: Stack) -> bool:
    """Of every subject."""
    return True


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
        if not getattr(settings, "production", True) or not where(subject, stack):
            return
        for place in subject.view.places(path):
            if not wanted.holds(place.raw if wanted.unknown else place.plain()):
                yield f"{place.path} is {shown(place.raw)} and must be {wanted.says}"

    return Rule(
        name=name,
        says=says,
        remedy=remedy or f"Set {path} to {wanted.says}.",
        severity=severity,
        kinds=kinds,
        judge=judge,
        parts=parts,
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

    def judge(subject: Subject, stack: Stack, settings: Any) -> Iterator[str]:
        if not getattr(settings, "production", True) or not where(subject, stack):
            return
        if not stack.naming(subject.resource, other, key):
            yield f"no {other.rstrip(':')} names it in {key}"

    return Rule(
        name=name,
        says=says,
        remedy=remedy,
        severity=severity,
        kinds=(kind,),
        judge=judge,
        across=True,
        frameworks=frameworks,
        config=config,
    )


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
        if getattr(settings, "production", True) and where(subject, stack) and not subject.resource.protect:
            yield "the resource option protect is not set"

    return Rule(
        name=name,
        says=says,
        remedy="Set the resource option protect=True.",
        severity=Severity.HIGH,
        kinds=kinds,
        judge=judge,
        across=across,
        config=config,
    )
