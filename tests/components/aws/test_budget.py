"""The budget of an environment: exactly what is registered, and what is refused before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_mlops.aws import budget_terms
from pulumi_mlops.aws.aws_tags import REQUIRED
from pulumi_mlops.aws.budget import Budget
from pulumi_mlops.errors import InvalidValue
from recording_engine import Recording, Registration, registered, unknown

TAGS = {**dict.fromkeys(REQUIRED, "x"), "mlops:environment": "staging"}
GROUND = {"region": "eu-central-1", "account_id": "123456789012", "tags": TAGS}
TOPIC = "arn:aws:sns:eu-central-1:123456789012:money"
ARGS = {"ground": GROUND, "monthly_usd": 1500, "emails": ["team@example.org"]}


def made(**changes: Any) -> Recording:
    args = {key: value for key, value in {**ARGS, **changes}.items() if value is not None}
    return registered(lambda: Budget("budget", args))  # type: ignore[arg-type]


def aws_budget(recording: Recording) -> Registration:
    found = [each for each in recording.resources if each.type == "aws:budgets/budget:Budget"]
    assert len(found) == 1
    return found[0]


def notification(kind: str, threshold: int | float, **receivers: Any) -> Mapping[str, Any]:
    return {
        "comparisonOperator": "GREATER_THAN",
        "notificationType": kind,
        "threshold": threshold,
        "thresholdType": "PERCENTAGE",
        **(receivers or {"subscriberEmailAddresses": ["team@example.org"]}),
    }


def test_a_budget_counts_the_environment_and_tells_at_each_threshold() -> None:
    recording = made()
    budget = aws_budget(recording)
    assert budget.parent == "budget"
    assert budget.inputs == {
        "accountId": "123456789012",
        "budgetType": "COST",
        "timeUnit": "MONTHLY",
        "limitAmount": "1500.00",
        "limitUnit": "USD",
        "costFilters": [{"name": "TagKeyValue", "values": ["user:mlops:environment$staging"]}],
        "notifications": [
            notification("ACTUAL", 50),
            notification("ACTUAL", 80),
            notification("ACTUAL", 100),
            notification("FORECASTED", 100),
        ],
        "name": "budget-staging",
        "tags": {**TAGS, "Name": "budget"},
    }
    assert [(each.type, each.name) for each in recording.resources] == [
        ("aws:budgets/budget:Budget", "budget-monthly"),
        ("mlops:index:Budget", "budget"),
    ]


def test_thresholds_and_receivers_can_be_given() -> None:
    recording = made(emails=None, topic_arn=TOPIC, actual_percents=[90.0], forecast_percents=[100.0, 120.0])
    assert aws_budget(recording).inputs["notifications"] == [
        notification(kind, threshold, subscriberSnsTopicArns=[TOPIC])
        for kind, threshold in (("ACTUAL", 90), ("FORECASTED", 100), ("FORECASTED", 120))
    ]


def test_a_topic_and_a_limit_that_only_an_update_tells_pass() -> None:
    def program() -> None:
        Budget("budget", {**ARGS, "monthly_usd": unknown(), "topic_arn": unknown()})  # type: ignore[typeddict-item]

    recording = registered(program, preview=True)
    assert len(aws_budget(recording).inputs["notifications"]) == 4


def test_the_tag_is_made_one_that_costs_are_counted_by_when_asked_for() -> None:
    assert made(activate_tag=True).of("CostAllocationTag").inputs == {
        "tagKey": "mlops:environment",
        "status": "Active",
    }


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"monthly_usd": 0}, "monthly_usd", "0.0 is no budget; give US dollars a month, more than 0"),
        (
            {"monthly_usd": float("inf")},
            "monthly_usd",
            "inf is no budget; give US dollars a month, more than 0",
        ),
        (
            {"emails": None},
            "emails",
            "a budget that tells nobody helps nobody; give emails, topic_arn or both",
        ),
        ({"emails": ["team"]}, "emails[0]", "'team' is no e-mail address; one looks like team@example.org"),
        (
            {"emails": [f"{number}@example.org" for number in range(11)]},
            "emails",
            "11 addresses are too many: AWS allows 10 a notification; give the address of a list",
        ),
        (
            {"topic_arn": "money"},
            "topic_arn",
            "'money' is no ARN; one looks like arn:aws:iam::123456789012:role/name",
        ),
        (
            {"actual_percents": [0]},
            "actual_percents",
            "0 is no threshold; allowed are percents from above 0 to 1000",
        ),
        (
            {"forecast_percents": [100, 100]},
            "forecast_percents",
            "100, 100 has a threshold twice; name each once",
        ),
        (
            {"actual_percents": [], "forecast_percents": []},
            "actual_percents",
            "a budget has 1 to 10 thresholds, actual and forecast together; not 0",
        ),
        (
            {"actual_percents": [float(number) for number in range(1, 11)]},
            "actual_percents",
            "a budget has 1 to 10 thresholds, actual and forecast together; not 11",
        ),
        (
            {"ground": {**GROUND, "tags": {}}},
            "ground.tags",
            "the tag mlops:environment is needed: the budget counts what carries it",
        ),
        (
            {"ground": {**GROUND, "account_id": "1"}},
            "ground.account_id",
            "'1' is no account id; one is 12 digits, in quotes in YAML",
        ),
    ],
)
def test_a_wrong_budget_is_refused_with_key_and_reason(
    changes: dict[str, Any], path: str, reason: str
) -> None:
    with pytest.raises(pulumi.InputPropertyError) as refused:
        made(**changes)
    assert (refused.value.property_path, refused.value.reason) == (path, reason)


@given(st.floats(min_value=0.01, max_value=1e9))
def test_a_limit_is_a_decimal_with_cents_that_is_what_was_given(value: float) -> None:
    text = budget_terms.limit(value)
    assert text.partition(".")[2].isdigit()
    assert len(text.partition(".")[2]) == 2
    assert abs(float(text) - value) <= 0.005 + value * 1e-12


@given(st.floats(max_value=0.0))
def test_no_limit_is_nothing_or_less(value: float) -> None:
    with pytest.raises(InvalidValue):
        budget_terms.limit(value)
