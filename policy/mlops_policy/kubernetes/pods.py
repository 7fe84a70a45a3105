"""Pod Security `restricted`, and what goes beyond it."""

from __future__ import annotations

from mlops_policy.building import field
from mlops_policy.kubernetes.objects import WORKLOADS, containers
from mlops_policy.rules import Framework, Rule, Severity
from mlops_policy.wanted import NO, YES

RULES: tuple[Rule, ...] = (
    field(
        "pod-no-escalation",
        "No process of a container gains more rights than its parent.",
        WORKLOADS,
        "securityContext.allowPrivilegeEscalation",
        NO,
        parts=containers,
        fix=False,
        frameworks=(Framework("CIS EKS 1.5", "4.2.5"),),
    ),
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
)
