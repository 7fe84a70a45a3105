"""What an account holds of an environment, found by tag: what a destroy would delete, and what it left.

The tagging API is eventually consistent and goes on listing some kinds for an hour after they are gone, so
those kinds are asked for themselves. It does not list IAM roles; they are found by name and their own tags.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mlops_cli.aws.access import Account, code_of
from mlops_cli.aws.arns import Arn, delete_command, parse
from mlops_cli.aws.checks_ground import GLOBAL_REGION
from pulumi_mlops.aws.aws_tags import REQUIRED

ENVIRONMENT_TAG = REQUIRED[0]


class Fate(StrEnum):
    """What is to be done about a resource that is still there."""

    LEFT = "left"
    """Somebody has to delete it, or goes on paying."""
    KEPT = "kept"
    """Meant to outlive the environment: a database's last snapshot."""
    GOING = "going"
    """AWS deletes it by itself."""


@dataclass(frozen=True)
class Leftover:
    """One resource that is still there after a destroy."""

    arn: Arn
    fate: Fate

    def line(self) -> str:
        """One line with the command that deletes it."""
        told = f"{self.fate:<5} {self.arn.kind} {self.arn.id}"
        return told if self.fate is Fate.GOING else f"{told}\n      {delete_command(self.arn)}"


def tag_filters(environment: str, cluster: str | None) -> list[tuple[str, str]]:
    """The tags that mark what is the environment's: its own, and those of controllers in its cluster.

    A shared subnet carries `kubernetes.io/cluster/<name>` too, with the value `shared`; it is not listed.
    """
    filters = [(ENVIRONMENT_TAG, environment)]
    if cluster is not None:
        filters += [
            (f"kubernetes.io/cluster/{cluster}", "owned"),
            ("elbv2.k8s.aws/cluster", cluster),
            ("eks:eks-cluster-name", cluster),
            ("eks:cluster-name", cluster),
        ]
    return filters


def tagged(account: Account, environment: str, cluster: str | None = None) -> list[Arn]:
    """Every resource of the environment in its region and the partition's global one, IAM roles included."""
    found: set[str] = set()
    for region in sorted({account.region, GLOBAL_REGION[account.partition]}):
        pages = account.client("resourcegroupstaggingapi", region).get_paginator("get_resources")
        for key, value in tag_filters(environment, cluster):
            for page in pages.paginate(TagFilters=[{"Key": key, "Values": [value]}]):
                found |= {each["ResourceARN"] for each in page["ResourceTagMappingList"]}
    found |= set(_roles(account, environment))
    return sorted(map(parse, found), key=lambda arn: (arn.kind, arn.text))


def _roles(account: Account, environment: str) -> Iterable[str]:
    """Roles with the environment's name in theirs and its tag: a look at each role's tags is a call."""
    iam = account.client("iam")
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            if environment in role["RoleName"]:
                tags = iam.list_role_tags(RoleName=role["RoleName"])["Tags"]
                if {"Key": ENVIRONMENT_TAG, "Value": environment} in tags:
                    yield role["Arn"]


def grouped(arns: Iterable[Arn]) -> Mapping[str, list[Arn]]:
    """Resources by kind, kinds in order."""
    groups: dict[str, list[Arn]] = defaultdict(list)
    for arn in arns:
        groups[arn.kind].append(arn)
    return dict(sorted(groups.items()))


def leftovers(account: Account, environment: str, cluster: str | None = None) -> list[Leftover]:
    """What is still there, with what becomes of it; what is gone in truth is left out."""
    remaining = []
    for arn in tagged(account, environment, cluster):
        fate = _fate(account, arn)
        if fate is not None:
            remaining.append(Leftover(arn, fate))
    return sorted(remaining, key=lambda each: (list(Fate).index(each.fate), each.arn.kind, each.arn.text))


def _fate(account: Account, arn: Arn) -> Fate | None:
    """None for what is gone."""
    from botocore.exceptions import ClientError

    if arn.kind in {"rds:snapshot", "rds:cluster-snapshot"}:
        return Fate.KEPT
    look = _LOOKS.get(arn.kind)
    if look is None:
        return Fate.LEFT
    try:
        state = look(account, arn)
    except ClientError as error:
        if "NotFound" in code_of(error):
            return None
        # Not being allowed to look is no reason to keep silent about what may be there.
        return Fate.LEFT
    return _FATES.get(state, Fate.LEFT)


def _instance(account: Account, arn: Arn) -> str:
    listed = account.client("ec2", arn.region).describe_instances(InstanceIds=[arn.id])["Reservations"]
    return str(listed[0]["Instances"][0]["State"]["Name"]) if listed else "terminated"


def _nat_gateway(account: Account, arn: Arn) -> str:
    listed = account.client("ec2", arn.region).describe_nat_gateways(NatGatewayIds=[arn.id])["NatGateways"]
    return str(listed[0]["State"]) if listed else "deleted"


def _vpc_endpoint(account: Account, arn: Arn) -> str:
    listed = account.client("ec2", arn.region).describe_vpc_endpoints(VpcEndpointIds=[arn.id])["VpcEndpoints"]
    return str(listed[0]["State"]) if listed else "deleted"


def _volume(account: Account, arn: Arn) -> str:
    return str(account.client("ec2", arn.region).describe_volumes(VolumeIds=[arn.id])["Volumes"][0]["State"])


def _key(account: Account, arn: Arn) -> str:
    return str(account.client("kms", arn.region).describe_key(KeyId=arn.text)["KeyMetadata"]["KeyState"])


def _secret(account: Account, arn: Arn) -> str:
    found = account.client("secretsmanager", arn.region).describe_secret(SecretId=arn.text)
    return "PendingDeletion" if found.get("DeletedDate") else "Enabled"


def _cluster(account: Account, arn: Arn) -> str:
    return str(account.client("eks", arn.region).describe_cluster(name=arn.id)["cluster"]["status"])


_LOOKS: Mapping[str, Callable[[Account, Arn], str]] = {
    "ec2:instance": _instance,
    "ec2:natgateway": _nat_gateway,
    "ec2:volume": _volume,
    "ec2:vpc-endpoint": _vpc_endpoint,
    "eks:cluster": _cluster,
    "kms:key": _key,
    "secretsmanager:secret": _secret,
}
_FATES: Mapping[str, Fate | None] = {
    "terminated": None,
    "deleted": None,
    "shutting-down": Fate.GOING,
    "deleting": Fate.GOING,
    "DELETING": Fate.GOING,
    "PendingDeletion": Fate.GOING,
}


def deletion_protected(account: Account, arns: Iterable[Arn]) -> set[str]:
    """ARNs of the databases, clusters and load balancers that AWS refuses to delete."""
    return {arn.text for arn in arns if (look := _PROTECTIONS.get(arn.kind)) and look(account, arn)}


def _load_balancer_protected(account: Account, arn: Arn) -> bool:
    listed: Any = account.client("elbv2", arn.region).describe_load_balancer_attributes(
        LoadBalancerArn=arn.text
    )
    return {"Key": "deletion_protection.enabled", "Value": "true"} in listed["Attributes"]


_PROTECTIONS: Mapping[str, Callable[[Account, Arn], bool]] = {
    "eks:cluster": lambda account, arn: bool(
        account.client("eks", arn.region)
        .describe_cluster(name=arn.id)["cluster"]
        .get("deletionProtection", False)
    ),
    "elasticloadbalancing:loadbalancer": _load_balancer_protected,
    "rds:cluster": lambda account, arn: bool(
        account.client("rds", arn.region)
        .describe_db_clusters(DBClusterIdentifier=arn.id)["DBClusters"][0]
        .get("DeletionProtection", False)
    ),
    "rds:db": lambda account, arn: bool(
        account.client("rds", arn.region)
        .describe_db_instances(DBInstanceIdentifier=arn.id)["DBInstances"][0]
        .get("DeletionProtection", False)
    ),
}
