from __future__ import annotations

import pytest

from pulumi_mlops.aws import network_checks
from pulumi_mlops.errors import InvalidValue

A, B, C = "eu-central-1a", "eu-central-1b", "eu-central-1c"


@pytest.mark.parametrize("value", ["mlops-dev", "m", "1_a", "A" * 100])
def test_names_that_eks_takes_are_taken(value: str) -> None:
    assert network_checks.cluster_name(value) == value


@pytest.mark.parametrize("value", ["", "-m", "_m", "a b", "a.b", "A" * 101])
def test_names_that_eks_refuses_are_refused(value: str) -> None:
    with pytest.raises(InvalidValue, match="is no cluster's name"):
        network_checks.cluster_name(value)


def test_ids_of_either_length_are_taken() -> None:
    for tail in ("0123abcd", "0123456789abcdef0"):
        assert network_checks.vpc_id(f"vpc-{tail}") == f"vpc-{tail}"
        assert network_checks.subnet_id(f"subnet-{tail}") == f"subnet-{tail}"


@pytest.mark.parametrize("value", ["", "vpc-", "subnet-0123abcd", "vpc-XYZ", "vpc-0123456789"])
def test_what_is_no_id_of_a_vpc_is_refused(value: str) -> None:
    with pytest.raises(InvalidValue, match="is no VPC's id; one looks like vpc-"):
        network_checks.vpc_id(value)


@pytest.mark.parametrize("value", ["", "subnet-", "vpc-0123abcd", "subnet-0123456789"])
def test_what_is_no_id_of_a_subnet_is_refused(value: str) -> None:
    with pytest.raises(InvalidValue, match="is no subnet's id; one looks like subnet-"):
        network_checks.subnet_id(value)


@pytest.mark.parametrize(("values", "production"), [([A, B], False), ([C, A, B], False), ([A, B, C], True)])
def test_zones_keep_their_order(values: list[str], production: bool) -> None:
    assert network_checks.zones(values, "eu-central-1", production=production) == values


@pytest.mark.parametrize("value", ["eu-central-1", "eu-central-1-ham-1a", "eu-west-1a", "a", "euc1-az1"])
def test_what_is_no_zone_of_the_region_is_refused(value: str) -> None:
    with pytest.raises(InvalidValue, match=f"'{value}' is no zone of eu-central-1"):
        network_checks.zones([A, value], "eu-central-1", production=False)


@pytest.mark.parametrize(
    ("values", "production"), [([], False), ([A], False), ([A, B, C, "eu-central-1d"], False), ([A, B], True)]
)
def test_too_few_and_too_many_zones_are_refused(values: list[str], production: bool) -> None:
    with pytest.raises(InvalidValue, match=f"^{len(values)} zones were given"):
        network_checks.zones(values, "eu-central-1", production=production)


@pytest.mark.parametrize("value", ["none", "single", "per-zone"])
@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("production", [True, False])
def test_nat_needs_public_subnets_and_in_production_a_gateway_for_each_zone(
    value: str, public: bool, production: bool
) -> None:
    if value == "none" or (public and not (production and value == "single")):
        network_checks.nat(value, public_subnets=public, production=production)
    else:
        with pytest.raises(InvalidValue):
            network_checks.nat(value, public_subnets=public, production=production)


@pytest.mark.parametrize("value", ["none", "one-zone", "every-zone"])
@pytest.mark.parametrize("nat", ["none", "single", "per-zone"])
@pytest.mark.parametrize("production", [True, False])
def test_nodes_reach_aws_by_nat_or_endpoints_and_in_production_whatever_zone_is_lost(
    value: str, nat: str, production: bool
) -> None:
    if (value, nat) != ("none", "none") and not (production and value == "one-zone"):
        network_checks.endpoints(value, nat=nat, production=production)
    else:
        with pytest.raises(InvalidValue):
            network_checks.endpoints(value, nat=nat, production=production)
