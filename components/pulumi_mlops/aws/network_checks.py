"""What a network must fulfil beside the arithmetic of its subnets. Pure."""

import re
from collections.abc import Mapping, Sequence

from pulumi_mlops.errors import InvalidValue

FEWEST_ZONES = 2
"""EKS takes no control plane, and RDS no subnet group, in fewer zones."""
PRODUCTION_ZONES = 3

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,99}")
_VPC_ID = re.compile(r"vpc-([0-9a-f]{8}|[0-9a-f]{17})")
_SUBNET_ID = re.compile(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})")


def cluster_name(value: str) -> str:
    """A name that EKS takes for a cluster."""
    if not _NAME.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is no cluster's name; allowed are 1 to 100 letters, digits, - and _, "
            "beginning with a letter or digit"
        )
    return value


def vpc_id(value: str) -> str:
    """The id of a VPC."""
    if not _VPC_ID.fullmatch(value):
        raise InvalidValue(f"{value!r} is no VPC's id; one looks like vpc-0123456789abcdef0")
    return value


def subnet_id(value: str) -> str:
    """The id of a subnet."""
    if not _SUBNET_ID.fullmatch(value):
        raise InvalidValue(f"{value!r} is no subnet's id; one looks like subnet-0123456789abcdef0")
    return value


def zones(values: Sequence[str], region: str, *, production: bool) -> list[str]:
    """The zones of a network, in their order."""
    fewest = PRODUCTION_ZONES if production else FEWEST_ZONES
    for value in values:
        if not re.fullmatch(rf"{re.escape(region)}[a-z]", value):
            raise InvalidValue(f"{value!r} is no zone of {region}; one looks like {region}a")
    if len(set(values)) != len(values):
        raise InvalidValue(f"{', '.join(values)} names a zone twice; name each once")
    if not fewest <= len(values) <= PRODUCTION_ZONES:
        why = "production stays up without one of them" if production else "EKS and RDS want two"
        allowed = "3" if production else "2 or 3"
        raise InvalidValue(f"{len(values)} zones were given; allowed are {allowed}: {why}")
    return list(values)


def nat(value: str, *, public_subnets: bool, production: bool) -> None:
    """Refuse a NAT gateway (`none`, `single`, `per-zone`) with no place, or one that a zone takes with it."""
    if value != "none" and not public_subnets:
        raise InvalidValue(
            f"{value} makes NAT gateways, which stand in public subnets, and public_subnets is false; "
            "set this to none, or public_subnets to true"
        )
    if production and value == "single":
        raise InvalidValue(
            "single would go with its zone, and production with it; allowed are per-zone, none"
        )


def endpoints(value: str, *, nat: str, production: bool) -> None:
    """Refuse interface endpoints (`none`, `one-zone`, `every-zone`) that are missing or go with a zone."""
    if value == "none" and nat == "none":
        raise InvalidValue(
            "nodes would reach nothing of AWS: this and nat are none; set one of them to something else"
        )
    if production and value == "one-zone":
        raise InvalidValue(
            "one-zone would go with its zone, and production with it; allowed are every-zone, "
            "and none with a NAT gateway per zone"
        )


def distinct_subnets(kinds: Mapping[str, Sequence[object]]) -> None:
    """Refuse subnets that are named twice, of one kind or of two. Outputs, not known yet, are passed over."""
    seen: dict[str, str] = {}
    for kind, ids in kinds.items():
        for each in ids:
            if isinstance(each, str) and seen.setdefault(each, kind) != kind:
                raise InvalidValue(f"{each} stands in {seen[each]} and in {kind}; a subnet is of one kind")
        known = [each for each in ids if isinstance(each, str)]
        if len(set(known)) != len(known):
            raise InvalidValue(f"{kind} names a subnet twice; name each once")
