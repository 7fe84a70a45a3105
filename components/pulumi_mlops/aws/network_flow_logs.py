"""Registers the flow logs of a VPC: who called whom, kept encrypted for a time.

Source: Amazon VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs".
"""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from pulumi_mlops.aws import endpoints, iam_policy
from pulumi_mlops.aws.iam_policy import Statement, document
from pulumi_mlops.aws.network_site import Site


def trust(region: str, account_id: str) -> str:
    """Who may assume the role: flow logs of this account and region."""
    source = endpoints.arn(region, "ec2", "vpc-flow-log/*", account_id=account_id)
    return iam_policy.trust("vpc-flow-logs.amazonaws.com", account_id=account_id, source_arn=source)


def policy(region: str, account_id: str, group: str) -> str:
    """What the role may do: write to one log group, not make one, so none comes back after a destroy."""
    groups = endpoints.arn(region, "logs", "log-group:", account_id=account_id)
    return document(
        Statement(
            "Write",
            ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
            (f"{groups}{group}", f"{groups}{group}:*"),
        ),
        # Groups are listed by prefix, which is a right on all of them.
        Statement("Find", ("logs:DescribeLogGroups",), (f"{groups}*",)),
    )


def register(
    site: Site, vpc: aws.ec2.Vpc, ground: Mapping[str, Any], *, key_arn: pulumi.Input[str], days: int
) -> None:
    """The flow log of all traffic, its log group, and the role by which AWS writes there."""
    region = ground["region"]
    account: pulumi.Output[str] = pulumi.Output.from_input(ground["account_id"])
    group_name = f"/mlops/{site.cluster_name}/flow-logs"
    group = aws.cloudwatch.LogGroup(
        f"{site.name}-flow-logs",
        name=group_name,
        retention_in_days=days,
        kms_key_id=key_arn,
        tags=site.tagged("flow-logs"),
        opts=site.kept(),
    )
    role = aws.iam.Role(
        f"{site.name}-flow-logs",
        description=f"Writes the flow logs of {site.cluster_name}",
        assume_role_policy=account.apply(lambda known: trust(region, known)),
        permissions_boundary=ground.get("permissions_boundary_arn"),
        tags=site.tagged("flow-logs"),
        opts=site.child(),
    )
    rights = aws.iam.RolePolicy(
        f"{site.name}-flow-logs",
        role=role.id,
        policy=account.apply(lambda known: policy(region, known, group_name)),
        opts=site.child(),
    )
    aws.ec2.FlowLog(
        f"{site.name}-flow-logs",
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        tags=site.tagged("flow-logs"),
        opts=site.child(depends_on=[rights]),
    )
