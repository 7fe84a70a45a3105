"""What an account holds of an environment, found by tag in an account made of moto."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from aws_account import account, answer
from mlops_cli.aws.access import Account
from mlops_cli.aws.arns import parse
from mlops_cli.aws.inventory import Fate, Leftover, deletion_protected, grouped, leftovers, tagged

TAG = {"Key": "mlops:environment", "Value": "dev"}
OTHER = {"Key": "mlops:environment", "Value": "prod"}
OWNED = {"Key": "kubernetes.io/cluster/mlops-dev", "Value": "owned"}
SHARED = {"Key": "kubernetes.io/cluster/mlops-dev", "Value": "shared"}


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as found:
        yield found


def of(kind: str, *tags: dict[str, str]) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": list(tags)}]


def network(aws: Account, *tags: dict[str, str]) -> tuple[str, str]:
    """A VPC and a subnet with the tags."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=of("vpc", *tags))["Vpc"]["VpcId"]
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", TagSpecifications=of("subnet", *tags))
    return vpc, made["Subnet"]["SubnetId"]


def volume(aws: Account, *tags: dict[str, str]) -> str:
    made = aws.client("ec2").create_volume(
        AvailabilityZone="eu-central-1a", Size=1, TagSpecifications=of("volume", *tags)
    )
    return str(made["VolumeId"])


def names(left: list[Leftover]) -> list[tuple[str, str, Fate]]:
    return [(each.arn.kind, each.arn.id, each.fate) for each in left]


def test_an_account_without_the_tag_holds_nothing(aws: Account) -> None:
    network(aws, OTHER)
    assert tagged(aws, "dev") == []


def test_what_carries_the_tag_is_listed_by_kind_and_nothing_else(aws: Account) -> None:
    vpc, subnet = network(aws, TAG)
    network(aws, OTHER)
    ours = volume(aws, TAG)
    groups = grouped(tagged(aws, "dev"))
    assert {kind: [arn.id for arn in arns] for kind, arns in groups.items()} == {
        "ec2:subnet": [subnet],
        "ec2:volume": [ours],
        "ec2:vpc": [vpc],
    }


def test_what_a_controller_of_the_cluster_made_is_listed_and_a_shared_subnet_is_not(aws: Account) -> None:
    network(aws, SHARED)
    claimed = volume(aws, OWNED)
    assert [arn.id for arn in tagged(aws, "dev", "mlops-dev")] == [claimed]
    assert tagged(aws, "dev") == []


def test_a_role_is_found_by_name_and_tag(aws: Account) -> None:
    iam = aws.client("iam")
    trust = '{"Version": "2012-10-17", "Statement": []}'
    for name, tags in (("mlops-dev-loader", [TAG]), ("mlops-dev-other", [OTHER]), ("elsewhere", [TAG])):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, Tags=tags)
    assert [arn.id for arn in tagged(aws, "dev")] == ["mlops-dev-loader"]


def test_a_key_of_the_global_region_is_found_too(aws: Account) -> None:
    made = aws.client("kms", "us-east-1").create_key(Tags=[{"TagKey": TAG["Key"], "TagValue": TAG["Value"]}])[
        "KeyMetadata"
    ]
    assert [(arn.id, arn.region) for arn in tagged(aws, "dev")] == [(made["KeyId"], "us-east-1")]


def test_what_aws_deletes_by_itself_is_going_and_what_is_gone_is_not_listed(aws: Account) -> None:
    ec2, kms = aws.client("ec2"), aws.client("kms")
    _, subnet = network(aws, TAG)
    key = kms.create_key(Tags=[{"TagKey": TAG["Key"], "TagValue": TAG["Value"]}])["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    instance = ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, TagSpecifications=of("instance", TAG)
    )["Instances"][0]["InstanceId"]
    ec2.terminate_instances(InstanceIds=[instance])
    found = names(leftovers(aws, "dev"))
    assert [each for each in found if each[0] not in {"ec2:subnet", "ec2:vpc"}] == [
        ("kms:key", key, Fate.GOING)
    ]
    assert [each[2] for each in found] == [Fate.LEFT, Fate.LEFT, Fate.GOING]


def test_a_last_snapshot_is_kept_on_purpose(aws: Account) -> None:
    rds = aws.client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="mlops",
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="mlops",
        MasterUserPassword="not-a-secret",
        Tags=[TAG],
    )
    rds.create_db_snapshot(DBSnapshotIdentifier="mlops-final", DBInstanceIdentifier="mlops", Tags=[TAG])
    assert names(leftovers(aws, "dev")) == [
        ("rds:db", "mlops", Fate.LEFT),
        ("rds:snapshot", "mlops-final", Fate.KEPT),
    ]


def test_what_may_not_be_looked_at_counts_as_left(aws: Account) -> None:
    ours = volume(aws, TAG)
    error = "<Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error>"
    body = f"<Response><Errors>{error}</Errors></Response>"
    answer(aws, "ec2.DescribeVolumes", 403, body)
    assert names(leftovers(aws, "dev")) == [("ec2:volume", ours, Fate.LEFT)]


def test_a_line_has_the_command_unless_aws_does_it() -> None:
    arn = parse("arn:aws:ec2:eu-central-1:123456789012:volume/vol-1")
    assert Leftover(arn, Fate.LEFT).line() == (
        "left  ec2:volume vol-1\n      aws ec2 delete-volume --volume-id vol-1 --region eu-central-1"
    )
    assert Leftover(arn, Fate.GOING).line() == "going ec2:volume vol-1"


@pytest.mark.parametrize("protected", [True, False])
def test_databases_and_load_balancers_say_whether_they_are_protected(protected: bool, aws: Account) -> None:
    _, subnet = network(aws, TAG)
    balancer = aws.client("elbv2").create_load_balancer(
        Name="edge", Subnets=[subnet], Type="network", Tags=[TAG]
    )
    arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    aws.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=arn,
        Attributes=[{"Key": "deletion_protection.enabled", "Value": str(protected).lower()}],
    )
    made = aws.client("rds").create_db_instance(
        DBInstanceIdentifier="mlops",
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="mlops",
        MasterUserPassword="not-a-secret",
        DeletionProtection=protected,
        Tags=[TAG],
    )["DBInstance"]
    expected = {arn, made["DBInstanceArn"]} if protected else set()
    assert deletion_protected(aws, tagged(aws, "dev")) == expected
