"""Registers a VPC and its subnets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from pulumi_mlops.aws.network_site import Site
from pulumi_mlops.aws.subnets import ZoneSubnets

INTERNAL_BALANCERS = {"kubernetes.io/role/internal-elb": "1"}
PUBLIC_BALANCERS = {"kubernetes.io/role/elb": "1"}
KARPENTER = "karpenter.sh/discovery"

Subnets = dict[str, aws.ec2.Subnet]
"""By zone, in the order of the zones."""


@dataclass(frozen=True)
class Ground:
    """A VPC and its subnets."""

    vpc: aws.ec2.Vpc
    private: Subnets
    public: Subnets
    database: Subnets
    blocks: list[pulumi.Resource]
    """Reservations of pods' addresses."""


def register(site: Site, cidr: str, zones: Sequence[ZoneSubnets], *, public: bool) -> Ground:
    """The VPC, its emptied default security group, and the subnets of every zone."""
    vpc = aws.ec2.Vpc(
        f"{site.name}-vpc",
        cidr_block=cidr,
        enable_dns_support=True,
        enable_dns_hostnames=True,
        tags=site.tagged("vpc"),
        opts=site.kept(),
    )
    # It cannot be deleted, only emptied; what is made without a security group of its own gets this one.
    aws.ec2.DefaultSecurityGroup(
        f"{site.name}-default",
        vpc_id=vpc.id,
        ingress=[],
        egress=[],
        tags=site.tagged("default-unused"),
        opts=site.child(deleted_with=vpc),
    )
    internal = {**INTERNAL_BALANCERS, KARPENTER: site.cluster_name}
    private = {z.zone: _subnet(site, vpc, "private", z.zone, z.private, internal) for z in zones}
    return Ground(
        vpc,
        private=private,
        public={
            z.zone: _subnet(site, vpc, "public", z.zone, z.public, PUBLIC_BALANCERS) for z in zones if public
        },
        database={z.zone: _subnet(site, vpc, "database", z.zone, z.database, {}) for z in zones},
        blocks=[
            aws.ec2.SubnetCidrReservation(
                f"{site.name}-pods-{z.zone}",
                subnet_id=private[z.zone].id,
                cidr_block=z.blocks,
                reservation_type="prefix",
                description="Blocks of pods' addresses",
                opts=site.child(),
            )
            for z in zones
        ],
    )


def _subnet(
    site: Site, vpc: aws.ec2.Vpc, kind: str, zone: str, cidr: str, more: Mapping[str, str]
) -> aws.ec2.Subnet:
    return aws.ec2.Subnet(
        f"{site.name}-{kind}-{zone}",
        vpc_id=vpc.id,
        availability_zone=zone,
        cidr_block=cidr,
        map_public_ip_on_launch=False,
        tags=site.tagged(f"{kind}-{zone}", more),
        opts=site.kept(),
    )
