"""Registers the ways to AWS that need no internet: the S3 gateway and the interface endpoints."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from pulumi_mlops.aws.network_endpoints import service_name
from pulumi_mlops.aws.network_reading import Wanted
from pulumi_mlops.aws.network_site import Site
from pulumi_mlops.aws.network_subnets import Ground

HTTPS = 443


def register(
    site: Site, ground: Ground, tables: Sequence[aws.ec2.RouteTable], wanted: Wanted
) -> list[pulumi.Resource]:
    """The gateway to S3, which costs nothing, and the interface endpoints behind one security group."""
    gateway = aws.ec2.VpcEndpoint(
        f"{site.name}-s3",
        vpc_id=ground.vpc.id,
        vpc_endpoint_type="Gateway",
        service_name=service_name(wanted.region, "s3"),
        route_table_ids=[table.id for table in tables],
        policy=wanted.s3_policy,
        tags=site.tagged("s3"),
        opts=site.child(),
    )
    if not wanted.services:
        return [gateway]
    group, rule = _security_group(site, ground.vpc, wanted.cidr)
    homes = list(ground.private.values())[: wanted.endpoint_zones]
    endpoints = [
        aws.ec2.VpcEndpoint(
            f"{site.name}-{service}",
            vpc_id=ground.vpc.id,
            vpc_endpoint_type="Interface",
            service_name=service_name(wanted.region, service),
            subnet_ids=[subnet.id for subnet in homes],
            security_group_ids=[group.id],
            private_dns_enabled=True,
            tags=site.tagged(service),
            opts=site.child(),
        )
        for service in wanted.services
    ]
    return [gateway, group, rule, *endpoints]


def _security_group(site: Site, vpc: aws.ec2.Vpc, cidr: str) -> tuple[aws.ec2.SecurityGroup, pulumi.Resource]:
    group = aws.ec2.SecurityGroup(
        f"{site.name}-endpoints",
        vpc_id=vpc.id,
        description="Interface endpoints: HTTPS from the VPC, nothing out",
        egress=[],
        tags=site.tagged("endpoints"),
        opts=site.child(),
    )
    rule = aws.vpc.SecurityGroupIngressRule(
        f"{site.name}-endpoints-https",
        security_group_id=group.id,
        description="HTTPS from the VPC",
        cidr_ipv4=cidr,
        ip_protocol="tcp",
        from_port=HTTPS,
        to_port=HTTPS,
        tags=site.tagged("endpoints-https"),
        opts=site.child(deleted_with=group),
    )
    return group, rule
