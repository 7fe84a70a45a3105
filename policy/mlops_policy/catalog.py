"""Every rule there is, family by family."""

from __future__ import annotations

from mlops_policy.kubernetes import (
    availability,
    containers,
    images,
    namespaces,
    network,
    pod_habits,
    pods,
    rbac,
    releases,
)
from mlops_policy.rules import Rule

FAMILIES: dict[str, tuple[Rule, ...]] = {
    "kubernetes pods": pods.RULES,
    "kubernetes pod habits": pod_habits.RULES,
    "kubernetes images": images.RULES,
    "kubernetes containers": containers.RULES,
    "kubernetes availability": availability.RULES,
    "kubernetes network": network.RULES,
    "kubernetes namespaces": namespaces.RULES,
    "kubernetes rbac": rbac.RULES,
    "helm releases": releases.RULES,
}
"""Rules by the family that they are of."""
RULES: tuple[Rule, ...] = tuple(rule for rules in FAMILIES.values() for rule in rules)
"""All of them."""
