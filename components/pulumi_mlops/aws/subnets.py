"""Which addresses the subnets of a VPC have: pure arithmetic on IPv4 networks.

The VPC is cut the same way however many zones are used, so that a zone added at the end moves no subnet:

    quarter 0, 1, 2     the private subnet of the first, second and third zone
    quarter 3           four slots; slot 0, 1, 2 is for the small subnets of each zone, slot 3 stays free
    slot                four parts; the first is the public subnet, the second the databases', two stay free

A pod has an address of the VPC. Prefix delegation hands them to nodes in blocks of 16 that must lie together,
so the upper half of a private subnet is reserved for blocks: single addresses elsewhere cannot break it up.

Sources: EKS Best Practices Guide, "Prefix Mode for Linux"; EKS User Guide, "VPC and subnet requirements";
Elastic Load Balancing User Guide, "Subnets for your Application Load Balancer".
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi_mlops.errors import InvalidValue

MOST_ZONES = 3
LARGEST, SMALLEST = 16, 21
"""Prefix lengths of a VPC: AWS allows none shorter than 16; with one longer than 21 the public subnets would
be shorter of addresses than the /27 that a load balancer asks for."""
BLOCK = 16
"""Addresses that prefix delegation hands to a node at once."""
AWS_KEEPS = 5
"""Addresses of every subnet that AWS keeps for itself."""
OTHERS = 64
"""Addresses of a private subnet left for what is no pod and no node: interface endpoints, the control plane's
interfaces (twice as many while it is upgraded), internal load balancers."""
PRIVATE_SPACE = tuple(
    ipaddress.IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
"""RFC 1918, and the shared space of RFC 6598."""


@dataclass(frozen=True)
class ZoneSubnets:
    """The subnets of one zone, as CIDRs."""

    zone: str
    private: str
    """Of nodes, pods and interface endpoints."""
    blocks: str
    """The half of `private` that is reserved for blocks of pods' addresses."""
    public: str
    """Of NAT gateways and internet-facing load balancers."""
    database: str
    """Of databases, with no way out."""


def plan(cidr: str, zones: Sequence[str]) -> list[ZoneSubnets]:
    """The subnets of each zone, in the order of `zones`.

    Raises:
        InvalidValue: `cidr` is no private network of a size that can be cut, or there are no zones, or more
            than three.
    """
    vpc = vpc_network(cidr)
    if not 1 <= len(zones) <= MOST_ZONES:
        raise InvalidValue(f"{len(zones)} zones were given; allowed are 1 to {MOST_ZONES}")
    *private, small = vpc.subnets(prefixlen_diff=2)
    slots = list(small.subnets(prefixlen_diff=2))
    return [
        _zone(zone, private[number], list(slots[number].subnets(prefixlen_diff=2)))
        for number, zone in enumerate(zones)
    ]


def network(value: str) -> ipaddress.IPv4Network:
    """An IPv4 network in CIDR notation, with no bits set behind its prefix."""
    try:
        return ipaddress.IPv4Network(value)
    except ValueError as error:
        raise InvalidValue(f"{value!r} is no IPv4 network ({error}); one looks like 10.20.0.0/16") from error


def vpc_network(value: str) -> ipaddress.IPv4Network:
    """The network of a VPC that can be cut into subnets."""
    found = _private(value)
    if not LARGEST <= found.prefixlen <= SMALLEST:
        raise InvalidValue(
            f"{value} is a /{found.prefixlen}; a VPC here is a /{LARGEST} (65536 addresses) to a /{SMALLEST} "
            "(2048 addresses), so that every public subnet is a /27 or larger, as load balancers ask"
        )
    return found


def service_network(value: str) -> ipaddress.IPv4Network:
    """The network of a cluster's Services: private, and of a size that EKS takes."""
    found = _private(value)
    if not 12 <= found.prefixlen <= 24:
        raise InvalidValue(f"{value} is a /{found.prefixlen}; EKS takes a /12 to a /24 for Services")
    return found


def check_apart(cidr: str, others: Mapping[str, str]) -> None:
    """Raise `InvalidValue` if `cidr` overlaps one of `others`, which are by what they are."""
    mine = network(cidr)
    for what, other in others.items():
        if mine.overlaps(network(other)):
            raise InvalidValue(
                f"{cidr} overlaps {other}, {what}: addresses in both could not be told apart; "
                "choose networks that do not overlap"
            )


def addresses_needed(zones: int, pods: int, nodes: int) -> int:
    """Addresses that the private subnet of each zone must have.

    With two zones or more the others must carry everything when one is lost. A node holds two addresses of
    its own, and at most one block that is partly used and one that is kept warm.

    Args:
        pods, nodes: most at once in the whole cluster, with the nodes that a rolling update adds.
    """
    carrying = max(zones - 1, 1)
    pods_here, nodes_here = -(-pods // carrying), -(-nodes // carrying)
    blocks = -(-pods_here // BLOCK) + 2 * nodes_here
    return AWS_KEEPS + OTHERS + 2 * nodes_here + BLOCK * blocks


def check_room(cidr: str, zones: int, pods: int, nodes: int) -> None:
    """Raise `InvalidValue` if the private subnets of a VPC are too small for so many pods and nodes."""
    needed = addresses_needed(zones, pods, nodes)
    there = vpc_network(cidr).num_addresses // 4
    if needed <= there:
        return
    longest = 32 - (4 * needed - 1).bit_length()
    remedy = f"give a /{longest} or larger" if longest >= LARGEST else "no VPC is large enough"
    raise InvalidValue(
        f"{cidr} leaves {there} addresses for each private subnet, and {pods} pods on {nodes} nodes over "
        f"{zones} zones need {needed}; {remedy}, or allow fewer pods and nodes"
    )


def _zone(zone: str, private: ipaddress.IPv4Network, parts: Sequence[ipaddress.IPv4Network]) -> ZoneSubnets:
    _, upper = private.subnets(prefixlen_diff=1)
    return ZoneSubnets(zone, str(private), str(upper), public=str(parts[0]), database=str(parts[1]))


def _private(value: str) -> ipaddress.IPv4Network:
    found = network(value)
    if not any(found.subnet_of(space) for space in PRIVATE_SPACE):
        allowed = ", ".join(str(space) for space in PRIVATE_SPACE)
        raise InvalidValue(f"{value} is not a private network; allowed is one within {allowed}")
    return found
