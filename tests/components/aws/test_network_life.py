from __future__ import annotations

import json
from typing import Any

import pytest

from mlops_stacks import recording
from network_samples import (
    ACCOUNT,
    ADOPT,
    BASE,
    CREATE,
    GROUND,
    PRODUCTION,
    REGION,
    SUBNETS,
    A,
    B,
    C,
    adopted,
    arguments,
    made,
    refusal,
    users,
)
from pulumi_mlops.aws.network import Network
from pulumi_mlops.aws.network_args import Endpoints, Nat
from pulumi_mlops.aws.network_endpoints import NEEDED, s3_policy
from recording_engine import Recording, registered, unknown


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
    assert "source create is chosen, which has no use for this; leave one of the two out" in message
    assert "source adopt is chosen, which has no use for this" in refusal(adopted, {"create": CREATE})


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
