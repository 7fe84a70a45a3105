"""What a namespace that a stack makes has: Pod Security, a quota, and defaults."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policy.building import field, some
from mlops_policy.kubernetes.objects import NAMESPACE, in_namespace, name_of, within
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import Framework, Judge, Rule, RuleConfig, Severity, Subject
from mlops_policy.views import UNKNOWN
from mlops_policy.wanted import equal, like

QUOTA, LIMITS = "kubernetes:core/*:ResourceQuota", "kubernetes:core/*:LimitRange"
_MODES = {"enforce": Severity.HIGH, "audit": Severity.LOW, "warn": Severity.LOW}
_SAYS = {
    "enforce": "The API server refuses pods of a namespace that break Pod Security restricted",
    "audit": "The API server's audit log tells of what breaks Pod Security restricted",
    "warn": "The API server warns of what breaks Pod Security restricted",
}


def label(mode: str) -> str:
    """The path of a Pod Security label."""
    return f'metadata.labels["pod-security.kubernetes.io/{mode}"]'


def _with(kind: str, key: str) -> Judge:
    def judge(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
        def here(each: Resource) -> bool:
            return in_namespace(each, subject.resource) and each.view.at(key).given

        name = name_of(subject.resource)
        near = within(stack, (kind,), name.text()) if name.raw is not UNKNOWN else stack.of(kind)
        if not some(near, here):
            yield f"no {kind.rpartition(':')[2]} with {key} is in it"

    return judge


def _companion(name: str, says: str, kind: str, key: str, remedy: str) -> Rule:
    return Rule(
        name=name,
        says=says,
        remedy=remedy,
        severity=Severity.MEDIUM,
        kinds=(NAMESPACE,),
        judge=_with(kind, key),
        across=True,
        frameworks=(Framework("NIST 800-53 rev 5", "SC-6"),),
    )


RULES: tuple[Rule, ...] = (
    *(
        field(
            f"namespace-{mode}-restricted",
            f"{_SAYS[mode]}.",
            (NAMESPACE,),
            label(mode),
            equal("restricted"),
            severity=severity,
        )
        for mode, severity in _MODES.items()
    ),
    *(
        field(
            f"namespace-{mode}-version",
            f"{_SAYS[mode]} of a version that an upgrade of the cluster does not change.",
            (NAMESPACE,),
            label(f"{mode}-version"),
            like(r"v1\.\d+", "a version such as v1.34, not latest"),
            severity=Severity.LOW,
            bad="latest",
        )
        for mode in _MODES
    ),
    _companion(
        "namespace-quota",
        "A namespace takes no more of the cluster than its quota.",
        QUOTA,
        "spec.hard",
        "Add a ResourceQuota to the namespace.",
    ),
    _companion(
        "namespace-limit-range",
        "Containers of a namespace that ask for nothing get requests and limits.",
        LIMITS,
        "spec.limits",
        "Add a LimitRange with default and defaultRequest to the namespace.",
    ),
)
