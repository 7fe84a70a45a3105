"""What every AWS component of one environment shares: region, account, tags. Data only."""

from typing import NotRequired, TypedDict

import pulumi


class GroundArgs(TypedDict):
    """Where resources are made and how they are marked."""

    region: str
    """Region, such as `eu-central-1`."""
    account_id: pulumi.Input[str]
    """The account's 12 digits."""
    tags: dict[str, str]
    """Tags of every resource that can carry some; `aws_tags.required` makes them."""
    permissions_boundary_arn: NotRequired[pulumi.Input[str]]
    """Policy that bounds every role that is made; none without it."""
    production: NotRequired[bool]
    """Whether losing data is worse than a destroy that is refused: deletion protection, `protect`, no forced
    emptying of buckets, final snapshots. False by default."""
