"""The managed policy that caps every role of an environment."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from pulumi_mlops import inputs
from pulumi_mlops.aws import aws_checks, boundary_policy
from pulumi_mlops.aws.ground import GroundArgs


class PermissionsBoundaryArgs(TypedDict):
    """Arguments of PermissionsBoundary."""

    ground: GroundArgs
    """Region, account and tags; its own `permissions_boundary_arn` is what this makes, so it is not given."""
    node_role_arns: NotRequired[list[pulumi.Input[str]]]
    """Roles of nodes, or patterns of their ARNs, that Karpenter may pass to EC2. None by default."""


class PermissionsBoundary(pulumi.ComponentResource):
    """A policy that gives nothing and that no role made with it can exceed."""

    arn: pulumi.Output[str]
    """ARN of the policy: the `permissions_boundary_arn` of the ground of all other components."""

    def __init__(
        self, name: str, args: PermissionsBoundaryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:index:PermissionsBoundary", name, {}, opts)
        ground = args["ground"]
        region = aws_checks.region(ground["region"])
        nodes = inputs.texts(args, "node_role_arns", inputs.any_text)
        policy = aws.iam.Policy(
            f"{name}-policy",
            description="Caps every role of the platform: no identities, no other region, no silence",
            policy=pulumi.Output.all(ground["account_id"], *nodes).apply(
                lambda known: boundary_policy.document(
                    region=region, account_id=known[0], node_role_arns=known[1:]
                )
            ),
            tags={**ground["tags"], "Name": name},
            # Without it every role of the environment would be uncapped at once.
            opts=pulumi.ResourceOptions(parent=self, protect=bool(ground.get("production")) or None),
        )
        self.arn = policy.arn
        self.register_outputs({"arn": self.arn})
