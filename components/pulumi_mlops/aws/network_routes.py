"""Registers the ways between subnets and the internet: gateways, addresses, tables and routes.

A NAT gateway waits for the internet gateway, so that on destroy it is gone before that is detached, which AWS
refuses while an address is mapped. A route dies with its table.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from pulumi_mlops.aws.network_args import Nat
from pulumi_mlops.aws.network_site import Site
from pulumi_mlops.aws.network_subnets import Ground, Subnets

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Ways:
    """The ways of each kind of subnet."""

    private_tables: list[aws.ec2.RouteTable]
    private: list[pulumi.Resource]
    """What a node must have to reach anything: it must be there before the first and until after the last."""
    public: list[pulumi.Resource]
    database: list[pulumi.Resource]
    addresses: list[pulumi.Output[str]]
    """Public addresses from which the private subnets call, one for each NAT gateway."""
    gateways: dict[str, aws.ec2.NatGateway]
    """NAT gateways by their zones."""


def register(site: Site, ground: Ground, nat: Nat) -> Ways:
    """All ways of a network."""
    public: list[pulumi.Resource] = []
    gateways: dict[str, aws.ec2.NatGateway] = {}
    addresses: list[pulumi.Output[str]] = []
    if ground.public:
        internet = aws.ec2.InternetGateway(
            f"{site.name}-internet", vpc_id=ground.vpc.id, tags=site.tagged("internet"), opts=site.child()
        )
        table = _table(site, ground, "public")
        way = _route(site, "public", table, gateway_id=internet.id)
        public = [internet, table, way, *_associations(site, "public", ground.public, table)]
        for zone in _nat_zones(nat, ground.public):
            gateways[zone], address = _nat(site, zone, ground.public[zone], internet)
            addresses.append(address)
    private: list[pulumi.Resource] = [*public, *gateways.values()]
    tables: list[aws.ec2.RouteTable] = []
    for zone, subnet in ground.private.items():
        table = _table(site, ground, f"private-{zone}")
        tables.append(table)
        private += [table, *_associations(site, "private", {zone: subnet}, table)]
        if gateways:
            gateway = gateways.get(zone) or next(iter(gateways.values()))
            private.append(_route(site, f"private-{zone}", table, nat_gateway_id=gateway.id))
    closed = _table(site, ground, "database")
    database = [closed, *_associations(site, "database", ground.database, closed)]
    return Ways(tables, private, public, database, addresses, gateways)


def _nat_zones(nat: Nat, subnets: Subnets) -> list[str]:
    zones = list(subnets)
    return {Nat.NONE: [], Nat.SINGLE: zones[:1], Nat.PER_ZONE: zones}[nat]


def _nat(
    site: Site, zone: str, subnet: aws.ec2.Subnet, internet: aws.ec2.InternetGateway
) -> tuple[aws.ec2.NatGateway, pulumi.Output[str]]:
    # Kept in production: partners list these addresses, and AWS never gives the same one again.
    address = aws.ec2.Eip(
        f"{site.name}-nat-{zone}",
        domain="vpc",
        tags=site.tagged(f"nat-{zone}"),
        opts=site.kept(depends_on=[internet]),
    )
    gateway = aws.ec2.NatGateway(
        f"{site.name}-nat-{zone}",
        subnet_id=subnet.id,
        allocation_id=address.id,
        connectivity_type="public",
        tags=site.tagged(f"nat-{zone}"),
        opts=site.child(depends_on=[internet]),
    )
    return gateway, address.public_ip


def _table(site: Site, ground: Ground, part: str) -> aws.ec2.RouteTable:
    return aws.ec2.RouteTable(
        f"{site.name}-{part}", vpc_id=ground.vpc.id, tags=site.tagged(part), opts=site.child()
    )


def _route(site: Site, part: str, table: aws.ec2.RouteTable, **target: pulumi.Input[str]) -> aws.ec2.Route:
    return aws.ec2.Route(
        f"{site.name}-{part}-out",
        route_table_id=table.id,
        destination_cidr_block=ANYWHERE,
        opts=site.child(deleted_with=table),
        **target,
    )


def _associations(
    site: Site, kind: str, subnets: Mapping[str, aws.ec2.Subnet], table: aws.ec2.RouteTable
) -> list[pulumi.Resource]:
    return [
        aws.ec2.RouteTableAssociation(
            f"{site.name}-{kind}-{zone}",
            subnet_id=subnet.id,
            route_table_id=table.id,
            opts=site.child(),
        )
        for zone, subnet in subnets.items()
    ]
