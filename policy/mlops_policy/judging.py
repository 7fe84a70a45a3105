"""Judging resources by rules: what is found, what cannot be decided yet, and what is exempt."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pydantic import BaseModel, ValidationError

from mlops_policy.configuration import refuse_strangers
from mlops_policy.errors import BadConfig, RuleFault
from mlops_policy.exemptions import Exemption
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import ProductionConfig, Rule, RuleConfig, Subject, schema_of
from mlops_policy.views import UnknownRead, View, WrongShape

EXEMPTIONS = "exemptions"
LATER = "the update decides"
"""In what is said of a value that a preview does not know."""


class _Exempt(BaseModel):
    exemptions: tuple[Exemption, ...]


class Outcome(Enum):
    """What a rule says of a resource that is not simply good."""

    VIOLATION = "violation"
    UNDECIDED = "undecided"
    EXEMPT = "exempt"


@dataclass(frozen=True)
class Finding:
    """One thing that a rule says of one resource."""

    rule: Rule
    urn: str
    message: str
    outcome: Outcome = Outcome.VIOLATION


@dataclass(frozen=True)
class Configured:
    """A rule with its configuration."""

    rule: Rule
    config: RuleConfig
    exemptions: tuple[Exemption, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether the stack is judged by it: one that is not of production is not by rules of that alone."""
        return not isinstance(self.config, ProductionConfig) or self.config.production


@dataclass
class Judge:
    """Rules with their configuration, and which exemptions were of use so far."""

    rules: Sequence[Configured]
    today: datetime.date
    used: set[tuple[str, str]] = field(default_factory=set)

    def resource(self, resource: Resource) -> list[Finding]:
        """What the rules that look at one resource by itself say of it."""
        alone = Stack([resource], self.today)
        return [
            finding
            for each in self.rules
            if not each.rule.across and each.rule.applies(resource.type)
            for finding in self._by(each, alone)
        ]

    def stack(self, stack: Stack) -> list[Finding]:
        """What the rules that look across resources say."""
        return [found for each in self.rules if each.rule.across for found in self._by(each, stack)]

    def all(self, resources: Iterable[Resource]) -> list[Finding]:
        """What all rules say of resources that are all there is."""
        stack = Stack(resources, self.today)
        alone = [finding for each in stack.resources for finding in self.resource(each)]
        return [*alone, *self.stack(stack)]

    def expired(self) -> list[str]:
        """A line for each exemption whose last day is past."""
        return [
            f"the exemption of {each.rule.name} for {one.urn} ended on {one.expires}: mend what it was for, "
            f"or ask {one.approver} for a new day"
            for each in self.rules
            for one in each.exemptions
            if one.expired(self.today)
        ]

    def unused(self) -> list[str]:
        """A line for each exemption that has hidden nothing so far."""
        return [
            f"the exemption of {each.rule.name} for {one.urn} hides nothing: remove it"
            for each in self.rules
            for one in each.exemptions
            if (each.rule.name, one.urn) not in self.used
        ]

    def _by(self, configured: Configured, stack: Stack) -> Iterator[Finding]:
        for finding in findings(configured, stack):
            yield self._exempted(configured, finding)

    def _exempted(self, configured: Configured, finding: Finding) -> Finding:
        for one in configured.exemptions:
            if one.matches(finding.urn):
                self.used.add((configured.rule.name, one.urn))
                if not one.expired(self.today):
                    message = (
                        f"{finding.message} (exempt until {one.expires} by {one.approver}: {one.reason})"
                    )
                    return Finding(finding.rule, finding.urn, message, Outcome.EXEMPT)
        return finding


def findings(configured: Configured, stack: Stack) -> Iterator[Finding]:
    """What one rule says of the resources of a stack, exemptions aside.

    Each part of a resource is judged by itself: what is not known of one hides nothing of the others.

    Raises:
        RuleFault: the rule itself failed.
    """
    rule = configured.rule
    for resource in stack.of(*rule.kinds) if configured.asked else ():
        for view in _parts(rule, resource):
            if isinstance(view, Finding):
                yield view
            else:
                yield from _judged(configured, resource, view, stack)


def _parts(rule: Rule, resource: Resource) -> Iterator[View | Finding]:
    try:
        yield from rule.parts(resource)
    except Exception as error:
        yield _said(rule, resource, error)


def _judged(configured: Configured, resource: Resource, view: View, stack: Stack) -> Iterator[Finding]:
    rule, subject = configured.rule, Subject(resource, view)
    unsure: UnknownRead | None = None
    try:
        if not rule.where(subject, stack):
            return
    except UnknownRead as error:
        unsure = error
    except Exception as error:
        yield _said(rule, resource, error)
        return
    try:
        for message in rule.judge(subject, stack, configured.config):
            if unsure:
                raise unsure
            yield Finding(rule, resource.urn, message)
    except Exception as error:
        yield _said(rule, resource, error)


def _said(rule: Rule, resource: Resource, error: Exception) -> Finding:
    """What reading a resource came to, as a finding; any other error is the rule's own fault."""
    if isinstance(error, UnknownRead):
        return Finding(rule, resource.urn, f"{error.path} is not known yet", Outcome.UNDECIDED)
    if isinstance(error, WrongShape):
        return Finding(rule, resource.urn, str(error))
    raise RuleFault(rule.name, resource.urn, error) from error


def configured(rules: Iterable[Rule], config: Mapping[str, Mapping[str, Any]]) -> list[Configured]:
    """Every rule with its part of a configuration `{rule: {key: value}}`.

    Raises:
        BadConfig: a rule that does not exist, a key that it does not have, or a value that is not allowed.
    """
    known = list(rules)
    refuse_strangers(config, known)
    return [_configured(rule, config.get(rule.name, {})) for rule in known]


def _configured(rule: Rule, given: Mapping[str, Any]) -> Configured:
    values = {key: value for key, value in given.items() if key != EXEMPTIONS}
    try:
        config = rule.config.model_validate(values)
        exempt = _Exempt.model_validate({EXEMPTIONS: given.get(EXEMPTIONS, ())})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise BadConfig(
            f"configuration of the policy {rule.name}: {where}: {first['msg']}, given {first['input']!r}. "
            f"It takes: {', '.join([*schema_of(rule), EXEMPTIONS])}"
        ) from error
    return Configured(rule, config, exempt.exemptions)
