from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_mlops.aws import eks_checks
from pulumi_mlops.errors import InvalidValue

ROLE = "arn:aws:iam::123456789012:role/deployer"


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (eks_checks.cluster_name, "mlops-dev"),
        (eks_checks.cluster_name, "a" * 30),
        (eks_checks.role_arn, ROLE),
        (eks_checks.role_arn, "arn:aws-us-gov:iam::123456789012:role/teams/risk/deployer"),
        (eks_checks.network, "198.51.100.0/24"),
        (eks_checks.network, "10.0.0.0/8"),
        (eks_checks.endpoint, "https://0123.gr7.eu-central-1.eks.amazonaws.com"),
        (eks_checks.instance_type, "m7i.large"),
        (eks_checks.instance_type, "m7i-flex.2xlarge"),
        (eks_checks.instance_type, "u-6tb1.112xlarge"),
        (eks_checks.instance_type, "m7i.metal-24xl"),
        (eks_checks.instance_family, "g4dn"),
        (eks_checks.instance_category, "m"),
        (eks_checks.architecture, "arm64"),
        (eks_checks.bottlerocket, "v1.64.0"),
        (eks_checks.chart_version, "1.14.1"),
        (eks_checks.lifetime, "1h30m"),
        (eks_checks.lifetime, "Never"),
        (eks_checks.drain, "30m"),
        (eks_checks.nodes_at_once, "10%"),
        (eks_checks.nodes_at_once, "0"),
        (eks_checks.disk_gib, 20),
    ],
)
def test_an_allowed_value_comes_back(check: Callable[[Any], Any], value: Any) -> None:
    assert check(value) == value


@pytest.mark.parametrize(
    ("check", "value", "reason"),
    [
        (eks_checks.cluster_name, "a" * 31, "at most 30 characters"),
        (eks_checks.cluster_name, "-dev", "a letter or digit first"),
        (eks_checks.role_arn, "arn:aws:sts::123456789012:assumed-role/deployer/me", "give the role"),
        (eks_checks.role_arn, "arn:aws:iam::123456789012:root", "no ARN of a role"),
        (eks_checks.network, "0.0.0.0/0", "opens the API server to 4294967296 addresses"),
        (eks_checks.network, "128.0.0.0/1", "blocks of /8 and narrower"),
        (eks_checks.network, "::/0", "no block of IPv4 addresses"),
        (eks_checks.network, "198.51.100.7/24", "no block of IPv4 addresses"),
        (eks_checks.endpoint, "0123.gr7.eu-central-1.eks.amazonaws.com", "no endpoint"),
        (eks_checks.instance_type, "large", "no instance type; one looks like m7i.large"),
        (eks_checks.instance_type, "m7i.huge", "no instance type"),
        (eks_checks.instance_type, "M7i.large", "no instance type"),
        (eks_checks.instance_family, "m", "no family"),
        (eks_checks.instance_category, "m7i", "no category"),
        (eks_checks.architecture, "x86_64", "allowed are amd64 and arm64"),
        (eks_checks.bottlerocket, "latest", "no release of Bottlerocket"),
        (eks_checks.chart_version, ">=1.0.0", "no version of a chart"),
        (eks_checks.lifetime, "30d", "such as 720h, 1h30m and Never"),
        (eks_checks.drain, "Never", "holds up a destroy for ever"),
        (eks_checks.nodes_at_once, "101%", "a percentage"),
        (eks_checks.disk_gib, 19, "allowed is 20 to 16384"),
        (eks_checks.day, "28.11.2026", "one looks like 2026-11-28"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_what_is(
    check: Callable[[Any], Any], value: Any, reason: str
) -> None:
    with pytest.raises(InvalidValue) as caught:
        check(value)
    assert reason in str(caught.value)


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_no_network_wider_than_a_class_a_reaches_the_api_server(
    address: ipaddress.IPv4Address, bits: int
) -> None:
    block = ipaddress.IPv4Network((int(address), bits), strict=False)
    if bits >= 8:
        assert eks_checks.network(str(block)) == str(block)
    else:
        with pytest.raises(InvalidValue):
            eks_checks.network(str(block))


def test_a_cluster_without_admin_is_refused_with_the_way_out() -> None:
    with pytest.raises(InvalidValue, match="whoever creates it gets no access by that"):
        eks_checks.admins({})
    eks_checks.admins({"deployer": ROLE})


def test_a_role_enters_once() -> None:
    other = "arn:aws:iam::123456789012:role/other"
    eks_checks.roles({"admins": {"a": ROLE}, "viewers": {"b": other}})
    with pytest.raises(InvalidValue) as caught:
        eks_checks.roles({"admins": {"a": ROLE}, "viewers": {"b": ROLE}})
    assert str(caught.value) == f"{ROLE} enters as admins.a and as viewers.b; name each role once"


def test_subnets_of_one_zone_are_too_few() -> None:
    eks_checks.subnets(["a", "b"])
    with pytest.raises(InvalidValue, match="two zones or more; 1 given"):
        eks_checks.subnets(["a"])


def test_the_deployer_is_one_of_the_admins() -> None:
    assert eks_checks.deployer("ci", {"ci": ROLE}) == "ci"
    with pytest.raises(InvalidValue, match="'me' is no admin of the cluster; named are ci"):
        eks_checks.deployer("me", {"ci": ROLE})


@pytest.mark.parametrize("kinds", [["gpu"], ["spot", "gpu"], []])
def test_pools_that_take_no_ordinary_pod_are_refused(kinds: list[str]) -> None:
    with pytest.raises(InvalidValue, match="add a pool of kind cpu or memory"):
        eks_checks.open_pool(kinds)


@pytest.mark.parametrize("kinds", [["cpu"], ["memory", "gpu"]])
def test_a_pool_for_ordinary_pods_is_enough(kinds: list[str]) -> None:
    eks_checks.open_pool(kinds)
