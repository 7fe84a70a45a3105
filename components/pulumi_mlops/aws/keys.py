"""A KMS key of the account's own, or one that exists.

Customer managed rather than AWS's: its policy, its rotation and the record of its use are the account's.
"""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from pulumi_mlops import checks, inputs
from pulumi_mlops.aws import aws_checks, endpoints, key_policies
from pulumi_mlops.aws.ground import GroundArgs


class KeySource(Enum):
    """Where the key comes from."""

    ADOPT = "adopt"
    """It exists; nothing is registered, and its policy is its owner's."""
    CREATE = "create"
    """It is made, with an alias."""


class EncryptionKeyArgs(TypedDict):
    """Arguments of EncryptionKey."""

    ground: GroundArgs
    """Region, account and tags."""
    source: KeySource
    """Whether to make a key or to adopt one."""
    arn: NotRequired[pulumi.Input[str]]
    """To adopt: the key's ARN."""
    purpose: NotRequired[str]
    """To create: what it encrypts, in a word, such as `storage`; part of the alias."""
    services: NotRequired[list[str]]
    """To create: the services it may be used by, of `key_policies.SERVICES`; none others, so name them all.
    `autoscaling` and `spot` name service-linked roles that must exist."""
    object_name: NotRequired[str]
    """To create: first part of the alias `alias/<object_name>-<purpose>`; the component's name by default."""
    rotation_days: NotRequired[pulumi.Input[int]]
    """To create: days between rotations, 90 to 2560; 365 by default."""
    deletion_days: NotRequired[pulumi.Input[int]]
    """To create: days in which a deletion can be taken back, 7 to 30; 30 by default."""


_CREATE = ("purpose", "services", "object_name", "rotation_days", "deletion_days")


class EncryptionKey(pulumi.ComponentResource):
    """One symmetric key with rotation, an alias and a policy for the named services."""

    arn: pulumi.Output[str]
    """The key's ARN."""

    def __init__(
        self, name: str, args: EncryptionKeyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:index:EncryptionKey", name, {}, opts)
        source = KeySource(inputs.section(args, "source"))
        adopts = source is KeySource.ADOPT
        inputs.refuse_given(args, _CREATE if adopts else ("arn",), f"source {source.value}")
        self.arn = (
            pulumi.Output.from_input(inputs.text(args, "arn", aws_checks.arn))
            if adopts
            else self._create(name, args)
        )
        self.register_outputs({"arn": self.arn})

    def _create(self, name: str, args: EncryptionKeyArgs) -> pulumi.Output[str]:
        ground: GroundArgs = inputs.section(args, "ground")
        purpose = inputs.plain(args, "purpose", checks.object_name)
        alias = f"{inputs.plain(args, 'object_name', checks.object_name, name)}-{purpose}"
        services = inputs.texts(args, "services", key_policies.service)
        account_id = inputs.text(ground, "account_id", aws_checks.account_id, within="ground")
        region = inputs.plain(ground, "region", aws_checks.region, within="ground")
        policy = pulumi.Output.all(account_id, *services).apply(
            lambda known: key_policies.key_policy(known[0], region, known[1:])
        )
        key = aws.kms.Key(
            f"{name}-key",
            description=f"Encrypts {purpose} of {alias.removesuffix(f'-{purpose}')}",
            enable_key_rotation=True,
            rotation_period_in_days=inputs.whole(args, "rotation_days", key_policies.rotation_days, 365),
            deletion_window_in_days=inputs.whole(args, "deletion_days", key_policies.deletion_days, 30),
            policy=policy,
            tags={**ground["tags"], "Name": alias},
            opts=pulumi.ResourceOptions(parent=self, protect=bool(ground.get("production"))),
        )
        aws.kms.Alias(
            f"{name}-alias",
            name=f"alias/{alias}",
            target_key_id=key.id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return pulumi.Output.all(account_id, key.id).apply(
            lambda known: endpoints.arn(region, "kms", f"key/{known[1]}", account_id=known[0])
        )
