from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_mlops.aws import alarm_rules
from pulumi_mlops.aws.alarm_rules import Rule
from pulumi_mlops.errors import InvalidValue

EVERY: list[Rule] = [
    *alarm_rules.nat_gateway("eu-central-1a", "nat-1"),
    *alarm_rules.database("mlops-dev", 20, 4, burstable=True),
    *alarm_rules.cluster("mlops"),
    alarm_rules.queue("interruptions", "mlops-queue"),
    *alarm_rules.bucket("models", "mlops-models"),
    *(alarm_rules.quota(key, 80) for key in alarm_rules.QUOTAS),
]
each_rule = pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.name)
DOWN, UP = "LessThanThreshold", "GreaterThanThreshold"


def row(rule: Rule) -> tuple[object, ...]:
    metrics = [f"{m.namespace} {m.name} {m.statistic}/{m.period}" for m in rule.metrics.values()]
    when = f"{rule.datapoints}/{rule.periods} {rule.missing}"
    return rule.name, " ".join(metrics), rule.expression, rule.comparison, rule.threshold, when


def test_the_rules_compare_exactly_this() -> None:
    in_a_row, once, half_an_hour = "3/3 notBreaching", "1/1 notBreaching", "6/6 notBreaching"
    share = "100 * errors / requests"
    nat, rds, eks, s3 = "AWS/NATGateway", "AWS/RDS", "AWS/EKS", "AWS/S3"
    drops = f"{nat} PacketsDropCount Sum/300 {nat} PacketsOutToDestination Sum/300 "
    errors = f"{eks} apiserver_request_total_5XX Sum/300 {eks} apiserver_request_total Sum/300"
    used = "AWS/Usage ResourceCount Maximum/300"
    of_quota = "100 * used / SERVICE_QUOTA(used)"
    assert [row(rule) for rule in EVERY] == [
        ("nat-eu-central-1a-ports", f"{nat} ErrorPortAllocation Sum/300", None, UP, 0, once),
        (
            "nat-eu-central-1a-drops",
            f"{drops}{nat} PacketsOutToSource Sum/300",
            "100 * dropped / (out + back)",
            UP,
            0.01,
            in_a_row,
        ),
        ("database-cpu", f"{rds} CPUUtilization Average/300", None, UP, 80, "3/3 breaching"),
        ("database-storage", f"{rds} FreeStorageSpace Minimum/300", None, DOWN, 2147483648, half_an_hour),
        ("database-memory", f"{rds} FreeableMemory Minimum/300", None, DOWN, 429496729, in_a_row),
        ("database-connections", f"{rds} DatabaseConnections Maximum/300", None, UP, 360, in_a_row),
        ("database-transaction-ids", f"{rds} MaximumUsedTransactionIDs Maximum/300", None, UP, 10**9, once),
        ("database-cpu-credits", f"{rds} CPUCreditBalance Minimum/300", None, DOWN, 20, in_a_row),
        ("cluster-api-errors", errors, share, UP, 5, in_a_row),
        ("cluster-api-throttled", f"{eks} apiserver_request_total_429 Sum/300", None, UP, 300, in_a_row),
        ("cluster-storage", f"{eks} apiserver_storage_size_bytes Maximum/300", None, UP, 6442450944, once),
        (
            "cluster-unschedulable",
            f"{eks} scheduler_pending_pods_UNSCHEDULABLE Maximum/300",
            None,
            UP,
            0,
            half_an_hour,
        ),
        ("queue-interruptions-age", "AWS/SQS ApproximateAgeOfOldestMessage Maximum/300", None, UP, 300, once),
        (
            "bucket-models-refused",
            f"{s3} 4xxErrors Sum/300 {s3} AllRequests Sum/300",
            share,
            UP,
            10,
            in_a_row,
        ),
        ("bucket-models-failing", f"{s3} 5xxErrors Sum/300 {s3} AllRequests Sum/300", share, UP, 1, in_a_row),
        ("quota-vcpu-on-demand", used, of_quota, UP, 80, once),
        ("quota-vcpu-spot", used, of_quota, UP, 80, once),
        ("quota-vcpu-gpu-on-demand", used, of_quota, UP, 80, once),
        ("quota-vcpu-gpu-spot", used, of_quota, UP, 80, once),
    ]


def test_each_metric_is_of_the_thing_that_was_given() -> None:
    places = {tuple(sorted(m.dimensions.items())) for rule in EVERY for m in rule.metrics.values()}
    vcpu = (("Resource", "vCPU"), ("Service", "EC2"), ("Type", "Resource"))
    assert places == {
        (("NatGatewayId", "nat-1"),),
        (("DBInstanceIdentifier", "mlops-dev"),),
        (("ClusterName", "mlops"),),
        (("QueueName", "mlops-queue"),),
        (("BucketName", "mlops-models"), ("FilterId", "EntireBucket")),
        (("Class", "Standard/OnDemand"), *vcpu),
        (("Class", "Standard/Spot"), *vcpu),
        (("Class", "G/OnDemand"), *vcpu),
        (("Class", "G/Spot"), *vcpu),
    }


@each_rule
def test_whoever_is_woken_reads_what_is_wrong_and_what_to_do(rule: Rule) -> None:
    meaning, remedy = rule.description.split("\n\nWhat to do: ")
    assert meaning.endswith((".", "!"))
    assert remedy.endswith(".")
    assert len(rule.description) <= 1024


@each_rule
def test_an_expression_names_its_metrics_as_cloudwatch_allows(rule: Rule) -> None:
    if rule.expression is None:
        assert len(rule.metrics) == 1
        return
    assert set(re.findall(r"[a-z]\w*", rule.expression)) == set(rule.metrics)
    assert all(re.fullmatch(r"[a-z][a-zA-Z0-9_]*", key) for key in rule.metrics)


def test_names_are_unique() -> None:
    names = [rule.name for rule in EVERY]
    assert len(set(names)) == len(names)


def test_only_a_burstable_class_has_credits() -> None:
    names = [rule.name for rule in alarm_rules.database("mlops-dev", 20, 4, burstable=False)]
    assert "database-cpu-credits" not in names


def test_connections_are_those_of_the_class_and_never_over_five_thousand() -> None:
    assert [alarm_rules.max_connections(gib) for gib in (1, 4, 16, 512)] == [112, 450, 1802, 5000]


@given(st.integers(20, 65536), st.floats(0.5, 4096))
def test_thresholds_of_a_database_are_within_what_it_has(storage: int, memory: float) -> None:
    rules = {rule.name: rule for rule in alarm_rules.database("db", storage, memory, burstable=True)}
    assert 0 < rules["database-storage"].threshold <= storage * 2**30 / 10
    assert 0 < rules["database-memory"].threshold <= memory * 2**30 / 10
    assert 0 < rules["database-connections"].threshold < alarm_rules.max_connections(memory)


def test_an_unknown_quota_is_refused_with_those_known() -> None:
    with pytest.raises(InvalidValue, match="allowed are vcpu-on-demand, vcpu-spot, vcpu-gpu-on-demand"):
        alarm_rules.quota("vpcs", 80)
