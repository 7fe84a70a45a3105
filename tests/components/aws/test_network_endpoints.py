from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pulumi_mlops.aws import network_endpoints
from pulumi_mlops.aws.network_flow_logs import policy, trust
from pulumi_mlops.errors import InvalidValue

REGION, ACCOUNT, OTHER = "eu-central-1", "123456789012", "210987654321"
DOCS = Path(__file__).parents[3] / "docs" / "aws-network.md"


def test_the_services_that_get_an_endpoint_are_these() -> None:
    assert sorted(network_endpoints.NEEDED) == [
        "ec2",
        "ecr.api",
        "ecr.dkr",
        "eks",
        "eks-auth",
        "elasticloadbalancing",
        "secretsmanager",
        "sqs",
        "ssm",
        "ssmmessages",
        "sts",
    ]


def test_nothing_is_both_needed_and_left_out_and_each_has_its_reason() -> None:
    assert not set(network_endpoints.NEEDED) & set(network_endpoints.LEFT_OUT)
    assert all({**network_endpoints.NEEDED, **network_endpoints.LEFT_OUT}.values())


@pytest.mark.parametrize("table", [network_endpoints.NEEDED, network_endpoints.LEFT_OUT])
def test_the_docs_name_every_service_with_its_reason(table: dict[str, str]) -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", DOCS.read_text(), re.MULTILINE)
    assert {name: reason for name, reason in rows if name in table} == table


def test_services_left_out_can_be_added() -> None:
    for each in network_endpoints.LEFT_OUT:
        assert network_endpoints.service(each) == each


@pytest.mark.parametrize("value", ["", "com.amazonaws.eu-central-1.logs", "Logs", "a b", ".api", "ecr.."])
def test_what_is_no_service_is_refused(value: str) -> None:
    with pytest.raises(InvalidValue, match="is no service's name"):
        network_endpoints.service(value)


@pytest.mark.parametrize("region", ["cn-north-1", "us-iso-east-1", "us-isob-east-1"])
def test_regions_that_name_endpoints_otherwise_are_refused(region: str) -> None:
    with pytest.raises(InvalidValue, match="make the VPC with its endpoints yourself and adopt it"):
        network_endpoints.service_name(region, "ec2")


def test_other_regions_name_endpoints_alike() -> None:
    assert network_endpoints.service_name("us-gov-west-1", "ecr.api") == "com.amazonaws.us-gov-west-1.ecr.api"


def test_the_gateway_lets_this_account_reach_its_own_buckets_and_the_layers_of_images() -> None:
    assert json.loads(network_endpoints.s3_policy(REGION, ACCOUNT)) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OwnBuckets",
                "Effect": "Allow",
                "Principal": "*",
                "Action": list(network_endpoints.OBJECT_ACTIONS),
                "Resource": ["arn:aws:s3:::*", "arn:aws:s3:::*/*"],
                "Condition": {
                    "StringEquals": {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT}
                },
            },
            {
                "Sid": "ImageLayers",
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["s3:GetObject"],
                "Resource": ["arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*"],
            },
        ],
    }


def test_buckets_of_accounts_that_are_named_can_be_read_and_not_written() -> None:
    statement = json.loads(network_endpoints.s3_policy(REGION, ACCOUNT, [OTHER]))["Statement"][2]
    assert statement == {
        "Sid": "ReadElsewhere",
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"],
        "Resource": ["arn:aws:s3:::*", "arn:aws:s3:::*/*"],
        "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": [OTHER]}},
    }


def test_no_action_is_a_pattern_and_none_manages_a_bucket() -> None:
    actions = network_endpoints.OBJECT_ACTIONS
    assert not [each for each in actions if "*" in each]
    assert not [each for each in actions if re.match("s3:(Create|Delete|Put)Bucket", each)]


def test_the_policy_of_s3_is_of_the_partition_of_its_region() -> None:
    resources = json.loads(network_endpoints.s3_policy("us-gov-west-1", ACCOUNT))["Statement"][0]["Resource"]
    assert resources == ["arn:aws-us-gov:s3:::*", "arn:aws-us-gov:s3:::*/*"]


def test_flow_logs_are_written_by_aws_for_this_account_only() -> None:
    assert json.loads(trust(REGION, ACCOUNT))["Statement"] == [
        {
            "Sid": "Assume",
            "Effect": "Allow",
            "Principal": {"Service": ["vpc-flow-logs.amazonaws.com"]},
            "Action": ["sts:AssumeRole"],
            "Condition": {
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {"aws:SourceArn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc-flow-log/*"},
            },
        }
    ]


def test_flow_logs_go_to_one_log_group_that_their_role_cannot_make() -> None:
    groups = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
    assert json.loads(policy(REGION, ACCOUNT, "/mlops/dev/flow-logs"))["Statement"] == [
        {
            "Sid": "Write",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": [f"{groups}/mlops/dev/flow-logs", f"{groups}/mlops/dev/flow-logs:*"],
        },
        {"Sid": "Find", "Effect": "Allow", "Action": ["logs:DescribeLogGroups"], "Resource": [f"{groups}*"]},
    ]
