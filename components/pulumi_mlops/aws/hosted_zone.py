"""The DNS zone of the endpoints' names: made here or adopted."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from pulumi_mlops import inputs
from pulumi_mlops.aws import edge_checks
from pulumi_mlops.aws.ground import GroundArgs


class ZoneSource(Enum):
    """Where the zone comes from."""

    CREATE = "create"
    """It is made here, and the zone above it must delegate to it."""
    ADOPT = "adopt"
    """It exists; only records are added to it."""


class HostedZoneArgs(TypedDict):
    """Arguments of HostedZone."""

    ground: GroundArgs
    """Region, account and tags."""
    source: ZoneSource
    """Whether to make a zone or to adopt one."""
    domain: pulumi.Input[str]
    """Name of the zone, such as `ml.example.com`."""
    zone_id: NotRequired[pulumi.Input[str]]
    """To adopt: id of the zone in Route 53."""
    parent_zone_id: NotRequired[pulumi.Input[str]]
    """To create: id of the zone above, which then delegates to it in the same run."""


class HostedZone(pulumi.ComponentResource):
    """A public zone of Route 53."""

    zone_id: pulumi.Output[str]
    """Id of the zone."""
    name_servers: pulumi.Output[list[str]]
    """Of a zone that is made: the servers that the zone above must name; none of an adopted one."""

    def __init__(self, name: str, args: HostedZoneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:HostedZone", name, {}, opts)
        domain = inputs.text(args, "domain", edge_checks.domain)
        if ZoneSource(inputs.section(args, "source")) is ZoneSource.ADOPT:
            _refuse(args, "parent_zone_id", "an adopted zone is delegated to already; leave it out")
            self.zone_id = pulumi.Output.from_input(inputs.text(args, "zone_id", edge_checks.zone_id))
            self.name_servers = pulumi.Output.from_input([])
        else:
            _refuse(args, "zone_id", "a zone that is created has no id yet; leave it out, or adopt")
            self._create(name, args, domain)
        self.register_outputs({"zone_id": self.zone_id, "name_servers": self.name_servers})

    def _create(self, name: str, args: HostedZoneArgs, domain: pulumi.Input[str]) -> None:
        ground = args["ground"]
        production = bool(ground.get("production"))
        child = pulumi.ResourceOptions(parent=self)
        zone = aws.route53.Zone(
            f"{name}-zone",
            name=domain,
            comment="Names of the platform's endpoints",
            force_destroy=not production,
            tags={**ground["tags"], "Name": name},
            opts=pulumi.ResourceOptions(parent=self, protect=production or None),
        )
        aws.route53.Record(
            f"{name}-issuers",
            zone_id=zone.id,
            name=domain,
            type="CAA",
            ttl=3600,
            # Nobody but Amazon may issue certificates for these names.
            records=['0 issue "amazon.com"', '0 issuewild "amazon.com"'],
            opts=child,
        )
        if inputs.given(args, "parent_zone_id"):
            aws.route53.Record(
                f"{name}-delegation",
                zone_id=inputs.text(args, "parent_zone_id", edge_checks.zone_id),
                name=domain,
                type="NS",
                ttl=300,
                records=zone.name_servers,
                opts=child,
            )
        self.zone_id, self.name_servers = zone.id, zone.name_servers


def _refuse(args: HostedZoneArgs, key: str, reason: str) -> None:
    if inputs.given(args, key):
        raise pulumi.InputPropertyError(key, reason)
