"""The five cases of each rule about pods."""

from __future__ import annotations

import pytest

from mlops_policy.kubernetes.pods import RULES
from mlops_policy.rules import Rule
from mlops_policy.testing import Sample, problems
from policy_samples import deployment

CONTAINER = "spec.template.spec.containers[0]"
SAMPLES = {
    "pod-no-escalation": Sample(
        (deployment(),), f"{CONTAINER}.securityContext.allowPrivilegeEscalation", bad=True
    ),
    "pod-read-only-root": Sample(
        (deployment(),), f"{CONTAINER}.securityContext.readOnlyRootFilesystem", bad=False
    ),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_about_pods_comes_out_in_all_five_cases(rule: Rule) -> None:
    assert problems(rule, SAMPLES[rule.name]) == []
