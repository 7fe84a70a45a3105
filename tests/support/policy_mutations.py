"""Mutations of a stack, derived from the rules of the policy pack: what each rule is there to notice.

A rule says which field it is about and how that breaks it (`parts`, `path`, `bad`), which other resources it
needs (`needs`), or that a resource is protected. All that it looks at is broken by itself, one at a time. A
rule is worth something if each such mutation breaks exactly that rule.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlops_policy.judging import Configured, Finding, Judge, Outcome, configured
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import Rule, Subject
from mlops_policy.testing import changed
from mlops_policy.views import MISSING

TODAY = datetime.date(2026, 1, 1)


@dataclass(frozen=True)
class Mutation:
    """What was broken, the resources that are in the place of those of their URNs, and which are gone."""

    what: str
    instead: tuple[Resource, ...] = ()
    gone: frozenset[str] = frozenset()

    def of(self, stack: Stack) -> list[Resource]:
        """The resources after it."""
        new = {each.urn: each for each in self.instead}
        return [new.get(each.urn, each) for each in stack.resources if each.urn not in self.gone]


Breaks = Callable[[Stack], Iterator[Mutation]]
"""How a rule is broken that is about more than a field, a resource that is needed, or protection."""
Special = Mapping[str, Breaks]
"""The same by the rule's name; what is derived from the rule does not count then."""


def mutations(rule: Rule, stack: Stack, special: Special | None = None) -> Iterator[Mutation]:
    """Every way in which the rule can be broken in a stack that meets it."""
    if special and rule.name in special:
        yield from special[rule.name](stack)
    elif rule.path:
        yield from _of_fields(rule, stack)
    elif rule.needs:
        yield from _of_companions(rule, stack)
    else:
        yield from _of_protection(rule, stack)


def broken(
    rules: Iterable[Rule], resources: Iterable[Resource], config: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[str]]:
    """URNs of what breaks each rule; nothing of rules that hold or cannot be decided."""
    return _by_rule(Judge(configured(rules, config), TODAY).all(resources), Outcome.VIOLATION)


def undecided(
    rules: Iterable[Rule], resources: Iterable[Resource], config: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[str]]:
    """URNs of what each rule cannot decide yet."""
    return _by_rule(Judge(configured(rules, config), TODAY).all(resources), Outcome.UNDECIDED)


def survivors(
    rules: Sequence[Rule],
    resources: Iterable[Resource],
    config: Mapping[str, Mapping[str, Any]],
    special: Special | None = None,
) -> list[str]:
    """A line for each mutation that does not break exactly its own rule; empty when all are caught.

    The resources must meet all rules: what a mutation touches is judged again, and all that looks across.
    """
    stack = Stack(resources)
    judge = Judge(configured(rules, config), TODAY)
    return [
        f"{rule.name}: without {mutation.what} broken are {sorted(found) or 'none'}"
        for rule in asked(judge.rules)
        for mutation in mutations(rule, stack, special)
        if set(found := _after(judge, stack, mutation)) != {rule.name}
    ]


def idle(
    rules: Iterable[Rule],
    resources: Iterable[Resource],
    config: Mapping[str, Mapping[str, Any]],
    special: Special | None = None,
) -> list[str]:
    """Names of rules that have nothing to hold of: those that no mutation can break."""
    stack = Stack(resources)
    chosen = asked(configured(rules, config))
    return [rule.name for rule in chosen if next(mutations(rule, stack, special), None) is None]


def asked(rules: Iterable[Configured]) -> list[Rule]:
    """The rules that hold here: those of production alone are not asked of other stacks."""
    return [each.rule for each in rules if each.asked]


def with_field(resource: Resource, path: str, value: Any) -> Resource | None:
    """The resource with another value at a path, MISSING for none; None where there is no place for it."""
    try:
        if value is MISSING:
            return changed(resource, path, value)
        return changed(_with_sections(resource, path), path, value)
    except (KeyError, IndexError, TypeError):
        return None


def _after(judge: Judge, stack: Stack, mutation: Mutation) -> dict[str, list[str]]:
    alone = [found for each in mutation.instead for found in judge.resource(each)]
    return _by_rule([*alone, *judge.stack(Stack(mutation.of(stack)))], Outcome.VIOLATION)


def _by_rule(found: Iterable[Finding], outcome: Outcome) -> dict[str, list[str]]:
    rules: dict[str, list[str]] = {}
    for each in found:
        if each.outcome is outcome:
            rules.setdefault(each.rule.name, []).append(each.urn)
    return rules


def _subjects(rule: Rule, stack: Stack) -> Iterator[Subject]:
    return (subject for subject in rule.subjects(stack) if rule.where(subject, stack))


def _of_fields(rule: Rule, stack: Stack) -> Iterator[Mutation]:
    for subject in _subjects(rule, stack):
        for place in subject.view.places(rule.path):
            changed_ = with_field(subject.resource, place.path, rule.bad)
            if changed_:
                yield Mutation(f"{subject.resource.name} {place.path}", (changed_,))


def _of_companions(rule: Rule, stack: Stack) -> Iterator[Mutation]:
    for subject in _subjects(rule, stack):
        if rule.needs and (found := rule.needs(subject, stack)):
            gone = frozenset(each.urn for each in found)
            yield Mutation(f"{', '.join(each.name for each in found)} of {subject.resource.name}", gone=gone)


def _of_protection(rule: Rule, stack: Stack) -> Iterator[Mutation]:
    for subject in _subjects(rule, stack):
        if subject.resource.protect:
            yield Mutation(f"protect of {subject.resource.name}", (replace(subject.resource, protect=False),))


def _with_sections(resource: Resource, path: str) -> Resource:
    """The resource with an empty section for each key on the way that is not there."""
    props = copy.deepcopy(dict(resource.props))
    part: Any = props
    for key in path.split(".")[:-1]:
        if "[" in key:
            break  # Of lists nothing is made up.
        part = part.setdefault(key, {})
        if not isinstance(part, dict):
            break
    return replace(resource, props=props)
