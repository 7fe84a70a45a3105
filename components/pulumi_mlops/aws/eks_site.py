"""What the parts of one EKS cluster share while they are registered: names, tags, options, roles."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from pulumi_mlops.aws import aws_checks, eks_place
from pulumi_mlops.aws.eks_place import Place
from pulumi_mlops.aws.ground import GroundArgs


@dataclass(frozen=True)
class Site:
    """One cluster's place: the component that its parts belong to, what they are called and tagged with."""

    name: str
    parent: pulumi.Resource
    ground: GroundArgs
    cluster_name: str
    key_arn: Any

    def child(self, suffix: str) -> str:
        """Name of a resource."""
        return f"{self.name}-{suffix}"

    def tags(self, suffix: str) -> dict[str, str]:
        """Tags of a resource, its `Name` among them."""
        return {**self.ground["tags"], "Name": self.regional_name(suffix)}

    def regional_name(self, suffix: str) -> str:
        """Name in the region of a resource that others' rights name before it exists."""
        return eks_place.regional_name(self.cluster_name, suffix)

    def account_name(self, suffix: str) -> str:
        """Name in the account of a role or an instance profile."""
        return eks_place.account_name(self.cluster_name, self.ground["region"], suffix)

    def text(self, of_place: Callable[[Place], str]) -> pulumi.Output[str]:
        """An ARN or a policy that names parts of this cluster; known as soon as the account is."""
        region = self.ground["region"]
        return pulumi.Output.from_input(self.ground["account_id"]).apply(
            lambda account: of_place(Place(self.cluster_name, region, account))
        )

    def options(self, **more: Any) -> pulumi.ResourceOptions:
        """Options of a resource: the component is its parent."""
        return pulumi.ResourceOptions(parent=self.parent, **more)

    @property
    def production(self) -> bool:
        """Whether losing data is worse than a destroy that is refused."""
        return bool(self.ground.get("production"))

    @property
    def partition(self) -> str:
        """The region's partition, which every ARN begins with."""
        return aws_checks.partition(self.ground["region"])

    def managed_policy(self, path: str) -> str:
        """ARN of a policy that AWS keeps, by its path and name."""
        return f"arn:{self.partition}:iam::aws:policy/{path}"


@dataclass(frozen=True)
class MadeRole:
    """A role, and the resources that give it its rights: what uses the role depends on them."""

    role: aws.iam.Role
    rights: Sequence[pulumi.Resource]


def role(
    site: Site,
    suffix: str,
    trust: str,
    *,
    managed: Sequence[str] = (),
    policies: Mapping[str, Any] | None = None,
) -> MadeRole:
    """Register a role with policies that AWS keeps, by path and name, and policies of its own, by suffix."""
    boundary = site.ground.get("permissions_boundary_arn")
    made = aws.iam.Role(
        site.child(f"{suffix}-role"),
        name=site.account_name(suffix),
        assume_role_policy=trust,
        description=f"{suffix} of the cluster {site.cluster_name}",
        tags=site.tags(suffix),
        opts=site.options(),
        **({} if boundary is None else {"permissions_boundary": boundary}),
    )
    rights: list[pulumi.Resource] = [
        aws.iam.RolePolicyAttachment(
            site.child(f"{suffix}-{path.rpartition('/')[2]}"),
            role=made.name,
            policy_arn=site.managed_policy(path),
            opts=site.options(),
        )
        for path in managed
    ]
    rights += [
        aws.iam.RolePolicy(site.child(f"{suffix}-{what}"), role=made.name, policy=text, opts=site.options())
        for what, text in (policies or {}).items()
    ]
    return MadeRole(made, rights)
