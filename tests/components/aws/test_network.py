from __future__ import annotations

from mlops_stacks import recording
from network_samples import ACCOUNT, CREATE, GROUND, KEY, REGION, TAGS, A, B, C, arguments, kind, made, named
from pulumi_mlops.aws.network import Network
from pulumi_mlops.aws.network_args import Endpoints, Nat
from pulumi_mlops.aws.network_endpoints import NEEDED, s3_policy
from pulumi_mlops.aws.network_flow_logs import policy, trust
from recording_engine import Recording


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
