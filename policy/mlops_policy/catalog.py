"""Every rule there is, family by family."""

from __future__ import annotations

from mlops_policy.kubernetes import pods
from mlops_policy.rules import Rule

FAMILIES: dict[str, tuple[Rule, ...]] = {"kubernetes pods": pods.RULES}
"""Rules by the family that they are of."""
RULES: tuple[Rule, ...] = tuple(rule for rules in FAMILIES.values() for rule in rules)
"""All of them."""
