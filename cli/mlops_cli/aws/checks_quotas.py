"""Read-only checks of quotas: what the account may have, what it uses, what the environment needs on top.

Codes are those of the Service Quotas console (`aws service-quotas list-service-quotas`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mlops_cli.aws.access import Account, code_of
from mlops_cli.aws.findings import Finding, fail, ok, warn
from mlops_cli.aws.needs import AwsNeeds

STANDARD = "acdhimrtz"
"""First letters of the instance families that the quota of standard vCPUs counts."""
ACCELERATED = ("g", "vt")


@dataclass(frozen=True)
class Quota:
    """One quota: where it is, what is used of it, what the environment needs more."""

    name: str
    service: str
    code: str
    used: Callable[[Account], int]
    needed: Callable[[AwsNeeds], int]


def quotas(account: Account, needs: AwsNeeds) -> Iterator[Finding]:
    """Compare every quota with what is used and what is needed; the need counts in full.

    An environment that is up already uses what it needs; so a shortage is a warning there, a failure before.
    """
    client = account.client("service-quotas")
    up = _is_up(account, needs)
    for quota in QUOTAS:
        needed = quota.needed(needs)
        if needed == 0:
            continue
        limit, used = _limit(client, quota), quota.used(account)
        yield verdict(quota, limit, used, needed, up=up)


def verdict(quota: Quota, limit: float | None, used: int, needed: int, *, up: bool) -> Finding:
    """What one quota's numbers mean. `limit` is None where Service Quotas does not know the quota."""
    check = f"quota {quota.name}"
    if limit is None:
        return warn(
            check,
            f"Service Quotas does not list {quota.service}/{quota.code} here",
            "look in the Service Quotas console",
        )
    told = f"{limit:g} allowed, {used} used, {needed} needed"
    if used + needed <= limit:
        return ok(check, told)
    ask = (
        f"`aws service-quotas request-service-quota-increase --service-code {quota.service}"
        f" --quota-code {quota.code} --desired-value {used + needed}`; AWS may take days"
    )
    if needed > limit or not up:
        return fail(check, told, ask)
    return warn(check, f"{told}, some of which this environment uses now", ask)


def _limit(client: Any, quota: Quota) -> float | None:
    """The value applied to the account, else AWS's default; None for an unknown quota."""
    from botocore.exceptions import ClientError

    for operation in ("get_service_quota", "get_aws_default_service_quota"):
        try:
            answer = getattr(client, operation)(ServiceCode=quota.service, QuotaCode=quota.code)
        except ClientError as error:
            if code_of(error) in {"NoSuchResourceException", "NoSuchResource"}:
                continue
            raise
        return float(answer["Quota"]["Value"])
    return None


def _is_up(account: Account, needs: AwsNeeds) -> bool:
    if needs.cluster_name is None:
        return False
    return needs.cluster_name in _clusters(account)


def _clusters(account: Account) -> list[str]:
    pages = account.client("eks").get_paginator("list_clusters").paginate()
    return [name for page in pages for name in page["clusters"]]


def family_counts(account: Account, *, spot: bool, accelerated: bool) -> int:
    """Virtual CPUs of running instances that one of the four quotas counts."""
    pages = account.client("ec2").get_paginator("describe_instances")
    total = 0
    for page in pages.paginate(Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}]):
        for reservation in page["Reservations"]:
            for each in reservation["Instances"]:
                is_spot = each.get("InstanceLifecycle") == "spot"
                if is_spot is spot and is_accelerated(each["InstanceType"]) is accelerated:
                    options = each.get("CpuOptions", {})
                    total += options.get("CoreCount", 1) * options.get("ThreadsPerCore", 1)
    return total


def is_accelerated(instance_type: str) -> bool | None:
    """True for the G and VT families, False for standard ones, None for those with quotas of their own."""
    family = re.split(r"[^a-z]", instance_type, maxsplit=1)[0]
    if family in ACCELERATED:
        return True
    return False if len(family) == 1 and family in STANDARD else None


def _busiest_zone(account: Account) -> int:
    """NAT gateways in the zone with most of them."""
    ec2 = account.client("ec2")
    gateways = [
        gateway
        for page in ec2.get_paginator("describe_nat_gateways").paginate(
            Filters=[{"Name": "state", "Values": ["pending", "available"]}]
        )
        for gateway in page["NatGateways"]
    ]
    if not gateways:
        return 0
    subnets = sorted({gateway["SubnetId"] for gateway in gateways})
    found = ec2.describe_subnets(SubnetIds=subnets)["Subnets"]
    zone_of = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in found}
    return max(Counter(zone_of[gateway["SubnetId"]] for gateway in gateways).values())


def _databases(account: Account) -> int:
    pages = account.client("rds").get_paginator("describe_db_instances").paginate()
    return sum(len(page["DBInstances"]) for page in pages)


def _vcpu_quota(name: str, code: str, *, spot: bool, accelerated: bool) -> Quota:
    def needed(needs: AwsNeeds) -> int:
        return (needs.gpus if accelerated else needs.vcpus) if needs.spot or not spot else 0

    return Quota(
        name, "ec2", code, lambda account: family_counts(account, spot=spot, accelerated=accelerated), needed
    )


QUOTAS = (
    _vcpu_quota("vCPUs on demand, standard", "L-1216C47A", spot=False, accelerated=False),
    _vcpu_quota("vCPUs spot, standard", "L-34B43A08", spot=True, accelerated=False),
    _vcpu_quota("vCPUs on demand, G and VT", "L-DB2E81BA", spot=False, accelerated=True),
    _vcpu_quota("vCPUs spot, G and VT", "L-3819A6DF", spot=True, accelerated=True),
    Quota(
        "elastic addresses",
        "ec2",
        "L-0263D0A3",
        lambda account: len(account.client("ec2").describe_addresses()["Addresses"]),
        lambda needs: len(needs.zones),
    ),
    Quota(
        "VPCs",
        "vpc",
        "L-F678F1CE",
        lambda account: len(account.client("ec2").describe_vpcs()["Vpcs"]),
        lambda needs: 1 if needs.cluster_name else 0,
    ),
    Quota(
        "NAT gateways in a zone",
        "vpc",
        "L-FE5A380F",
        _busiest_zone,
        lambda needs: 1 if needs.zones else 0,
    ),
    Quota(
        "EKS clusters",
        "eks",
        "L-1194D53C",
        lambda account: len(_clusters(account)),
        lambda needs: 1 if needs.cluster_name else 0,
    ),
    Quota(
        "database instances",
        "rds",
        "L-7B6409FD",
        _databases,
        lambda needs: 1 if needs.database_class else 0,
    ),
)
