"""The network of an environment: a VPC that is made, or one that is adopted."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from pulumi_mlops import inputs
from pulumi_mlops.aws import (
    network_checks,
    network_flow_logs,
    network_private_link,
    network_reading,
    network_routes,
    network_subnets,
)
from pulumi_mlops.aws.network_args import NetworkArgs, NetworkSource
from pulumi_mlops.aws.network_reading import Adopted, Wanted
from pulumi_mlops.aws.network_site import Site, after


class Network(pulumi.ComponentResource):
    """A VPC with private, public and database subnets, ways to AWS without the internet, and flow logs."""

    vpc_id: pulumi.Output[str]
    """The VPC."""
    cidr: pulumi.Output[str]
    """Its addresses."""
    private_subnet_ids: pulumi.Output[list[str]]
    """Subnets of nodes and pods. What is made in them is made after their ways out, and removed before."""
    public_subnet_ids: pulumi.Output[list[str]]
    """Subnets of internet-facing load balancers; none if there are none."""
    database_subnet_ids: pulumi.Output[list[str]]
    """Subnets of databases."""
    nat_addresses: pulumi.Output[list[str]]
    """Public addresses from which pods call the internet, to be listed by those who are called; none of an
    adopted network."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:Network", name, {}, opts)
        source = network_reading.choice("source", NetworkSource, inputs.section(args, "source"))
        other = "create" if source is NetworkSource.ADOPT else "adopt"
        inputs.refuse_given(args, (other,), f"source {source.value}")
        cluster_name = inputs.plain(args, "cluster_name", network_checks.cluster_name)
        if source is NetworkSource.ADOPT:
            self._adopt(network_reading.adopted(args))
        else:
            ground = args["ground"]
            site = Site(self, name, cluster_name, ground["tags"], bool(ground.get("production")))
            self._create(args, network_reading.wanted(args), site)
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "cidr": self.cidr,
                "private_subnet_ids": self.private_subnet_ids,
                "public_subnet_ids": self.public_subnet_ids,
                "database_subnet_ids": self.database_subnet_ids,
                "nat_addresses": self.nat_addresses,
            }
        )

    def _adopt(self, found: Adopted) -> None:
        self._nat_gateways: dict[str, pulumi.Output[str]] = {}
        self.vpc_id = pulumi.Output.from_input(found.vpc_id)
        self.cidr = pulumi.Output.from_input(found.cidr)
        self.private_subnet_ids = pulumi.Output.all(*found.private)
        self.public_subnet_ids = pulumi.Output.all(*found.public)
        self.database_subnet_ids = pulumi.Output.all(*found.database)
        self.nat_addresses = pulumi.Output.all()

    def _create(self, args: NetworkArgs, wanted: Wanted, site: Site) -> None:
        ground = network_subnets.register(site, wanted.cidr, wanted.zones, public=wanted.public)
        ways = network_routes.register(site, ground, wanted.nat)
        private_link = network_private_link.register(site, ground, ways.private_tables, wanted)
        network_flow_logs.register(
            site, ground.vpc, args["ground"], key_arn=wanted.key_arn, days=wanted.flow_log_days
        )
        self.vpc_id = ground.vpc.id
        self.cidr = pulumi.Output.from_input(wanted.cidr)
        self.private_subnet_ids = after(_ids(ground.private), [*ground.blocks, *ways.private, *private_link])
        self.public_subnet_ids = after(_ids(ground.public), ways.public)
        self.database_subnet_ids = after(_ids(ground.database), ways.database)
        self.nat_addresses = pulumi.Output.all(*ways.addresses)
        self._nat_gateways = {zone: gateway.id for zone, gateway in ways.gateways.items()}

    @property
    def nat_gateways(self) -> dict[str, pulumi.Output[str]]:
        """Ids of the NAT gateways by their zones, for Python programs; none of an adopted network."""
        return self._nat_gateways


def _ids(subnets: Mapping[str, aws.ec2.Subnet]) -> pulumi.Output[list[str]]:
    return pulumi.Output.all(*(subnet.id for subnet in subnets.values()))
