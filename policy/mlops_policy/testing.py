"""A kit with which policies are unit-tested: the five cases of each.

assert problems(rule, Sample((deployment,), at="spec.replicas", bad=1)) == []
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mlops_policy.judging import Finding, Judge, Outcome, configured
from mlops_policy.resources import Resource
from mlops_policy.rules import Rule
from mlops_policy.views import MISSING, UNKNOWN, steps

SHAPES: tuple[Any, ...] = ([[]], 0.5, "\0", {"\0": {}})
"""Values of no use to any rule: a list of a list, a fraction, a text, a mapping."""


@dataclass(frozen=True)
class Sample:
    """Resources that meet a rule, and the field by which it is broken.

    Attributes:
        at: the field in the first resource, such as `spec.template.spec.containers[0].image`.
        bad: a value that breaks the rule there.
        absent_is_good: whether the rule holds where the field is not there.
        unknown_is_good: whether the rule holds of a value that is not known yet.
        config: the rule's configuration.
    """

    resources: Sequence[Resource]
    at: str
    bad: Any
    absent_is_good: bool = False
    unknown_is_good: bool = False
    config: Mapping[str, Any] = field(default_factory=dict)


def judged(
    rule: Rule,
    resources: Sequence[Resource],
    config: Mapping[str, Any] | None = None,
    *,
    today: datetime.date = datetime.date(2026, 1, 1),
) -> list[Finding]:
    """What a rule says of resources that are all there is.

    Raises:
        RuleFault: the rule itself failed.
    """
    return Judge(configured([rule], {rule.name: config or {}}), today).all(resources)


def changed(resource: Resource, path: str, value: Any) -> Resource:
    """The resource with another value at a path; MISSING takes it away.

    Raises:
        KeyError: the path's parent is not there.
    """
    props = copy.deepcopy(dict(resource.props))
    *way, last = steps(path)
    part: Any = props
    for step in way:
        part = part[step]
    if value is MISSING:
        del part[last]
    else:
        part[last] = value
    return replace(resource, props=props)


def problems(rule: Rule, sample: Sample) -> list[str]:
    """What is wrong with a rule, a line for each of the five cases that does not come out; empty when all do.

    They are: it passes what is good; it fails what is bad, with a message that names the field; it fails
    where the field is absent; it is undecided, naming the field, where that is not known; and it fails, but
    not by a fault of its own, where a value is of another shape.
    """
    return list(_problems(rule, sample))


def _problems(rule: Rule, sample: Sample) -> Iterator[str]:
    name = rule.name
    if not any(rule.applies(each.type) for each in sample.resources):
        yield f"{name} is about none of the sample's resources"
    if found := judged(rule, sample.resources, sample.config):
        yield f"{name} says of what is good: {_lines(found)}"
    if _outcomes(found := _with(rule, sample, sample.bad)) != {Outcome.VIOLATION}:
        yield f"{name} says of {sample.at} = {sample.bad!r}: {_lines(found)}"
    elif not all(each.message.strip() for each in found):
        yield f"{name} does not say what is wrong"
    wanted: set[Outcome] = set() if sample.absent_is_good else {Outcome.VIOLATION}
    if _outcomes(found := _with(rule, sample, MISSING)) != wanted:
        yield f"{name} says where {sample.at} is absent: {_lines(found)}"
    wanted = set() if sample.unknown_is_good else {Outcome.UNDECIDED}
    found = _with(rule, sample, UNKNOWN)
    if _outcomes(found) != wanted or not all(sample.at in each.message for each in found):
        yield f"{name} says where {sample.at} is not known: {_lines(found)}"
    if not any(_outcomes(_with(rule, sample, shape)) == {Outcome.VIOLATION} for shape in SHAPES):
        yield f"{name} takes every shape at {sample.at}"


def _with(rule: Rule, sample: Sample, value: Any) -> list[Finding]:
    first, *others = sample.resources
    return judged(rule, [changed(first, sample.at, value), *others], sample.config)


def _outcomes(found: Sequence[Finding]) -> set[Outcome]:
    return {each.outcome for each in found}


def _lines(found: Sequence[Finding]) -> str:
    return "; ".join(f"{each.outcome.value}: {each.message}" for each in found) or "nothing"
