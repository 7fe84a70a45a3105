"""What a rule is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from mlops_policy.cel import Cel
from mlops_policy.resources import Resource, Stack, is_of
from mlops_policy.views import MISSING, View


class Severity(Enum):
    """How bad it is when a rule does not hold."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Level(Enum):
    """What a violation does to a preview or an update: Pulumi's enforcement levels."""

    ADVISORY = "advisory"
    MANDATORY = "mandatory"
    REMEDIATE = "remediate"
    DISABLED = "disabled"


@dataclass(frozen=True)
class Framework:
    """A control of a compliance framework that a rule really covers."""

    name: str
    control: str


class RuleConfig(BaseModel):
    """Configuration of a rule, by camelCase keys; subclasses add flat fields with defaults."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, populate_by_name=True)


class StageConfig(RuleConfig):
    """Of rules to which it matters whether the stack is one of production."""

    production: bool = True
    """Whether it is."""


class ProductionConfig(StageConfig):
    """Of rules that hold in production alone: no other stack is judged by them."""


class LocalConfig(RuleConfig):
    """Of rules about who can reach what."""

    local_node: bool = False
    """Whether the nodes are one machine's own, so that their ports lead nowhere but to that machine."""


@dataclass(frozen=True)
class Subject:
    """What one judgement is about: a resource, and the part of it that is looked at."""

    resource: Resource
    view: View


Judge = Callable[[Subject, Stack, Any], Iterator[str]]
"""Yields a message for each way in which the subject does not meet the rule.

Each subject is judged by itself: what is not known of one hides nothing of another.
"""
Parts = Callable[[Resource], Iterable[View]]
Where = Callable[[Subject, Stack], bool]
Needs = Callable[[Subject, Stack], list[Resource]]


def whole(resource: Resource) -> Iterable[View]:
    """The resource as one part."""
    return [resource.view]


def always(subject: Subject, stack: Stack) -> bool:
    """Of every subject."""
    return True


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One requirement on resources.

    Attributes:
        name: unique, in kebab case; what configuration and exemptions call it.
        says: what must hold, as a sentence.
        remedy: what to do when it does not, as a sentence.
        kinds: type tokens that it is about, as `resources.is_of` reads them.
        judge: see `Judge`; its third argument is an instance of `config`.
        parts: the parts of a resource that are judged one by one, such as its containers.
        where: which subjects it is about. Where that is not known yet, a subject that meets the rule is good,
            and one that does not is undecided.
        across: it needs to see other resources too, so it is judged when all are known to the engine.
        needs: the other resources by which a subject meets the rule; None where it does by itself.
        path: the field that it is about, from a part on, as `View.places` reads it; "" for none.
        bad: a value that breaks it there; MISSING where absence does.
        fix: a value that mends it there under the level `remediate`; MISSING where none is safe.
        cel: what `judge` asks of a part, for the API server to ask; None where that cannot.
    """

    name: str
    says: str
    remedy: str
    severity: Severity
    kinds: tuple[str, ...]
    judge: Judge
    parts: Parts = whole
    where: Where = always
    across: bool = False
    needs: Needs | None = None
    path: str = ""
    bad: Any = MISSING
    fix: Any = MISSING
    level: Level = Level.MANDATORY
    frameworks: tuple[Framework, ...] = ()
    config: type[RuleConfig] = RuleConfig
    cel: Cel | None = None

    def applies(self, type_: str) -> bool:
        """Whether it is about resources of this type."""
        return is_of(type_, self.kinds)

    def subjects(self, stack: Stack) -> Iterator[Subject]:
        """Everything that it judges, one by one."""
        for resource in stack.of(*self.kinds):
            for view in self.parts(resource):
                yield Subject(resource, view)


def schema_of(rule: Rule) -> dict[str, Mapping[str, Any]]:
    """JSON Schema of each configuration key of a rule but `exemptions`."""
    found: dict[str, Mapping[str, Any]] = rule.config.model_json_schema(by_alias=True).get("properties", {})
    return found
