from __future__ import annotations

import json

import pytest

from mlops_policy.building import field
from mlops_policy.errors import BadConfig
from mlops_policy.rules import Level, ProductionConfig
from mlops_policy.stack_config import from_stack
from mlops_policy.wanted import YES

RULES = [
    field("always", "It is on.", ("a:b:C",), "on", YES),
    field("grave", "It is on.", ("a:b:C",), "on", YES, config=ProductionConfig),
]


def test_a_stack_says_levels_and_values_by_rule() -> None:
    section = {"always": {"enforcementLevel": "advisory", "exemptions": []}}
    assert from_stack({"mlops:policy": json.dumps(section)}, RULES) == (
        {"always": Level.ADVISORY},
        {"always": {"exemptions": []}},
    )


def test_rules_of_production_know_what_the_stack_is_unless_they_are_told() -> None:
    aws = {"mlops:aws": json.dumps({"production": False})}
    assert from_stack(aws, RULES) == ({}, {"grave": {"production": False}})
    told = {**aws, "mlops:policy": json.dumps({"grave": {"production": True}})}
    assert from_stack(told, RULES) == ({}, {"grave": {"production": True}})


def test_a_cluster_that_exists_says_itself_whether_it_is_production() -> None:
    cluster = {"maker": "kubeconfig", "production": False}
    assert from_stack({"mlops:cluster": json.dumps(cluster)}, RULES) == ({}, {"grave": {"production": False}})
    assert from_stack({"mlops:cluster": json.dumps({"maker": "kubeconfig"})}, RULES) == ({}, {})


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('"off"', "mlops:policy is 'off', where a section by policy is expected"),
        ("off", "mlops:policy is 'off', where a section by policy is expected"),
        ('{"always": 3}', "always is 3, where a section or a level is expected"),
        (
            '{"always": {"enforcementLevel": "never"}}',
            "always.enforcementLevel is 'never', and is one of advisory, mandatory, remediate, disabled",
        ),
    ],
)
def test_a_section_that_says_nothing_is_refused(section: str, said: str) -> None:
    with pytest.raises(BadConfig) as refused:
        from_stack({"mlops:policy": section}, RULES)
    assert str(refused.value) == said
