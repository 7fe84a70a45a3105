"""What keeps an application up while nodes are drained: budgets that allow it, and pods on several nodes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from mlops_policy.building import some
from mlops_policy.kubernetes import scaling
from mlops_policy.kubernetes.objects import (
    REPLICATED,
    namespace_of,
    pod_template,
    selects,
    within,
)
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import Rule, RuleConfig, Severity, Subject
from mlops_policy.views import MISSING, View, WrongShape, shown

BUDGET = "kubernetes:policy/*:PodDisruptionBudget"
_SPREAD = "spec.template.spec.topologySpreadConstraints"


def _covers(budget: Resource, workload: Resource) -> bool:
    if namespace_of(budget) != namespace_of(workload):
        return False
    selector = budget.view.at("spec.selector")
    return selector.known is not MISSING and selects(selector, pod_template(workload).at("metadata.labels"))


def _budget(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    workload = subject.resource
    least = scaling.least(workload, stack)
    if least < 2:
        return
    near = within(stack, (BUDGET,), namespace_of(workload))
    if not some(near, lambda each: _covers(each, workload)):
        yield f"it keeps {least} pods or more, and no PodDisruptionBudget selects them"


def _spread(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    least = scaling.least(subject.resource, stack)
    if least < 2:
        return
    constraints = subject.view.at(_SPREAD)
    apart = subject.view.at("spec.template.spec.affinity.podAntiAffinity")
    if not apart.given and not any(each.key("topologyKey").text() for each in constraints.items()):
        yield f"it keeps {least} pods or more, and {constraints.path} is {shown(constraints.raw)}"


def _evicts(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    least, most = subject.view.at("spec.minAvailable"), subject.view.at("spec.maxUnavailable")
    if most.known is not MISSING:
        if amount(most, 100) == 0:
            yield f"{most.path} is {shown(most.raw)}, so no pod may ever be evicted"
        return
    if least.known is MISSING:
        yield f"neither {most.path} nor {least.path} is set"
    elif amount(least, 100) >= 100 and isinstance(least.raw, str):
        yield f"{least.path} is {shown(least.raw)}, so no pod may ever be evicted"
    else:
        for workload in within(stack, REPLICATED, namespace_of(subject.resource)):
            if _covers(subject.resource, workload):
                pods = scaling.least(workload, stack)
                if amount(least, pods) >= pods:
                    yield (
                        f"{least.path} is {shown(least.raw)} and {workload.name} keeps {pods} pods at least, "
                        "so with those no pod may be evicted"
                    )


def amount(view: View, pods: int) -> int:
    """A number of pods, or so many percent of them, rounded up as the disruption controller does."""
    if not isinstance(view.raw, str):
        return view.whole()
    number = view.text().removesuffix("%")
    if number == view.raw or not number.isdigit():
        raise WrongShape(f"{view.path} is {shown(view.raw)}, where a number or a percentage is expected")
    return math.ceil(int(number) * pods / 100)


RULES: tuple[Rule, ...] = (
    Rule(
        name="availability-budget",
        says="What keeps two pods or more has a PodDisruptionBudget, so that a drain leaves some.",
        remedy="Add a PodDisruptionBudget with maxUnavailable: 1 that selects the pods.",
        severity=Severity.MEDIUM,
        kinds=REPLICATED,
        judge=_budget,
        across=True,
    ),
    Rule(
        name="availability-budget-evicts",
        says="A PodDisruptionBudget allows an eviction, so that a node can be drained.",
        remedy="Set maxUnavailable to 1 or more in place of minAvailable.",
        severity=Severity.HIGH,
        kinds=(BUDGET,),
        judge=_evicts,
        across=True,
        path="spec.maxUnavailable",
        bad=0,
    ),
    Rule(
        name="availability-spread",
        says="What keeps two pods or more spreads them over nodes or zones.",
        remedy="Set topologySpreadConstraints over kubernetes.io/hostname and topology.kubernetes.io/zone.",
        severity=Severity.MEDIUM,
        kinds=REPLICATED,
        judge=_spread,
        across=True,
        path=_SPREAD,
    ),
)
