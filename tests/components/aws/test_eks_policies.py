from __future__ import annotations

import json
import re
from typing import Any

import pytest

from eks_samples import ACCOUNT, KEY
from pulumi_mlops.aws import eks_policies
from pulumi_mlops.aws.eks_place import Place

PLACE = Place("risk", "eu-central-1", ACCOUNT)
EC2 = f"arn:aws:ec2:eu-central-1:{ACCOUNT}"
MADE = [
    f"{EC2}:{kind}/*"
    for kind in (
        "fleet",
        "instance",
        "volume",
        "network-interface",
        "launch-template",
        "spot-instances-request",
    )
]
OWNED = "kubernetes.io/cluster/risk"
ASKED = {
    "StringEquals": {f"aws:RequestTag/{OWNED}": "owned", "aws:RequestTag/eks:eks-cluster-name": "risk"},
    "StringLike": {"aws:RequestTag/karpenter.sh/nodepool": "*"},
}
TAGGED = {
    "StringEquals": {f"aws:ResourceTag/{OWNED}": "owned"},
    "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"},
}
NAMES = ("nodes", "secrets", "volumes", "world")


def policy(name: str) -> str:
    """One of the policies that roles have."""
    return {
        "nodes": lambda: eks_policies.karpenter_nodes(PLACE),
        "world": lambda: eks_policies.karpenter_world(PLACE),
        "volumes": lambda: eks_policies.volumes_key(KEY, "eu-central-1"),
        "secrets": lambda: eks_policies.secrets_key(KEY),
    }[name]()


def statements(text: str) -> dict[str, dict[str, Any]]:
    """The statements by sid, without the keys that all share."""
    document = json.loads(text)
    assert document["Version"] == "2012-10-17"
    return {statement.pop("Sid"): statement for statement in document["Statement"]}


def allow(actions: list[str], resources: list[str], **condition: Any) -> dict[str, Any]:
    given = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {**given, "Condition": condition} if condition else given


def test_karpenter_launches_tags_and_ends_instances_of_its_cluster_only() -> None:
    launch = ["ec2:RunInstances", "ec2:CreateFleet"]
    assert statements(policy("nodes")) == {
        "LaunchFrom": allow(
            launch,
            [
                "arn:aws:ec2:eu-central-1::image/*",
                "arn:aws:ec2:eu-central-1::snapshot/*",
                f"{EC2}:security-group/*",
                f"{EC2}:subnet/*",
            ],
        ),
        "LaunchByOwnTemplate": allow(launch, [f"{EC2}:launch-template/*"], **TAGGED),
        "LaunchTagged": allow([*launch, "ec2:CreateLaunchTemplate"], MADE, **ASKED),
        "TagAtLaunch": allow(
            ["ec2:CreateTags"],
            MADE,
            **{
                **ASKED,
                "StringEquals": {
                    **ASKED["StringEquals"],
                    "ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"],
                },
            },
        ),
        "TagOwnInstances": allow(
            ["ec2:CreateTags"],
            [f"{EC2}:instance/*"],
            **TAGGED,
            **{
                "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": "risk"},
                "ForAllValues:StringEquals": {
                    "aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]
                },
            },
        ),
        "EndOwn": allow(
            ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
            [f"{EC2}:instance/*", f"{EC2}:launch-template/*"],
            **TAGGED,
        ),
    }


def test_karpenter_reads_and_passes_one_role_to_ec2() -> None:
    found = statements(policy("world"))
    read = found.pop("ReadRegion")
    assert read["Condition"] == {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}
    assert read["Resource"] == ["*"]
    assert read["Action"] == [
        f"ec2:Describe{what}"
        for what in (
            "AvailabilityZones",
            "CapacityReservations",
            "Images",
            "Instances",
            "InstanceStatus",
            "InstanceTypeOfferings",
            "InstanceTypes",
            "LaunchTemplates",
            "PlacementGroups",
            "SecurityGroups",
            "SpotPriceHistory",
            "Subnets",
        )
    ]
    role = f"arn:aws:iam::{ACCOUNT}:role/risk-eu-central-1-pool-node"
    profile = f"arn:aws:iam::{ACCOUNT}:instance-profile/risk-eu-central-1-pool-node"
    assert found == {
        "ReadImages": allow(["ssm:GetParameter"], ["arn:aws:ssm:eu-central-1::parameter/aws/service/*"]),
        "ReadPrices": allow(["pricing:GetProducts"], ["*"]),
        "ListProfiles": allow(["iam:ListInstanceProfiles"], ["*"]),
        "ReadProfile": allow(["iam:GetInstanceProfile"], [profile]),
        "ReadCluster": allow(["eks:DescribeCluster"], [f"arn:aws:eks:eu-central-1:{ACCOUNT}:cluster/risk"]),
        "TakeInterruptions": allow(
            ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
            [f"arn:aws:sqs:eu-central-1:{ACCOUNT}:risk-interruptions"],
        ),
        "PassNodeRole": allow(
            ["iam:PassRole"], [role], StringEquals={"iam:PassedToService": "ec2.amazonaws.com"}
        ),
    }


def test_a_key_is_used_through_ec2_and_lent_to_aws_alone() -> None:
    through = {"kms:ViaService": "ec2.eu-central-1.amazonaws.com"}
    assert statements(policy("volumes")) == {
        "UseKeyOfVolumes": allow(
            [
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ],
            [KEY],
            StringEquals=through,
        ),
        "LendKeyOfVolumes": allow(
            ["kms:CreateGrant"], [KEY], StringEquals=through, Bool={"kms:GrantIsForAWSResource": "true"}
        ),
    }


def test_the_control_plane_uses_one_key() -> None:
    assert statements(policy("secrets")) == {
        "SealSecrets": allow(["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"], [KEY])
    }


def test_the_queue_takes_events_of_its_own_rules_and_nothing_without_tls() -> None:
    queue = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:risk-interruptions"
    assert statements(eks_policies.interruption_queue(PLACE, ["health", "rebalance"])) == {
        "RulesSend": {
            **allow(["sqs:SendMessage"], [queue]),
            "Principal": {"Service": ["events.amazonaws.com"]},
            "Condition": {
                "ArnEquals": {
                    "aws:SourceArn": [
                        f"arn:aws:events:eu-central-1:{ACCOUNT}:rule/risk-on-health",
                        f"arn:aws:events:eu-central-1:{ACCOUNT}:rule/risk-on-rebalance",
                    ]
                }
            },
        },
        "TlsOnly": {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueUrl"],
            "Resource": [queue],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    }


@pytest.mark.parametrize("name", NAMES)
def test_no_right_is_a_wildcard(name: str) -> None:
    actions = [action for statement in statements(policy(name)).values() for action in statement["Action"]]
    assert [action for action in actions if "*" in action] == []


def test_karpenters_own_policies_fit_into_one_role() -> None:
    longest = Place("a" * 30, "ap-southeast-1", ACCOUNT)
    together = [
        eks_policies.karpenter_nodes(longest),
        eks_policies.karpenter_world(longest),
        eks_policies.volumes_key(KEY, "ap-southeast-1"),
    ]
    # IAM counts the policies in a role together, without blanks.
    assert len(re.sub(r"\s", "", "".join(together))) <= 10_240
