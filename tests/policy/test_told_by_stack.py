"""What rules are told by a stack's own settings."""

from __future__ import annotations

import copy
import json

import pytest

from mlops_policy.catalog import RULES
from mlops_policy.stack_config import from_stack
from mlops_policy.views import MISSING, UNKNOWN

REPLICAS, FLOWS = "endpoint-two-replicas", "stack-named-flows"
LOCAL = {"maker": "local-node"}


@pytest.mark.parametrize(
    ("cluster", "ground", "replicas", "flows"),
    [
        (None, None, None, None),
        (LOCAL, None, {"production": False}, {"localNode": True}),
        ({"maker": "kubeconfig"}, None, None, None),
        ({"maker": "eks"}, {"region": "eu-central-1"}, {"production": False}, None),
        ({"maker": "eks"}, {"production": True}, {"production": True}, None),
    ],
)
def test_a_stack_says_whether_it_is_production_and_on_ones_own_machine(
    cluster: object, ground: object, replicas: object, flows: object
) -> None:
    sections = {"mlops:cluster": cluster, "mlops:aws": ground}
    config = {key: json.dumps(value) for key, value in sections.items() if value is not None}
    _, told = from_stack(config, RULES)
    assert (told.get(REPLICAS), told.get(FLOWS)) == (replicas, flows)


def test_what_a_stack_says_of_a_rule_wins_over_what_it_says_elsewhere() -> None:
    given = {REPLICAS: {"production": True, "least": 3}, FLOWS: {"localNode": False}}
    config = {"mlops:cluster": json.dumps(LOCAL), "mlops:policy": json.dumps(given)}
    _, told = from_stack(config, RULES)
    assert (told[REPLICAS], told[FLOWS]) == (given[REPLICAS], given[FLOWS])


def test_what_is_not_known_stays_so_in_a_copy() -> None:
    assert copy.deepcopy({"a": [UNKNOWN, MISSING]}) == {"a": [UNKNOWN, MISSING]}
