"""Quotas against use and need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aws_account import REGION, account, stubbed
from mlops_cli.aws.access import Account
from mlops_cli.aws.checks_quotas import QUOTAS, family_counts, is_accelerated, quotas, verdict
from mlops_cli.aws.findings import Level
from mlops_cli.aws.needs import AwsNeeds

NAT = next(quota for quota in QUOTAS if quota.code == "L-FE5A380F")


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as found:
        yield found


@pytest.mark.parametrize(
    ("limit", "used", "needed", "up", "level", "text"),
    [
        (5, 2, 3, False, Level.OK, "5 allowed, 2 used, 3 needed"),
        (5, 3, 3, False, Level.FAIL, "5 allowed, 3 used, 3 needed"),
        (5, 3, 3, True, Level.WARN, "5 allowed, 3 used, 3 needed, some of which this environment uses now"),
        (5, 3, 6, True, Level.FAIL, "5 allowed, 3 used, 6 needed"),
        (None, 3, 3, False, Level.WARN, "Service Quotas does not list vpc/L-FE5A380F here"),
    ],
)
def test_what_is_used_and_needed_must_fit(
    limit: float | None, used: int, needed: int, up: bool, level: Level, text: str
) -> None:
    found = verdict(NAT, limit, used, needed, up=up)
    assert (found.level, found.check, found.text) == (level, "quota NAT gateways in a zone", text)


def test_a_shortage_comes_with_the_command_that_asks_for_enough() -> None:
    assert verdict(NAT, 5, 4, 3, up=False).remedy == (
        "`aws service-quotas request-service-quota-increase --service-code vpc --quota-code L-FE5A380F"
        " --desired-value 7`; AWS may take days"
    )


@pytest.mark.parametrize(
    ("instance_type", "accelerated"),
    [
        ("m7g.large", False),
        ("c6i.xlarge", False),
        ("t4g.small", False),
        ("r7iz.large", False),
        ("z1d.large", False),
        ("g6.xlarge", True),
        ("g4dn.xlarge", True),
        ("vt1.3xlarge", True),
        ("p5.48xlarge", None),
        ("inf2.xlarge", None),
        ("trn1.2xlarge", None),
        ("mac2.metal", None),
        ("hpc7g.4xlarge", None),
        ("u-6tb1.metal", None),
    ],
)
def test_each_family_counts_in_one_quota(instance_type: str, accelerated: bool | None) -> None:
    assert is_accelerated(instance_type) is accelerated


def test_only_what_an_environment_needs_is_asked_for(aws: Account) -> None:
    assert list(quotas(aws, AwsNeeds(region=REGION))) == []


def test_use_is_counted_in_the_account(aws: Account) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zone = "eu-central-1a"
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone=zone)["Subnet"]
    for _ in range(2):
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        ec2.create_nat_gateway(SubnetId=subnet["SubnetId"], AllocationId=address)
    used = {quota.name: quota.used(aws) for quota in QUOTAS}
    assert used == {
        "vCPUs on demand, standard": 0,
        "vCPUs spot, standard": 0,
        "vCPUs on demand, G and VT": 0,
        "vCPUs spot, G and VT": 0,
        "elastic addresses": 2,
        # The default one counts, too.
        "VPCs": 2,
        "NAT gateways in a zone": 2,
        "EKS clusters": 0,
        "database instances": 0,
    }


def test_running_processors_are_counted_by_family_and_market(aws: Account) -> None:
    client, stub = stubbed("ec2")
    options = {"CoreCount": 2, "ThreadsPerCore": 2}
    instances = [
        {"InstanceType": "m7i.xlarge", "CpuOptions": options},
        {"InstanceType": "c7i.xlarge", "CpuOptions": options, "InstanceLifecycle": "spot"},
        {"InstanceType": "g6.xlarge", "CpuOptions": options},
        {"InstanceType": "p5.48xlarge", "CpuOptions": options},
    ]
    aws._clients["ec2", REGION] = client
    counts = []
    with stub:
        for spot, accelerated in ((False, False), (True, False), (False, True), (True, True)):
            stub.add_response(
                "describe_instances",
                {"Reservations": [{"Instances": instances}]},
                {"Filters": [{"Name": "instance-state-name", "Values": ["pending", "running"]}]},
            )
            counts.append(family_counts(aws, spot=spot, accelerated=accelerated))
    assert counts == [4, 4, 4, 0]


def test_limits_are_those_of_the_account_else_the_defaults(aws: Account) -> None:
    client, stub = stubbed("service-quotas")
    asked = {"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"}
    stub.add_response("get_service_quota", {"Quota": {"Value": 1.0}}, asked)
    eks = {"ServiceCode": "eks", "QuotaCode": "L-1194D53C"}
    stub.add_client_error("get_service_quota", "NoSuchResourceException", expected_params=eks)
    stub.add_response("get_aws_default_service_quota", {"Quota": {"Value": 100.0}}, eks)
    aws._clients["service-quotas", REGION] = client
    with stub:
        found = list(quotas(aws, AwsNeeds(region=REGION, cluster_name="mlops-dev")))
        stub.assert_no_pending_responses()
    assert [(each.level, each.text) for each in found] == [
        (Level.FAIL, "1 allowed, 1 used, 1 needed"),
        (Level.OK, "100 allowed, 0 used, 1 needed"),
    ]
