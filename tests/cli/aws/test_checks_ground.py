"""Checks of the ground, against moto where it knows the call and botocore's stub where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from aws_account import ACCOUNT, REGION, account, stubbed
from mlops_cli.aws import checks_ground
from mlops_cli.aws.access import Account
from mlops_cli.aws.findings import Finding, Level
from mlops_cli.aws.needs import AwsNeeds

ZONES = ("eu-central-1a", "eu-central-1b")


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as found:
        yield found


def needs(**values: Any) -> AwsNeeds:
    return AwsNeeds(region=REGION, **values)


def plain(findings: Iterator[Finding]) -> list[tuple[Level, str, str]]:
    return [(each.level, each.text, each.remedy) for each in findings]


def test_the_identity_is_shown(aws: Account) -> None:
    (found,) = checks_ground.identity(aws, needs(account_id=ACCOUNT))
    assert (found.level, found.text) == (Level.OK, f"{aws.identity_arn} in account {ACCOUNT}")


def test_an_identity_of_another_account_fails(aws: Account) -> None:
    assert plain(checks_ground.identity(aws, needs(account_id="999999999999"))) == [
        (
            Level.FAIL,
            f"{aws.identity_arn} in account {ACCOUNT}, and the settings name account 999999999999",
            "set AWS_PROFILE to a profile of 999999999999",
        )
    ]


def test_the_root_user_is_warned_of() -> None:
    root = Account(None, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", REGION)
    (found,) = checks_ground.identity(root, needs())
    assert (found.level, found.remedy) == (
        Level.WARN,
        "use a role: nobody can limit or tell apart what root does",
    )


@pytest.mark.parametrize(
    ("status", "level", "remedy"),
    [
        ("opt-in-not-required", Level.OK, ""),
        ("opted-in", Level.OK, ""),
        (
            "not-opted-in",
            Level.FAIL,
            f"`aws account enable-region --region-name {REGION}`, then wait some minutes",
        ),
        (None, Level.FAIL, "known are eu-north-1"),
    ],
)
def test_a_region_must_exist_and_be_switched_on(status: str | None, level: Level, remedy: str) -> None:
    client, stub = stubbed("ec2", "us-east-1")
    listed = [{"RegionName": "eu-north-1", "OptInStatus": "opted-in"}]
    if status is not None:
        listed.append({"RegionName": REGION, "OptInStatus": status})
    stub.add_response("describe_regions", {"Regions": listed}, {"AllRegions": True})
    found = Account(None, ACCOUNT, "arn", REGION)
    found._clients["ec2", "us-east-1"] = client
    with stub:
        (finding,) = checks_ground.region(found, needs())
    assert (finding.level, finding.remedy) == (level, remedy)


def test_zones_must_be_there(aws: Account) -> None:
    assert plain(checks_ground.zones(aws, needs(zones=ZONES))) == [
        (Level.OK, "eu-central-1a, eu-central-1b are available", "")
    ]
    assert plain(checks_ground.zones(aws, needs(zones=(*ZONES, "eu-central-1x")))) == [
        (
            Level.FAIL,
            "not usable here: eu-central-1x",
            "choose among eu-central-1a, eu-central-1b, eu-central-1c",
        )
    ]
    assert plain(checks_ground.zones(aws, needs())) == []


def test_services_without_an_endpoint_are_warned_of(aws: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each.level for each in checks_ground.services(aws, needs())] == [Level.OK]
    monkeypatch.setattr(checks_ground, "SERVICES", ("eks", "sumerian"))
    monkeypatch.setattr(
        aws.session, "get_available_regions", lambda name, partition_name: [REGION] if name == "eks" else []
    )
    (found,) = checks_ground.services(aws, needs())
    assert (found.level, found.text) == (Level.WARN, f"boto3 knows no endpoint in {REGION} for sumerian")


def test_an_instance_type_must_be_offered_in_the_zones(aws: Account) -> None:
    client, stub = stubbed("ec2")
    offered = [("m7g.large", "eu-central-1a"), ("m7g.large", "eu-central-1b"), ("g6.xlarge", "eu-central-1a")]
    stub.add_response(
        "describe_instance_type_offerings",
        {"InstanceTypeOfferings": [{"InstanceType": name, "Location": zone} for name, zone in offered]},
        {
            "LocationType": "availability-zone",
            "Filters": [
                {"Name": "instance-type", "Values": ["m7g.large", "g6.xlarge", "p5.48xlarge"]},
                {"Name": "location", "Values": list(ZONES)},
            ],
        },
    )
    aws._clients["ec2", REGION] = client
    wanted = needs(zones=ZONES, instance_types=("m7g.large", "g6.xlarge", "p5.48xlarge"))
    with stub:
        found = plain(checks_ground.instance_types(aws, wanted))
    assert found == [
        (Level.OK, "m7g.large is offered in eu-central-1a, eu-central-1b", ""),
        (
            Level.WARN,
            "g6.xlarge is not offered in eu-central-1b",
            "name a second type beside it, or choose other zones",
        ),
        (
            Level.FAIL,
            "p5.48xlarge is not offered in eu-central-1a, eu-central-1b",
            f"choose one of `aws ec2 describe-instance-type-offerings --region {REGION}`",
        ),
    ]


def test_instance_types_are_asked_of_a_whole_account_too(aws: Account) -> None:
    wanted = needs(zones=ZONES, instance_types=("m5.large", "m5.huge"))
    assert [each.level for each in checks_ground.instance_types(aws, wanted)] == [Level.OK, Level.FAIL]


@pytest.mark.parametrize(
    ("offered", "level", "text"),
    [
        (ZONES, Level.OK, "db.t4g.medium is offered in eu-central-1a, eu-central-1b"),
        (
            ("eu-central-1a", "eu-central-1c"),
            Level.FAIL,
            "db.t4g.medium for PostgreSQL is offered in eu-central-1a, and a database needs two zones",
        ),
        (
            (),
            Level.FAIL,
            "db.t4g.medium for PostgreSQL is offered in no zone, and a database needs two zones",
        ),
    ],
)
def test_a_database_class_must_be_offered_in_two_zones(
    offered: tuple[str, ...], level: Level, text: str, aws: Account
) -> None:
    client, stub = stubbed("rds")
    option = {"AvailabilityZones": [{"Name": zone} for zone in offered]}
    stub.add_response(
        "describe_orderable_db_instance_options",
        {"OrderableDBInstanceOptions": [option]},
        {"Engine": "postgres", "DBInstanceClass": "db.t4g.medium"},
    )
    aws._clients["rds", REGION] = client
    with stub:
        (found,) = checks_ground.database_class(aws, needs(zones=ZONES, database_class="db.t4g.medium"))
    assert (found.level, found.text) == (level, text)


def test_absent_roles_of_services_are_named_with_the_command_that_makes_them(aws: Account) -> None:
    found = list(checks_ground.service_roles(aws, needs()))
    assert [(each.level, each.remedy.split()[-1].strip("`")) for each in found] == [
        (Level.WARN, "eks.amazonaws.com"),
        (Level.WARN, "eks-nodegroup.amazonaws.com"),
        (Level.WARN, "autoscaling.amazonaws.com"),
        (Level.WARN, "elasticloadbalancing.amazonaws.com"),
        (Level.WARN, "rds.amazonaws.com"),
        (Level.FAIL, "spot.amazonaws.com"),
    ]
    assert found[-1].text == "AWSServiceRoleForEC2Spot is absent, so no spot node can start"
    iam = aws.client("iam")
    for name in (*checks_ground.SERVICE_ROLES, checks_ground.SPOT_ROLE):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
    assert plain(checks_ground.service_roles(aws, needs())) == [(Level.OK, "all 6 are there", "")]


def test_without_spot_nodes_the_role_of_spot_is_not_missed(aws: Account) -> None:
    found = list(checks_ground.service_roles(aws, needs(spot=False)))
    assert [each for each in found if each.level is Level.FAIL] == []
