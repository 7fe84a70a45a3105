"""Rules about what a container says itself or takes from its pod. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_policy import cel
from mlops_policy.kubernetes.objects import WORKLOADS, containers, pod_spec
from mlops_policy.resources import Stack
from mlops_policy.rules import Framework, Parts, Rule, RuleConfig, Severity, Subject
from mlops_policy.views import MISSING, View, shown
from mlops_policy.wanted import Wanted


def inherited(
    name: str,
    says: str,
    path: str,
    wanted: Wanted,
    *,
    bad: Any,
    remedy: str = "",
    severity: Severity = Severity.HIGH,
    parts: Parts = containers,
    fix: Any = MISSING,
    frameworks: tuple[Framework, ...] = (),
) -> Rule:
    """What is at `path` of each container is as wanted, and where nothing is, what is there in its pod."""

    def judge(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
        own, pod = subject.view.at(path), pod_spec(subject.resource).at(path)
        if own.raw is not MISSING:
            if not holds(own):
                yield f"{own.path} is {shown(own.raw)} and must be {wanted.says}"
        elif not holds(pod):
            yield f"{own.path} is not set and {pod.path} is {shown(pod.raw)}: one must be {wanted.says}"

    def holds(view: View) -> bool:
        return wanted.holds(view.raw if wanted.unknown else view.plain())

    return Rule(
        name=name,
        says=says,
        remedy=remedy or f"Set {path} of the pod or the container to {wanted.says}.",
        severity=severity,
        kinds=WORKLOADS,
        judge=judge,
        parts=parts,
        path=path,
        bad=bad,
        fix=fix,
        frameworks=frameworks,
        cel=_in_cel(path, wanted),
    )


def _in_cel(path: str, wanted: Wanted) -> cel.Cel | None:
    test, inherits, of_nothing = wanted.cel, cel.at(cel.POD, path), wanted.holds(MISSING)
    if test is None:
        return None
    return lambda part: cel.meets(f"{cel.at(part, path)}.or({inherits})", test, of_nothing)
