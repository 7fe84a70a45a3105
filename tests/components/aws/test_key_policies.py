from __future__ import annotations

import json
from typing import Any

import pytest

from policy_linter import details
from pulumi_mlops import InvalidValue
from pulumi_mlops.aws import key_policies

ACCOUNT, REGION = "123456789012", "eu-central-1"
ROOT = {"AWS": [f"arn:aws:iam::{ACCOUNT}:root"]}
CRYPT = [
    "kms:DescribeKey",
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
]
FOR_AWS = {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def statements(*services: str, region: str = REGION) -> dict[str, dict[str, Any]]:
    """The statements of the policy for these services, by sid, without the administration."""
    found = json.loads(key_policies.key_policy(ACCOUNT, region, services))["Statement"]
    return {each.pop("Sid"): each for each in found[1:]}


def test_a_key_for_no_service_can_only_be_administered() -> None:
    policy = json.loads(key_policies.key_policy(ACCOUNT, REGION, []))
    assert [each["Sid"] for each in policy["Statement"]] == ["Administration"]
    administration = policy["Statement"][0]
    assert administration["Principal"] == ROOT
    assert [action for action in administration["Action"] if "crypt" in action or "Data" in action] == []


def test_the_account_can_always_repair_and_delete_its_key() -> None:
    actions = json.loads(key_policies.key_policy(ACCOUNT, REGION, []))["Statement"][0]["Action"]
    needed = {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:EnableKeyRotation"}
    assert needed - set(actions) == set()


def test_use_is_through_the_named_services_by_this_account_and_nothing_else() -> None:
    via = {
        "kms:CallerAccount": ACCOUNT,
        "kms:ViaService": [f"{s}.{REGION}.amazonaws.com" for s in ("ecr", "s3")],
    }
    assert statements("s3", "ecr") == {
        "UseThroughServices": {
            "Effect": "Allow",
            "Principal": ROOT,
            "Action": [*CRYPT, "kms:RetireGrant"],
            "Resource": ["*"],
            "Condition": {"StringEquals": via},
        },
        "GrantThroughServices": {
            "Effect": "Allow",
            "Principal": ROOT,
            "Action": ["kms:CreateGrant"],
            "Resource": ["*"],
            "Condition": {"StringEquals": via, **FOR_AWS},
        },
    }


def test_log_groups_of_this_account_alone_are_encrypted_by_the_log_service() -> None:
    assert statements("logs") == {
        "LogGroups": {
            "Effect": "Allow",
            "Principal": {"Service": ["logs.eu-central-1.amazonaws.com"]},
            "Action": CRYPT[1:],
            "Resource": ["*"],
            "Condition": {
                "StringLike": {
                    "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"
                }
            },
        }
    }


def test_a_publisher_uses_the_key_for_this_accounts_events_alone() -> None:
    assert statements("cloudwatch") == {
        "PublishByCloudwatch": {
            "Effect": "Allow",
            "Principal": {"Service": ["cloudwatch.amazonaws.com"]},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": ["*"],
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
    }


def test_node_groups_start_with_encrypted_volumes_by_the_role_of_auto_scaling() -> None:
    role = (
        f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    )
    shared = {"Effect": "Allow", "Principal": {"AWS": [role]}, "Resource": ["*"]}
    assert statements("autoscaling") == {
        "NodeVolumesOfAutoscaling": {**shared, "Action": CRYPT},
        "NodeVolumeGrantsOfAutoscaling": {**shared, "Action": ["kms:CreateGrant"], "Condition": FOR_AWS},
    }


def test_the_control_plane_needs_no_service_in_between_but_a_right_of_its_role() -> None:
    assert statements("eks") == {
        "ClusterSecrets": {
            "Effect": "Allow",
            "Principal": ROOT,
            "Action": ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"],
            "Resource": ["*"],
            "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT}},
        }
    }


def test_names_follow_the_partition() -> None:
    found = statements("logs", "s3", "spot", region="cn-north-1")
    assert found["LogGroups"]["Principal"] == {"Service": ["logs.cn-north-1.amazonaws.com.cn"]}
    assert found["UseThroughServices"]["Condition"]["StringEquals"]["kms:ViaService"] == [
        "s3.cn-north-1.amazonaws.com"
    ]
    assert found["NodeVolumesOfSpot"]["Principal"]["AWS"] == [
        f"arn:aws-cn:iam::{ACCOUNT}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
    ]


def test_the_linter_finds_nothing_in_a_key_for_all_services() -> None:
    everything = key_policies.key_policy(ACCOUNT, REGION, key_policies.SERVICES)
    assert details(everything, accepted=["RESOURCE_STAR"]) == []


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (key_policies.service, "lambda", "'lambda' is no service that a key is made for; allowed are aps, "),
        (key_policies.rotation_days, 89, "a rotation every 89 days is not possible; allowed is 90 to 2560"),
        (key_policies.rotation_days, 2561, "a rotation every 2561 days is not possible"),
        (key_policies.deletion_days, 6, "a deletion after 6 days is not possible; allowed is 7 to 30"),
        (key_policies.deletion_days, 31, "a deletion after 31 days is not possible"),
    ],
)
def test_what_kms_would_refuse_is_refused_before(check: Any, value: Any, message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        check(value)
