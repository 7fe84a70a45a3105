"""What goes beyond Pod Security: a root file system to read, an account of its own, no token unasked."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policy import cel
from mlops_policy.building import field
from mlops_policy.kubernetes.inheriting import inherited
from mlops_policy.kubernetes.objects import WORKLOADS, containers, name_of, pods
from mlops_policy.kubernetes.pods import cis
from mlops_policy.resources import Stack
from mlops_policy.rules import Rule, RuleConfig, Severity, Subject
from mlops_policy.wanted import GIVEN, NO, YES, Wanted, at_least

ACCOUNT = "kubernetes:core/*:ServiceAccount"
_OWN_ACCOUNT = Wanted(
    "the name of an account other than default",
    lambda found: GIVEN.holds(found) and found != "default" and isinstance(found, str),
    cel=lambda value: f"!({value} in ['', 'default'])",
)


def _scratch(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    for volume in subject.view.key("volumes").items():
        if "emptyDir" in dict(volume.entries()):
            limit = volume.at("emptyDir.sizeLimit")
            if not limit.text():
                yield f"{limit.path} is not set: the pod may fill the node's disk"


def _scratch_in_cel(part: str) -> str:
    limited = "!has(each.emptyDir) || each.emptyDir.?sizeLimit.orValue('') != ''"
    return f"{cel.at(part, 'volumes')}.orValue([]).all(each, {limited})"


def _made_by_somebody(subject: Subject, stack: Stack) -> bool:
    """Every namespace has the account `default`, which the API server makes and no pod may use."""
    return name_of(subject.resource).text() != "default"


RULES: tuple[Rule, ...] = (
    field(
        "pod-read-only-root",
        "A container cannot write to its own root file system.",
        WORKLOADS,
        "securityContext.readOnlyRootFilesystem",
        YES,
        parts=containers,
        severity=Severity.MEDIUM,
        fix=True,
    ),
    inherited(
        "pod-group",
        "A container runs in a group given by its number, which is not that of root.",
        "securityContext.runAsGroup",
        at_least(1),
        bad=0,
        severity=Severity.LOW,
    ),
    field(
        "pod-service-account",
        "A pod has a service account of its own, not its namespace's default one.",
        WORKLOADS,
        "serviceAccountName",
        _OWN_ACCOUNT,
        parts=pods,
        severity=Severity.MEDIUM,
        frameworks=cis("4.1.5"),
    ),
    field(
        "pod-no-token",
        "A pod gets no token of the API server unasked: what needs one projects it, with an expiry.",
        WORKLOADS,
        "automountServiceAccountToken",
        NO,
        parts=pods,
        severity=Severity.MEDIUM,
        frameworks=cis("4.1.6"),
    ),
    field(
        "account-no-token",
        "A service account hands its token to no pod unasked.",
        (ACCOUNT,),
        "automountServiceAccountToken",
        NO,
        where=_made_by_somebody,
        cel_where="object.metadata.name != 'default'",
        severity=Severity.MEDIUM,
        frameworks=cis("4.1.6"),
    ),
    field(
        "pod-no-service-links",
        "A pod's environment does not list the services of its namespace.",
        WORKLOADS,
        "enableServiceLinks",
        NO,
        parts=pods,
        severity=Severity.LOW,
        fix=False,
    ),
    Rule(
        name="pod-scratch-limit",
        says="A pod's scratch space has a limit.",
        remedy="Set emptyDir.sizeLimit.",
        severity=Severity.MEDIUM,
        kinds=WORKLOADS,
        judge=_scratch,
        parts=pods,
        path="volumes[].emptyDir.sizeLimit",
        cel=_scratch_in_cel,
    ),
)
