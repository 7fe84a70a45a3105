"""The five cases of each rule about objects of Kubernetes."""

from __future__ import annotations

import datetime

import pytest

from mlops_policy.checking import RULES
from mlops_policy.judging import Judge, configured
from mlops_policy.rules import Rule
from mlops_policy.testing import problems
from policy_kubernetes_samples import (
    SAMPLES,
    account,
    binding,
    budget,
    deny_all,
    flows,
    limits,
    namespace,
    quota,
    role,
    service,
)
from policy_samples import deployment


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_about_kubernetes_comes_out_in_all_five_cases(rule: Rule) -> None:
    assert problems(rule, SAMPLES[rule.name]) == []


def test_there_is_a_sample_for_each_rule_and_no_other() -> None:
    assert sorted(SAMPLES) == sorted(rule.name for rule in RULES)


def test_an_application_that_says_everything_meets_every_rule() -> None:
    resources = [namespace(), quota(), limits(), deny_all(), flows(), budget(), service(), account()]
    resources += [deployment(), role(), binding()]

    assert Judge(configured(RULES, {}), datetime.date(2026, 1, 1)).all(resources) == []
