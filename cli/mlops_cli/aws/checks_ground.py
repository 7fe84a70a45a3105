"""Read-only checks of the ground: region, zones, services, types of instances, roles of services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_cli.aws.access import Account, code_of
from mlops_cli.aws.findings import Finding, fail, ok, warn
from mlops_cli.aws.needs import AwsNeeds

GLOBAL_REGION = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""The region of each partition that is always on."""
SERVICES = ("ec2", "ecr", "eks", "elbv2", "kms", "rds", "s3", "secretsmanager")
SERVICE_ROLES = {
    "AWSServiceRoleForAmazonEKS": "eks.amazonaws.com",
    "AWSServiceRoleForAmazonEKSNodegroup": "eks-nodegroup.amazonaws.com",
    "AWSServiceRoleForAutoScaling": "autoscaling.amazonaws.com",
    "AWSServiceRoleForElasticLoadBalancing": "elasticloadbalancing.amazonaws.com",
    "AWSServiceRoleForRDS": "rds.amazonaws.com",
}
SPOT_ROLE = "AWSServiceRoleForEC2Spot"


def identity(account: Account, needs: AwsNeeds) -> Iterator[Finding]:
    """Whose credentials these are."""
    who = f"{account.identity_arn} in account {account.account_id}"
    if needs.account_id not in (None, account.account_id):
        yield fail(
            "identity",
            f"{who}, and the settings name account {needs.account_id}",
            f"set AWS_PROFILE to a profile of {needs.account_id}",
        )
    elif account.identity_arn.endswith(":root"):
        yield warn(
            "identity", f"{who}: the root user", "use a role: nobody can limit or tell apart what root does"
        )
    else:
        yield ok("identity", who)


def region(account: Account, needs: AwsNeeds) -> Iterator[Finding]:
    """Whether the account has switched the region on."""
    ec2 = account.client("ec2", GLOBAL_REGION[account.partition])
    listed = ec2.describe_regions(AllRegions=True)["Regions"]
    found = {each["RegionName"]: each.get("OptInStatus", "opt-in-not-required") for each in listed}
    status = found.get(needs.region)
    if status is None:
        yield fail("region", f"there is no region {needs.region}", f"known are {', '.join(sorted(found))}")
    elif status == "not-opted-in":
        yield fail(
            "region",
            f"{needs.region} is not switched on in this account",
            f"`aws account enable-region --region-name {needs.region}`, then wait some minutes",
        )
    else:
        yield ok("region", f"{needs.region} is on")


def zones(account: Account, needs: AwsNeeds) -> Iterator[Finding]:
    """Whether the zones exist and are available."""
    listed = account.client("ec2").describe_availability_zones(AllAvailabilityZones=True)["AvailabilityZones"]
    states = {each["ZoneName"]: each for each in listed}
    usable = sorted(
        name
        for name, each in states.items()
        if each["State"] == "available" and each.get("OptInStatus") != "not-opted-in"
    )
    wrong = [zone for zone in needs.zones if zone not in usable]
    if wrong:
        yield fail("zones", f"not usable here: {', '.join(wrong)}", f"choose among {', '.join(usable)}")
    elif needs.zones:
        yield ok("zones", f"{', '.join(needs.zones)} are available")


def services(account: Account, needs: AwsNeeds) -> Iterator[Finding]:
    """Whether the services exist in the region, as far as the installed boto3 knows."""
    absent = [
        name
        for name in SERVICES
        if needs.region not in account.session.get_available_regions(name, partition_name=account.partition)
    ]
    if absent:
        yield warn(
            "services",
            f"boto3 knows no endpoint in {needs.region} for {', '.join(absent)}",
            "see the AWS Regional Services List, or update boto3",
        )
    else:
        yield ok("services", f"{', '.join(SERVICES)} have endpoints in {needs.region}")


def instance_types(account: Account, needs: AwsNeeds) -> Iterator[Finding]:
    """Whether each instance type is offered in the zones."""
    if not needs.instance_types:
        return
    filters = [{"Name": "instance-type", "Values": list(needs.instance_types)}]
    if needs.zones:
        filters.append({"Name": "location", "Values": list(needs.zones)})
    pages = account.client("ec2").get_paginator("describe_instance_type_offerings")
    offered: dict[str, set[str]] = {name: set() for name in needs.instance_types}
    for page in pages.paginate(LocationType="availability-zone", Filters=filters):
        for each in page["InstanceTypeOfferings"]:
            offered[each["InstanceType"]].add(each["Location"])
    for name, places in offered.items():
        lacking = [zone for zone in needs.zones if zone not in places]
        if not places:
            yield fail(
                "instance types",
                f"{name} is not offered in {', '.join(needs.zones) or needs.region}",
                f"choose one of `aws ec2 describe-instance-type-offerings --region {needs.region}`",
            )
        elif lacking:
            yield warn(
                "instance types",
                f"{name} is not offered in {', '.join(lacking)}",
                "name a second type beside it, or choose other zones",
            )
        else:
            yield ok("instance types", f"{name} is offered in {', '.join(sorted(places))}")


def database_class(account: Account, needs: AwsNeeds) -> Iterator[Finding]:
    """Whether PostgreSQL can be ordered on the database's class, and in at least two zones."""
    if needs.database_class is None:
        return
    pages = account.client("rds").get_paginator("describe_orderable_db_instance_options")
    found: set[str] = set()
    for page in pages.paginate(Engine="postgres", DBInstanceClass=needs.database_class):
        for option in page["OrderableDBInstanceOptions"]:
            found |= {zone["Name"] for zone in option.get("AvailabilityZones", [])}
    usable = found & set(needs.zones) if needs.zones else found
    if len(usable) >= 2:
        yield ok("database class", f"{needs.database_class} is offered in {', '.join(sorted(usable))}")
    else:
        yield fail(
            "database class",
            f"{needs.database_class} for PostgreSQL is offered in {', '.join(sorted(usable)) or 'no zone'},"
            " and a database needs two zones",
            f"choose one of `aws rds describe-orderable-db-instance-options --engine postgres"
            f" --region {needs.region}`",
        )


def service_roles(account: Account, needs: AwsNeeds) -> Iterator[Finding]:
    """Whether the roles that AWS services act with exist."""
    wanted = {**SERVICE_ROLES, **({SPOT_ROLE: "spot.amazonaws.com"} if needs.spot else {})}
    iam = account.client("iam")
    present = []
    for name, service in wanted.items():
        if _has_role(iam, name):
            present.append(name)
            continue
        remedy = f"`aws iam create-service-linked-role --aws-service-name {service}`"
        if name == SPOT_ROLE:
            yield fail("service roles", f"{name} is absent, so no spot node can start", remedy)
        else:
            yield warn(
                "service roles",
                f"{name} is absent; AWS makes it at first use if you may iam:CreateServiceLinkedRole",
                remedy,
            )
    if len(present) == len(wanted):
        yield ok("service roles", f"all {len(present)} are there")


def _has_role(iam: Any, name: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        iam.get_role(RoleName=name)
    except ClientError as error:
        if code_of(error) in {"NoSuchEntity", "NoSuchEntityException"}:
            return False
        raise
    return True
