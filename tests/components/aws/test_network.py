from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from mlops_stacks import recording
from pulumi_mlops.aws.network import Network
from pulumi_mlops.aws.network_args import Endpoints, Nat, NetworkSource
from pulumi_mlops.aws.network_endpoints import NEEDED, s3_policy
from pulumi_mlops.aws.network_flow_logs import policy, trust
from recording_engine import Recording, Registration, registered, unknown

REGION, ACCOUNT = "eu-central-1", "123456789012"
A, B, C = (f"{REGION}{letter}" for letter in "abc")
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/logs"
TAGS = {"mlops:environment": "dev", "mlops:owner": "risk"}
GROUND = {"region": REGION, "account_id": ACCOUNT, "tags": TAGS}
PRODUCTION = {**GROUND, "production": True}
CREATE: dict[str, Any] = {"cidr": "10.20.0.0/16", "zones": [A, B, C], "key_arn": KEY}
SUBNETS = [f"subnet-{number:017x}" for number in range(6)]
ADOPT: dict[str, Any] = {
    "vpc_id": "vpc-0123456789abcdef0",
    "cidr": "10.40.0.0/16",
    "private_subnet_ids": SUBNETS[:2],
    "public_subnet_ids": SUBNETS[2:4],
    "database_subnet_ids": SUBNETS[4:],
}
BASE = {"ground": GROUND, "cluster_name": "mlops-dev"}


def arguments(section: str, values: dict[str, Any], **top: Any) -> Any:
    source = NetworkSource(section)
    kept = {key: value for key, value in values.items() if value is not None}
    return {**BASE, "source": source, section: kept, **top}


def made(top: dict[str, Any] | None = None, *, preview: bool = False, **changes: Any) -> Recording:
    args = arguments("create", CREATE | changes, **(top or {}))
    return registered(lambda: Network("net", args), preview=preview)


def adopted(top: dict[str, Any] | None = None, **changes: Any) -> Recording:
    args = arguments("adopt", ADOPT | changes, **(top or {}))
    return registered(lambda: Network("net", args))


def refusal(program: Any, *args: Any, **changes: Any) -> str:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        program(*args, **changes)
    return str(caught.value)


def kind(recording: Recording, name: str) -> dict[str, Registration]:
    return {r.name: r for r in recording.resources if r.type.split(":")[-1] == name}


def named(part: str, **more: str) -> dict[str, str]:
    return {**TAGS, "Name": f"mlops-dev-{part}", **more}


def users(program: Any) -> dict[str, tuple[str, ...]]:
    """What a resource depends on that uses each list of subnets of the network that `program` makes."""

    def run() -> None:
        network = program()
        for subnets in ("private", "public", "database"):
            aws.rds.SubnetGroup(subnets, subnet_ids=getattr(network, f"{subnets}_subnet_ids"))

    return {name: each.dependencies for name, each in kind(registered(run), "SubnetGroup").items()}


@pytest.fixture(scope="module")
def network() -> Recording:
    return made()


def test_a_network_is_these_resources(network: Recording) -> None:
    counts: dict[str, int] = {}
    for resource in network.resources:
        counts[resource.type] = counts.get(resource.type, 0) + 1
    assert counts == {
        "aws:cloudwatch/logGroup:LogGroup": 1,
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": 1,
        "aws:ec2/eip:Eip": 3,
        "aws:ec2/flowLog:FlowLog": 1,
        "aws:ec2/internetGateway:InternetGateway": 1,
        "aws:ec2/natGateway:NatGateway": 3,
        "aws:ec2/route:Route": 4,
        "aws:ec2/routeTable:RouteTable": 5,
        "aws:ec2/routeTableAssociation:RouteTableAssociation": 9,
        "aws:ec2/securityGroup:SecurityGroup": 1,
        "aws:ec2/subnet:Subnet": 9,
        "aws:ec2/subnetCidrReservation:SubnetCidrReservation": 3,
        "aws:ec2/vpc:Vpc": 1,
        "aws:ec2/vpcEndpoint:VpcEndpoint": 1 + len(NEEDED),
        "aws:iam/role:Role": 1,
        "aws:iam/rolePolicy:RolePolicy": 1,
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 1,
        "mlops:index:Network": 1,
    }
    assert {r.parent for r in network.resources if r.name != "net"} == {"net"}


def test_every_resource_that_can_carry_tags_carries_those_of_the_ground(network: Recording) -> None:
    untaggable = {"Route", "RouteTableAssociation", "SubnetCidrReservation", "RolePolicy", "Network"}
    for resource in network.resources:
        if resource.type.split(":")[-1] not in untaggable:
            tags = resource.inputs["tags"]
            assert {key: tags[key] for key in TAGS} == TAGS, resource.urn
            assert tags["Name"].startswith("mlops-dev-"), resource.urn


def test_the_vpc_resolves_names_and_its_default_security_group_admits_nothing(network: Recording) -> None:
    assert network.of("Vpc").inputs == {
        "cidrBlock": "10.20.0.0/16",
        "enableDnsSupport": True,
        "enableDnsHostnames": True,
        "tags": named("vpc"),
    }
    assert network.of("DefaultSecurityGroup").inputs == {
        "vpcId": "net-vpc-id",
        "ingress": [],
        "egress": [],
        "tags": named("default-unused"),
    }


def test_subnets_give_no_public_addresses_and_are_found_by_balancers_and_karpenter(
    network: Recording,
) -> None:
    cidrs = {
        ("private", A): "10.20.0.0/18",
        ("private", B): "10.20.64.0/18",
        ("private", C): "10.20.128.0/18",
        ("public", A): "10.20.192.0/22",
        ("public", B): "10.20.208.0/22",
        ("public", C): "10.20.224.0/22",
        ("database", A): "10.20.196.0/22",
        ("database", B): "10.20.212.0/22",
        ("database", C): "10.20.228.0/22",
    }
    found_by = {
        "private": {"kubernetes.io/role/internal-elb": "1", "karpenter.sh/discovery": "mlops-dev"},
        "public": {"kubernetes.io/role/elb": "1"},
        "database": {},
    }
    assert {name: each.inputs for name, each in kind(network, "Subnet").items()} == {
        f"net-{what}-{zone}": {
            "vpcId": "net-vpc-id",
            "availabilityZone": zone,
            "cidrBlock": cidr,
            "mapPublicIpOnLaunch": False,
            "tags": named(f"{what}-{zone}", **found_by[what]),
        }
        for (what, zone), cidr in cidrs.items()
    }


def test_half_of_each_private_subnet_is_reserved_for_blocks_of_pods_addresses(network: Recording) -> None:
    halves = {A: "10.20.32.0/19", B: "10.20.96.0/19", C: "10.20.160.0/19"}
    assert {name: each.inputs for name, each in kind(network, "SubnetCidrReservation").items()} == {
        f"net-pods-{zone}": {
            "subnetId": f"net-private-{zone}-id",
            "cidrBlock": half,
            "reservationType": "prefix",
            "description": "Blocks of pods' addresses",
        }
        for zone, half in halves.items()
    }


def test_each_zone_goes_out_by_its_own_gateway_and_databases_not_at_all(network: Recording) -> None:
    assert {name: each.inputs for name, each in kind(network, "Route").items()} == {
        "net-public-out": {
            "routeTableId": "net-public-id",
            "destinationCidrBlock": "0.0.0.0/0",
            "gatewayId": "net-internet-id",
        }
    } | {
        f"net-private-{zone}-out": {
            "routeTableId": f"net-private-{zone}-id",
            "destinationCidrBlock": "0.0.0.0/0",
            "natGatewayId": f"net-nat-{zone}-id",
        }
        for zone in (A, B, C)
    }
    tables = {"private": "net-private-{}-id", "public": "net-public-id", "database": "net-database-id"}
    assert {name: each.inputs for name, each in kind(network, "RouteTableAssociation").items()} == {
        f"net-{what}-{zone}": {"subnetId": f"net-{what}-{zone}-id", "routeTableId": table.format(zone)}
        for what, table in tables.items()
        for zone in (A, B, C)
    }
    assert {name: each.inputs for name, each in kind(network, "RouteTable").items()} == {
        f"net-{part}": {"vpcId": "net-vpc-id", "tags": named(part)}
        for part in ("public", "database", f"private-{A}", f"private-{B}", f"private-{C}")
    }


def test_a_nat_gateway_has_an_address_and_goes_before_the_internet_gateway_does(network: Recording) -> None:
    assert {name: each.inputs for name, each in kind(network, "NatGateway").items()} == {
        f"net-nat-{zone}": {
            "subnetId": f"net-public-{zone}-id",
            "allocationId": f"net-nat-{zone}-id",
            "connectivityType": "public",
            "tags": named(f"nat-{zone}"),
        }
        for zone in (A, B, C)
    }
    for zone in (A, B, C):
        gateway = network.of("NatGateway", f"net-nat-{zone}")
        assert gateway.dependencies == ("net-internet", f"net-nat-{zone}", f"net-public-{zone}")
        address = network.of("Eip", f"net-nat-{zone}")
        assert address.inputs == {"domain": "vpc", "tags": named(f"nat-{zone}")}
        assert address.dependencies == ("net-internet",)
    assert network.of("InternetGateway").inputs == {"vpcId": "net-vpc-id", "tags": named("internet")}


def test_a_single_gateway_serves_every_zone_from_the_first() -> None:
    recording = made(nat=Nat.SINGLE)
    assert recording.names_of("NatGateway") == [f"net-nat-{A}"]
    assert recording.names_of("Eip") == [f"net-nat-{A}"]
    routes = kind(recording, "Route")
    targets = {name: routes[name].inputs.get("natGatewayId") for name in sorted(routes)}
    assert targets == {
        f"net-private-{A}-out": f"net-nat-{A}-id",
        f"net-private-{B}-out": f"net-nat-{A}-id",
        f"net-private-{C}-out": f"net-nat-{A}-id",
        "net-public-out": None,
    }


def test_without_nat_private_subnets_have_no_way_out_but_endpoints() -> None:
    recording = made(nat=Nat.NONE)
    assert recording.names_of("NatGateway") == recording.names_of("Eip") == []
    assert recording.names_of("Route") == ["net-public-out"]
    assert len(recording.names_of("VpcEndpoint")) == 1 + len(NEEDED)
    assert recording.outputs["net"]["nat_addresses"] == []


def test_without_public_subnets_there_is_no_internet_gateway() -> None:
    recording = made(nat=Nat.NONE, public_subnets=False)
    assert recording.names_of("InternetGateway") == recording.names_of("Route") == []
    assert recording.names_of("RouteTable") == [
        "net-database",
        *(f"net-private-{zone}" for zone in (A, B, C)),
    ]
    assert recording.names_of("Subnet") == [
        f"net-{what}-{zone}" for what in ("database", "private") for zone in (A, B, C)
    ]
    assert recording.outputs["net"]["public_subnet_ids"] == []


def test_s3_is_reached_through_a_gateway_that_only_private_subnets_use(network: Recording) -> None:
    assert network.of("VpcEndpoint", "net-s3").inputs == {
        "vpcId": "net-vpc-id",
        "vpcEndpointType": "Gateway",
        "serviceName": "com.amazonaws.eu-central-1.s3",
        "routeTableIds": [f"net-private-{zone}-id" for zone in (A, B, C)],
        "policy": s3_policy(REGION, ACCOUNT),
        "tags": named("s3"),
    }


def test_each_service_that_is_needed_has_an_endpoint_in_every_zone(network: Recording) -> None:
    endpoints = kind(network, "VpcEndpoint")
    del endpoints["net-s3"]
    assert {name: each.inputs for name, each in endpoints.items()} == {
        f"net-{service}": {
            "vpcId": "net-vpc-id",
            "vpcEndpointType": "Interface",
            "serviceName": f"com.amazonaws.eu-central-1.{service}",
            "subnetIds": [f"net-private-{zone}-id" for zone in (A, B, C)],
            "securityGroupIds": ["net-endpoints-id"],
            "privateDnsEnabled": True,
            "tags": named(service),
        }
        for service in NEEDED
    }


def test_endpoints_admit_https_from_the_vpc_and_nothing_else(network: Recording) -> None:
    assert network.of("SecurityGroup").inputs == {
        "vpcId": "net-vpc-id",
        "description": "Interface endpoints: HTTPS from the VPC, nothing out",
        "egress": [],
        "tags": named("endpoints"),
    }
    assert network.of("SecurityGroupIngressRule").inputs == {
        "securityGroupId": "net-endpoints-id",
        "description": "HTTPS from the VPC",
        "cidrIpv4": "10.20.0.0/16",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "tags": named("endpoints-https"),
    }


def test_endpoints_in_one_zone_are_in_the_first_and_more_are_added_by_name() -> None:
    recording = made(endpoints=Endpoints.ONE_ZONE, extra_endpoints=["logs"])
    assert recording.names_of("VpcEndpoint") == sorted(f"net-{each}" for each in [*NEEDED, "logs", "s3"])
    assert recording.of("VpcEndpoint", "net-logs").inputs["subnetIds"] == [f"net-private-{A}-id"]


def test_without_interface_endpoints_the_gateway_to_s3_stays() -> None:
    recording = made(endpoints=Endpoints.NONE)
    assert recording.names_of("VpcEndpoint") == ["net-s3"]
    assert recording.names_of("SecurityGroup") == recording.names_of("SecurityGroupIngressRule") == []


def test_flow_logs_of_all_traffic_are_kept_encrypted_for_a_year(network: Recording) -> None:
    assert network.of("LogGroup").inputs == {
        "name": "/mlops/mlops-dev/flow-logs",
        "retentionInDays": 365,
        "kmsKeyId": KEY,
        "tags": named("flow-logs"),
    }
    assert network.of("Role").inputs == {
        "description": "Writes the flow logs of mlops-dev",
        "assumeRolePolicy": trust(REGION, ACCOUNT),
        "tags": named("flow-logs"),
    }
    assert network.of("RolePolicy").inputs == {
        "role": "net-flow-logs-id",
        "policy": policy(REGION, ACCOUNT, "/mlops/mlops-dev/flow-logs"),
    }
    flow_log = network.of("FlowLog")
    # An update of the recording engine knows no ARNs, which only AWS gives.
    assert flow_log.inputs == {
        "vpcId": "net-vpc-id",
        "trafficType": "ALL",
        "logDestinationType": "cloud-watch-logs",
        "tags": named("flow-logs"),
    }
    arns = {
        key: str(made(preview=True).of("FlowLog").inputs[key]) for key in ("logDestination", "iamRoleArn")
    }
    assert arns == {"logDestination": "UNKNOWN", "iamRoleArn": "UNKNOWN"}


def test_the_role_of_flow_logs_is_bounded_if_roles_are() -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    recording = made({"ground": {**GROUND, "permissions_boundary_arn": boundary}}, flow_log_days=90.0)
    assert recording.of("Role").inputs["permissionsBoundary"] == boundary
    assert recording.of("LogGroup").inputs["retentionInDays"] == 90


def test_the_flow_log_waits_for_the_right_to_write() -> None:
    args = arguments("create", CREATE)
    resources = recording.record(
        lambda: Network("net", args), project="mlops", stack="test", config={}
    ).resources
    flow_log = next(each for each in resources if each.type.endswith(":FlowLog"))
    assert sorted({urn.split("::")[2].split(":")[-1] for urn in flow_log.dependencies}) == [
        "LogGroup",
        "Role",
        "RolePolicy",
        "Vpc",
    ]


def options(ground: dict[str, Any]) -> dict[str, tuple[bool, str]]:
    """Protection, and with what it is deleted, of every resource for which either is set."""
    args = arguments("create", CREATE, ground=ground)
    made = recording.record(lambda: Network("net", args), project="mlops", stack="test", config={})
    return {
        f"{each.type.split(':')[-1]} {each.name}": (each.protect, each.deleted_with.split("::")[-1])
        for each in made.resources
        if each.protect or each.deleted_with
    }


DIES_WITH = {
    "DefaultSecurityGroup net-default": (False, "net-vpc"),
    f"Route net-private-{A}-out": (False, f"net-private-{A}"),
    f"Route net-private-{B}-out": (False, f"net-private-{B}"),
    f"Route net-private-{C}-out": (False, f"net-private-{C}"),
    "Route net-public-out": (False, "net-public"),
    "SecurityGroupIngressRule net-endpoints-https": (False, "net-endpoints"),
}


def test_what_dies_with_another_is_not_deleted_by_itself() -> None:
    assert options(GROUND) == DIES_WITH


def test_production_keeps_what_cannot_be_made_again_the_same() -> None:
    kept = ["Vpc net-vpc", "LogGroup net-flow-logs"]
    kept += [f"Eip net-nat-{zone}" for zone in (A, B, C)]
    kept += [f"Subnet net-{what}-{zone}" for what in ("private", "public", "database") for zone in (A, B, C)]
    assert options(PRODUCTION) == DIES_WITH | dict.fromkeys(kept, (True, ""))


def test_nodes_come_after_every_way_they_have_and_go_before() -> None:
    dependencies = users(lambda: Network("net", arguments("create", CREATE | {"zones": [A, B]})))
    of_zones = [
        f"net-{part}-{zone}" for part in ("nat", "pods", "private", "private", "public") for zone in (A, B)
    ]
    ways = ["net-internet", "net-public", "net-public-out", "net-s3", "net-endpoints", "net-endpoints-https"]
    routes = [f"net-private-{zone}-out" for zone in (A, B)]
    tables = [f"net-private-{zone}" for zone in (A, B)]
    assert list(dependencies["private"]) == sorted(
        [*of_zones, *ways, *routes, *tables, *(f"net-{service}" for service in NEEDED)]
    )
    public = [f"net-public-{zone}" for zone in (A, B)]
    assert list(dependencies["public"]) == sorted(
        ["net-internet", "net-public", "net-public-out", *public, *public]
    )
    database = [f"net-database-{zone}" for zone in (A, B)]
    assert list(dependencies["database"]) == sorted(["net-database", *database, *database])


def test_outputs_are_the_subnets_of_each_kind_in_the_order_of_the_zones(network: Recording) -> None:
    assert network.outputs["net"] == {
        "vpc_id": "net-vpc-id",
        "cidr": "10.20.0.0/16",
        "private_subnet_ids": [f"net-private-{zone}-id" for zone in (A, B, C)],
        "public_subnet_ids": [f"net-public-{zone}-id" for zone in (A, B, C)],
        "database_subnet_ids": [f"net-database-{zone}-id" for zone in (A, B, C)],
        "nat_addresses": [None, None, None],
    }


def test_an_account_that_a_preview_does_not_know_changes_no_resource(network: Recording) -> None:
    def program() -> None:
        Network("net", arguments("create", CREATE, ground={**GROUND, "account_id": unknown()}))

    recorded = registered(program, preview=True)
    assert recorded.urns == network.urns
    assert str(recorded.of("VpcEndpoint", "net-s3").inputs["policy"]) == "UNKNOWN"


def test_accounts_whose_buckets_may_be_read_are_named_in_the_policy_of_s3() -> None:
    recorded = made(read_accounts=["210987654321"])
    assert recorded.of("VpcEndpoint", "net-s3").inputs["policy"] == s3_policy(
        REGION, ACCOUNT, ["210987654321"]
    )


def test_enums_and_numbers_of_another_language_are_taken() -> None:
    args = {**BASE, "source": "create", "create": CREATE | {"nat": "none", "pods": 100.0, "nodes": 10.0}}
    assert registered(lambda: Network("net", args)).names_of("NatGateway") == []  # type: ignore[arg-type]


def test_an_adopted_network_registers_nothing() -> None:
    recording = adopted()
    assert [resource.type for resource in recording.resources] == ["mlops:index:Network"]
    assert recording.outputs["net"] == {
        "vpc_id": "vpc-0123456789abcdef0",
        "cidr": "10.40.0.0/16",
        "private_subnet_ids": SUBNETS[:2],
        "public_subnet_ids": SUBNETS[2:4],
        "database_subnet_ids": SUBNETS[4:],
        "nat_addresses": [],
    }


def test_databases_of_an_adopted_network_are_in_the_private_subnets_without_their_own() -> None:
    outputs = adopted(database_subnet_ids=None, public_subnet_ids=None).outputs["net"]
    assert outputs["database_subnet_ids"] == SUBNETS[:2]
    assert outputs["public_subnet_ids"] == []


def test_what_is_adopted_may_come_from_another_stack() -> None:
    def program() -> None:
        Network(
            "net", arguments("adopt", ADOPT | {"vpc_id": unknown(), "private_subnet_ids": [unknown()] * 2})
        )

    assert str(registered(program, preview=True).outputs["net"]["private_subnet_ids"]) == "UNKNOWN"


def test_to_create_and_to_adopt_at_once_is_refused() -> None:
    message = refusal(made, {"adopt": ADOPT})
    assert "adopt" in message
    assert "source is create, and adopt means nothing with it; leave one of them out" in message
    assert "source is adopt, and create means nothing" in refusal(adopted, {"create": CREATE})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"cidr": "10.0.0.0/24"}, "create.cidr: 10.0.0.0/24 is a /24; a VPC here is a /16"),
        ({"cidr": "8.0.0.0/16"}, "create.cidr: 8.0.0.0/16 is not a private network"),
        ({"cidr": "10.20.0.0/21"}, "create.cidr: 10.20.0.0/21 leaves 512 addresses for each private subnet"),
        ({"cidr": None}, "create.cidr: this argument is required"),
        ({"cidr": "172.20.0.0/18"}, "create.cidr: 172.20.0.0/18 overlaps 172.20.0.0/16, the network of the"),
        ({"zones": None}, "create.zones: 0 zones were given; allowed are 2 or 3"),
        ({"zones": [A]}, "create.zones: 1 zones were given; allowed are 2 or 3: EKS and RDS want two"),
        ({"zones": [A, A]}, "create.zones: eu-central-1a, eu-central-1a names a zone twice"),
        ({"zones": ["us-east-1a", A]}, "create.zones: 'us-east-1a' is no zone of eu-central-1"),
        ({"key_arn": "alias/logs"}, "create.key_arn: 'alias/logs' is no ARN"),
        ({"key_arn": None}, "create.key_arn: this argument is required"),
        ({"pods": 0}, "create.pods: 0 is too small"),
        ({"nodes": 0}, "create.nodes: 0 is too small"),
        ({"nat": "many"}, "create.nat: 'many' is none of none, single, per-zone"),
        ({"endpoints": "some"}, "create.endpoints: 'some' is none of none, one-zone, every-zone"),
        (
            {"nat": Nat.NONE, "endpoints": Endpoints.NONE},
            "create.endpoints: nodes would reach nothing of AWS",
        ),
        ({"public_subnets": False}, "create.nat: per-zone makes NAT gateways, which stand in public subnets"),
        ({"extra_endpoints": ["s3"]}, "create.extra_endpoints[0]: S3 has a gateway endpoint"),
        ({"extra_endpoints": ["sts"]}, "create.extra_endpoints[0]: sts is there already"),
        (
            {"extra_endpoints": ["logs"], "endpoints": Endpoints.NONE},
            "create.extra_endpoints: endpoints is none, so these would have no place",
        ),
        ({"read_accounts": ["12"]}, "create.read_accounts[0]: '12' is no account id"),
        ({"flow_log_days": 100}, "create.flow_log_days: logs cannot be kept for 100 days; allowed are 1, 3,"),
    ],
)
def test_a_network_that_cannot_be_is_refused_before_anything_is_made(
    changes: dict[str, Any], reason: str
) -> None:
    key, _, text = reason.partition(": ")
    message = refusal(made, **changes)
    assert key in message
    assert text in message


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"zones": [A, B]}, "create.zones: 2 zones were given; allowed are 3: production stays up"),
        ({"nat": Nat.SINGLE}, "create.nat: single would go with its zone"),
        ({"endpoints": Endpoints.ONE_ZONE}, "create.endpoints: one-zone would go with its zone"),
    ],
)
def test_production_does_not_hang_on_one_zone(changes: dict[str, Any], reason: str) -> None:
    key, _, text = reason.partition(": ")
    message = refusal(made, {"ground": PRODUCTION}, **changes)
    assert key in message
    assert text in message


@pytest.mark.parametrize(
    ("top", "reason"),
    [
        ({"peer_cidrs": ["10.0.0.0/8"]}, "create.cidr: 10.20.0.0/16 overlaps 10.0.0.0/8, peer_cidrs[0]"),
        (
            {"peer_cidrs": ["172.20.1.0/24"]},
            "service_cidr: 172.20.0.0/16 overlaps 172.20.1.0/24, peer_cidrs[0]",
        ),
        ({"peer_cidrs": ["office"]}, "peer_cidrs[0]: 'office' is no IPv4 network"),
        ({"service_cidr": "10.20.8.0/21"}, "create.cidr: 10.20.0.0/16 overlaps 10.20.8.0/21, the network of"),
        ({"service_cidr": "10.1.0.0/28"}, "service_cidr: 10.1.0.0/28 is a /28; EKS takes a /12 to a /24"),
        ({"cluster_name": "-x"}, "cluster_name: '-x' is no cluster's name"),
        ({"source": "take"}, "source: 'take' is none of create, adopt"),
        ({"ground": {**GROUND, "region": "x"}}, "ground.region: 'x' is no region's code"),
        ({"ground": {**GROUND, "account_id": "1"}}, "ground.account_id: '1' is no account id"),
    ],
)
def test_what_surrounds_a_network_is_checked(top: dict[str, Any], reason: str) -> None:
    key, _, text = reason.partition(": ")
    message = refusal(made, top)
    assert key in message
    assert text in message


def test_a_region_that_names_endpoints_otherwise_is_refused() -> None:
    ground = {**GROUND, "region": "cn-north-1"}
    message = refusal(made, {"ground": ground}, zones=["cn-north-1a", "cn-north-1b"])
    assert "make the VPC with its endpoints yourself and adopt it" in message


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"vpc_id": "my-vpc"}, "adopt.vpc_id: 'my-vpc' is no VPC's id"),
        ({"vpc_id": None}, "adopt.vpc_id: this argument is required"),
        ({"cidr": "10.40.0.1/16"}, "adopt.cidr: '10.40.0.1/16' is no IPv4 network"),
        ({"cidr": "172.20.0.0/16"}, "adopt.cidr: 172.20.0.0/16 overlaps 172.20.0.0/16, the network of"),
        ({"private_subnet_ids": []}, "adopt.private_subnet_ids: 0 subnets were given"),
        ({"private_subnet_ids": SUBNETS[:1]}, "adopt.private_subnet_ids: 1 subnets were given"),
        ({"private_subnet_ids": ["a", "b"]}, "adopt.private_subnet_ids[0]: 'a' is no subnet's id"),
        ({"database_subnet_ids": SUBNETS[4:5]}, "adopt.database_subnet_ids: 1 subnets were given"),
        (
            {"public_subnet_ids": SUBNETS[:1]},
            f"adopt: {SUBNETS[0]} stands in private_subnet_ids and in public",
        ),
        ({"private_subnet_ids": SUBNETS[:1] * 2}, "adopt: private_subnet_ids names a subnet twice"),
    ],
)
def test_a_network_that_cannot_be_adopted_is_refused(changes: dict[str, Any], reason: str) -> None:
    key, _, text = reason.partition(": ")
    message = refusal(adopted, **changes)
    assert key in message
    assert text in message


def test_policies_are_documents() -> None:
    assert json.loads(made().of("RolePolicy").inputs["policy"])["Version"] == "2012-10-17"
