from __future__ import annotations

import ipaddress
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_mlops.aws import subnets
from pulumi_mlops.errors import InvalidValue

ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")
KINDS = ("private", "public", "database")


@st.composite
def vpcs(draw: st.DrawFn) -> str:
    space = draw(st.sampled_from(subnets.PRIVATE_SPACE))
    prefix = draw(st.integers(max(subnets.LARGEST, space.prefixlen), subnets.SMALLEST))
    offset = draw(st.integers(0, 2 ** (prefix - space.prefixlen) - 1))
    return f"{space.network_address + offset * 2 ** (32 - prefix)}/{prefix}"


def of(zone: subnets.ZoneSubnets) -> list[ipaddress.IPv4Network]:
    return [ipaddress.IPv4Network(getattr(zone, kind)) for kind in KINDS]


def test_a_vpc_is_cut_into_these_subnets() -> None:
    assert subnets.plan("10.20.0.0/16", ZONES) == [
        subnets.ZoneSubnets(ZONES[0], "10.20.0.0/18", "10.20.32.0/19", "10.20.192.0/22", "10.20.196.0/22"),
        subnets.ZoneSubnets(ZONES[1], "10.20.64.0/18", "10.20.96.0/19", "10.20.208.0/22", "10.20.212.0/22"),
        subnets.ZoneSubnets(ZONES[2], "10.20.128.0/18", "10.20.160.0/19", "10.20.224.0/22", "10.20.228.0/22"),
    ]


@given(vpcs(), st.integers(1, 3))
def test_subnets_are_one_for_each_zone_and_kind_inside_the_vpc_and_never_overlap(
    cidr: str, zones: int
) -> None:
    planned = subnets.plan(cidr, ZONES[:zones])
    assert [zone.zone for zone in planned] == list(ZONES[:zones])
    every = [network for zone in planned for network in of(zone)]
    assert len(every) == zones * len(KINDS)
    assert all(each.subnet_of(ipaddress.IPv4Network(cidr)) for each in every)
    assert not any(one.overlaps(other) for one, other in combinations(every, 2))


@given(vpcs(), st.integers(1, 2))
def test_a_zone_added_at_the_end_moves_no_subnet(cidr: str, zones: int) -> None:
    assert subnets.plan(cidr, ZONES[: zones + 1])[:zones] == subnets.plan(cidr, ZONES[:zones])


@given(vpcs())
def test_blocks_of_pods_are_the_upper_half_of_the_private_subnet(cidr: str) -> None:
    for zone in subnets.plan(cidr, ZONES):
        private, blocks = ipaddress.IPv4Network(zone.private), ipaddress.IPv4Network(zone.blocks)
        assert blocks.subnet_of(private)
        assert blocks.num_addresses * 2 == private.num_addresses
        assert blocks.broadcast_address == private.broadcast_address


@given(vpcs())
def test_a_public_subnet_has_room_for_a_load_balancer(cidr: str) -> None:
    assert all(ipaddress.IPv4Network(zone.public).prefixlen <= 27 for zone in subnets.plan(cidr, ZONES))


@given(vpcs(), st.integers(1, 3), st.integers(1, 30_000), st.integers(1, 1000))
def test_what_is_not_refused_has_room_when_a_zone_is_lost(
    cidr: str, zones: int, pods: int, nodes: int
) -> None:
    private = ipaddress.IPv4Network(subnets.plan(cidr, ZONES)[0].private).num_addresses
    carrying = max(zones - 1, 1)
    # However pods are spread, a node has a last block that is partly used, and one kept warm.
    blocks = pods / carrying / 16 + 2 * nodes / carrying
    used = 16 * blocks + 2 * nodes / carrying + subnets.AWS_KEEPS + subnets.OTHERS
    try:
        subnets.check_room(cidr, zones, pods, nodes)
    except InvalidValue:
        assert used + 16 + 36 > private, "refused with room for one node more"
    else:
        assert used <= private


@given(vpcs(), st.integers(1, 3), st.integers(1, 1000))
def test_single_addresses_have_room_beside_the_blocks(cidr: str, zones: int, nodes: int) -> None:
    try:
        subnets.check_room(cidr, zones, 1, nodes)
    except InvalidValue:
        return
    half = ipaddress.IPv4Network(subnets.plan(cidr, ZONES)[0].blocks).num_addresses
    assert subnets.AWS_KEEPS + subnets.OTHERS + 2 * -(-nodes // max(zones - 1, 1)) <= half


def test_addresses_needed_are_these() -> None:
    # 500 pods and 25 nodes in each of the two zones left: 32 blocks of pods, 50 partly used or warm.
    assert subnets.addresses_needed(3, 1000, 50) == 5 + 64 + 2 * 25 + 16 * (32 + 50)
    assert subnets.addresses_needed(1, 1000, 50) == 5 + 64 + 2 * 50 + 16 * (63 + 100)
    assert subnets.addresses_needed(2, 1000, 50) == subnets.addresses_needed(1, 1000, 50)


def test_a_vpc_with_too_few_addresses_is_refused_with_what_is_needed() -> None:
    with pytest.raises(InvalidValue) as caught:
        subnets.check_room("10.0.0.0/20", 3, 1000, 50)
    assert str(caught.value) == (
        "10.0.0.0/20 leaves 1024 addresses for each private subnet, and 1000 pods on 50 nodes over 3 zones "
        "need 1431; give a /19 or larger, or allow fewer pods and nodes"
    )
    subnets.check_room("10.0.0.0/19", 3, 1000, 50)


def test_more_pods_than_any_vpc_holds_are_refused_as_such() -> None:
    with pytest.raises(InvalidValue, match="no VPC is large enough, or allow fewer pods and nodes"):
        subnets.check_room("10.0.0.0/16", 3, 100_000, 1000)


@given(st.integers(1, 3), st.integers(1, 60_000), st.integers(1, 1000))
def test_the_size_that_a_refusal_names_is_enough_and_the_next_smaller_is_not(
    zones: int, pods: int, nodes: int
) -> None:
    try:
        subnets.check_room("10.0.0.0/21", zones, pods, nodes)
    except InvalidValue as error:
        if "no VPC" in str(error):
            with pytest.raises(InvalidValue):
                subnets.check_room("10.0.0.0/16", zones, pods, nodes)
            return
        named = int(str(error).split("give a /")[1].split()[0])
        subnets.check_room(f"10.0.0.0/{named}", zones, pods, nodes)
        with pytest.raises(InvalidValue):
            subnets.check_room(f"10.0.0.0/{named + 1}", zones, pods, nodes)


@pytest.mark.parametrize(
    "cidr", ["8.8.0.0/16", "172.32.0.0/16", "100.128.0.0/16", "192.0.0.0/16", "11.0.0.0/20"]
)
def test_a_vpc_that_is_not_private_is_refused(cidr: str) -> None:
    with pytest.raises(
        InvalidValue, match=f"{cidr} is not a private network; allowed is one within 10.0.0.0/8"
    ):
        subnets.plan(cidr, ZONES)


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.0.0.0/22", "10.0.0.0/28"])
def test_a_vpc_of_another_size_is_refused(cidr: str) -> None:
    with pytest.raises(InvalidValue, match=r"a VPC here is a /16 \(65536 addresses\) to a /21"):
        subnets.plan(cidr, ZONES)


@pytest.mark.parametrize("cidr", ["", "10.0.0.0", "10.0.0.1/16", "10.0.0.0/33", "fd00::/48", "my-vpc"])
def test_what_is_no_network_is_refused(cidr: str) -> None:
    with pytest.raises(InvalidValue):
        subnets.plan(cidr, ZONES)


@pytest.mark.parametrize("zones", [(), (*ZONES, "eu-central-1d")])
def test_no_zones_and_four_zones_are_refused(zones: tuple[str, ...]) -> None:
    with pytest.raises(InvalidValue, match="allowed are 1 to 3"):
        subnets.plan("10.0.0.0/16", zones)


@pytest.mark.parametrize("other", ["10.0.0.0/8", "10.20.0.0/16", "10.20.255.0/24", "0.0.0.0/0"])
def test_networks_that_overlap_are_refused_by_what_they_are(other: str) -> None:
    with pytest.raises(InvalidValue, match=f"10.20.0.0/16 overlaps {other}, the office: "):
        subnets.check_apart("10.20.0.0/16", {"the office": other})


def test_networks_side_by_side_are_taken() -> None:
    subnets.check_apart("10.20.0.0/16", {"one": "10.19.0.0/16", "two": "10.21.0.0/16"})


@pytest.mark.parametrize("cidr", ["172.16.0.0/11", "172.16.0.0/25", "8.8.8.0/24"])
def test_a_network_of_services_that_eks_does_not_take_is_refused(cidr: str) -> None:
    with pytest.raises(InvalidValue):
        subnets.service_network(cidr)
