from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from mlops_stacks.recording import UNKNOWN
from pulumi_mlops.aws import alarm_rules
from pulumi_mlops.aws.alarm_policies import topic_policy
from pulumi_mlops.aws.cloud_alarms import CloudAlarms
from recording_engine import SECRET, Recording, registered, unknown

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/alarms"
TAGS = {"mlops:environment": "dev", "mlops:owner": "risk"}
TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT}:mlops-dev-alarms"
LEAST: dict[str, Any] = {
    "ground": {"region": "eu-central-1", "account_id": ACCOUNT, "tags": TAGS},
    "key_arn": KEY,
    "object_name": "mlops-dev",
}
FULL: dict[str, Any] = {
    **LEAST,
    "emails": ["platform@example.org"],
    "https_urls": ["https://events.example.com/token"],
    "nat_gateways": {"eu-central-1a": "nat-1"},
    "database": {"identifier": "mlops-dev", "storage_gib": 20.0, "memory_gib": 4, "burstable": True},
    "cluster_name": "mlops-dev",
    "queues": {"interruptions": "mlops-dev-interruptions"},
    "buckets": {"models": "mlops-dev-models"},
    "quotas": ["vcpu-on-demand"],
    "key_arns": [f"{KEY}-1", f"{KEY}-2"],
}


def made(args: dict[str, Any] = FULL, **changes: Any) -> Recording:
    return registered(lambda: CloudAlarms("alarms", {**args, **changes}))  # type: ignore[typeddict-item]


def refusal(**changes: Any) -> tuple[str, str]:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        made(**changes)
    return caught.value.property_path, str(caught.value)


def test_there_is_one_topic_and_an_alarm_for_each_rule() -> None:
    recording = made()
    assert {r.parent for r in recording.resources} == {"", "alarms"}
    assert sorted((r.type.split(":")[-1], r.name) for r in recording.resources) == [
        ("BucketMetric", "alarms-requests-models"),
        ("CloudAlarms", "alarms"),
        ("EventRule", "alarms-key-endings"),
        ("EventTarget", "alarms-key-endings"),
        ("MetricAlarm", "alarms-bucket-models-failing"),
        ("MetricAlarm", "alarms-bucket-models-refused"),
        ("MetricAlarm", "alarms-cluster-api-errors"),
        ("MetricAlarm", "alarms-cluster-api-throttled"),
        ("MetricAlarm", "alarms-cluster-storage"),
        ("MetricAlarm", "alarms-cluster-unschedulable"),
        ("MetricAlarm", "alarms-database-connections"),
        ("MetricAlarm", "alarms-database-cpu"),
        ("MetricAlarm", "alarms-database-cpu-credits"),
        ("MetricAlarm", "alarms-database-memory"),
        ("MetricAlarm", "alarms-database-storage"),
        ("MetricAlarm", "alarms-database-transaction-ids"),
        ("MetricAlarm", "alarms-nat-eu-central-1a-drops"),
        ("MetricAlarm", "alarms-nat-eu-central-1a-ports"),
        ("MetricAlarm", "alarms-queue-interruptions-age"),
        ("MetricAlarm", "alarms-quota-vcpu-on-demand"),
        ("Topic", "alarms-topic"),
        ("TopicPolicy", "alarms-topic-policy"),
        ("TopicSubscription", "alarms-email-0"),
        ("TopicSubscription", "alarms-https-0"),
    ]


def test_without_anything_to_watch_there_are_the_quotas() -> None:
    recording = made(LEAST)
    assert recording.names_of("MetricAlarm") == ["alarms-quota-vcpu-on-demand", "alarms-quota-vcpu-spot"]
    assert recording.outputs["alarms"]["alarm_names"] == [
        "mlops-dev-quota-vcpu-on-demand",
        "mlops-dev-quota-vcpu-spot",
    ]


def test_an_alarm_of_one_metric_tells_when_it_begins_and_when_it_ends() -> None:
    recording = registered(lambda: CloudAlarms("alarms", FULL), preview=True)  # type: ignore[arg-type]
    alarm = dict(recording.of("MetricAlarm", "alarms-database-cpu").inputs)
    rule = alarm_rules.database("mlops-dev", 20, 4, burstable=True)[0]
    assert alarm == {
        "name": "mlops-dev-database-cpu",
        "alarmDescription": rule.description,
        "actionsEnabled": True,
        "alarmActions": [UNKNOWN],
        "okActions": [UNKNOWN],
        "namespace": "AWS/RDS",
        "metricName": "CPUUtilization",
        "dimensions": {"DBInstanceIdentifier": "mlops-dev"},
        "statistic": "Average",
        "period": 300,
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 80,
        "evaluationPeriods": 3,
        "datapointsToAlarm": 3,
        "treatMissingData": "breaching",
        "tags": {**TAGS, "Name": "mlops-dev-database-cpu"},
    }


def test_every_alarm_goes_to_the_topic_once_its_policy_is_there() -> None:
    recording = made()
    for name in recording.names_of("MetricAlarm"):
        assert recording.of("MetricAlarm", name).dependencies == ("alarms-topic", "alarms-topic-policy")


def test_an_alarm_of_a_quota_divides_by_the_quota_of_the_moment() -> None:
    alarm = made().of("MetricAlarm", "alarms-quota-vcpu-on-demand").inputs
    assert alarm["metricQueries"] == [
        {
            "id": "used",
            "returnData": False,
            "metric": {
                "namespace": "AWS/Usage",
                "metricName": "ResourceCount",
                "dimensions": {
                    "Service": "EC2",
                    "Type": "Resource",
                    "Resource": "vCPU",
                    "Class": "Standard/OnDemand",
                },
                "stat": "Maximum",
                "period": 300,
            },
        },
        {
            "id": "result",
            "expression": "100 * used / SERVICE_QUOTA(used)",
            "label": "quota-vcpu-on-demand",
            "returnData": True,
        },
    ]
    assert {"namespace", "metricName", "period", "statistic", "dimensions"} & alarm.keys() == set()


def test_the_topic_is_encrypted_with_the_accounts_key() -> None:
    assert made().of("Topic").inputs == {
        "name": "mlops-dev-alarms",
        "displayName": "Alarms of mlops-dev",
        "kmsMasterKeyId": KEY,
        "signatureVersion": 2,
        "tags": {**TAGS, "Name": "mlops-dev-alarms"},
    }


def test_only_these_alarms_and_events_publish_and_only_over_tls() -> None:
    policy = json.loads(topic_policy(TOPIC, "eu-central-1", ACCOUNT, "mlops-dev"))
    assert policy["Statement"] == [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["sns:Publish"],
            "Resource": [TOPIC],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Sid": "Alarms",
            "Effect": "Allow",
            "Principal": {"Service": ["cloudwatch.amazonaws.com"]},
            "Action": ["sns:Publish"],
            "Resource": [TOPIC],
            "Condition": {
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:eu-central-1:{ACCOUNT}:alarm:mlops-dev-*"},
            },
        },
        {
            "Sid": "Events",
            "Effect": "Allow",
            "Principal": {"Service": ["events.amazonaws.com"]},
            "Action": ["sns:Publish"],
            "Resource": [TOPIC],
        },
    ]


def test_the_topic_has_that_policy() -> None:
    recorded = json.loads(made().of("TopicPolicy").inputs["policy"])
    assert [statement["Sid"] for statement in recorded["Statement"]] == ["TlsOnly", "Alarms", "Events"]
    assert made().of("TopicPolicy").dependencies == ("alarms-topic",)


def test_addresses_with_a_token_are_secrets() -> None:
    recording = made()
    mail = dict(recording.of("TopicSubscription", "alarms-email-0").inputs)
    post = recording.of("TopicSubscription", "alarms-https-0")
    mail.pop("topic", None)
    assert mail == {"protocol": "email", "endpoint": "platform@example.org"}
    assert (post.inputs["protocol"], post.inputs["endpoint"]) == ("https", SECRET)
    assert post.secrets == {"endpoint": "https://events.example.com/token"}


def test_the_end_of_a_key_is_told_at_once() -> None:
    recording = made()
    rule = dict(recording.of("EventRule").inputs)
    pattern = json.loads(rule.pop("eventPattern"))
    assert rule.pop("description").startswith("A key is to be deleted or disabled. What to do: ")
    assert rule == {
        "name": "mlops-dev-key-endings",
        "state": "ENABLED",
        "tags": {**TAGS, "Name": "mlops-dev-key-endings"},
    }
    assert pattern == {
        "source": ["aws.kms"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["kms.amazonaws.com"],
            "eventName": [
                "DeleteImportedKeyMaterial",
                "DisableKey",
                "DisableKeyRotation",
                "ScheduleKeyDeletion",
            ],
            "resources": {"ARN": [f"{KEY}-1", f"{KEY}-2"]},
        },
    }
    previewed = registered(lambda: CloudAlarms("alarms", FULL), preview=True)  # type: ignore[arg-type]
    target = previewed.of("EventTarget")
    assert target.inputs == {"rule": "mlops-dev-key-endings", "arn": UNKNOWN}
    assert target.dependencies == ("alarms-key-endings", "alarms-topic", "alarms-topic-policy")


def test_the_description_of_the_event_rule_is_as_short_as_eventbridge_wants() -> None:
    assert len(made().of("EventRule").inputs["description"]) <= 512


def test_a_bucket_that_is_watched_has_its_requests_counted() -> None:
    assert made().of("BucketMetric").inputs == {"bucket": "mlops-dev-models", "name": "EntireBucket"}


def test_ids_that_a_preview_does_not_know_change_no_alarm() -> None:
    def program() -> None:
        CloudAlarms(
            "alarms",
            {  # type: ignore[typeddict-item]
                **FULL,
                "key_arn": unknown(),
                "emails": [unknown()],
                "https_urls": [unknown()],
                "nat_gateways": {"eu-central-1a": unknown()},
                "database": {**FULL["database"], "identifier": unknown()},
                "cluster_name": unknown(),
                "queues": {"interruptions": unknown()},
                "buckets": {"models": unknown()},
                "key_arns": [unknown(), unknown()],
            },
        )

    assert registered(program, preview=True).urns == made().urns


def test_bad_input_is_refused_with_its_path_and_the_remedy() -> None:
    assert refusal(quotas=["vcpu-spot", "vpcs"])[0] == "quotas[1]"
    assert refusal(emails=["nobody"])[0] == "emails[0]"
    path, text = refusal(https_urls=["http://events.example.com/token"])
    assert (path, "token" in text, "begins with https://" in text) == ("https_urls[0]", False, True)
    assert refusal(key_arn="alias/alarms")[0] == "key_arn"
    assert refusal(quota_percent=0)[0] == "quota_percent"
    assert refusal(database={**FULL["database"], "memory_gib": 0})[0] == "database.memory_gib"
    assert refusal(queues={"Interruptions": "queue"})[0] == "queues"
