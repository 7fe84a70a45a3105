"""Every rule there is, family by family."""

from __future__ import annotations

from mlops_policy.cost import machines, spending, tags
from mlops_policy.kubernetes import pods
from mlops_policy.mlops import serving, watching
from mlops_policy.rules import Rule
from mlops_policy.stackwide import reach, secrets

FAMILIES: dict[str, tuple[Rule, ...]] = {
    "kubernetes pods": pods.RULES,
    "cost": (*tags.RULES, *machines.RULES, *spending.RULES),
    "mlops": (*serving.RULES, *watching.RULES),
    "stack": (*reach.RULES, *secrets.RULES),
}
"""Rules by the family that they are of."""
RULES: tuple[Rule, ...] = tuple(rule for rules in FAMILIES.values() for rule in rules)
"""All of them."""
