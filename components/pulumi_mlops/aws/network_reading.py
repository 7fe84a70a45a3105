"""Reads a network's arguments: every refusal names the key, and comes before anything is registered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

import pulumi

from pulumi_mlops import checks, inputs
from pulumi_mlops.aws import aws_checks, network_checks, network_endpoints, subnets
from pulumi_mlops.aws.network_args import Endpoints, Nat, NetworkArgs
from pulumi_mlops.aws.subnets import ZoneSubnets
from pulumi_mlops.errors import InvalidValue

SERVICES = "172.20.0.0/16"
PODS, NODES = 1000, 50
FLOW_LOG_DAYS = 365

T = TypeVar("T")
Choice = TypeVar("Choice", bound=Enum)


@dataclass(frozen=True)
class Adopted:
    """A network that exists."""

    vpc_id: Any
    cidr: str
    private: list[Any]
    public: list[Any]
    database: list[Any]


@dataclass(frozen=True)
class Wanted:
    """A network to be made."""

    region: str
    cidr: str
    zones: list[ZoneSubnets]
    public: bool
    nat: Nat
    services: list[str]
    """Those that get an interface endpoint, sorted."""
    endpoint_zones: int
    """How many of the zones have them, from the first."""
    s3_policy: pulumi.Output[str]
    key_arn: Any
    flow_log_days: int


def choice(path: str, kind: type[Choice], value: Any) -> Choice:
    """One of an enum, given as such or as its value."""
    try:
        return kind(value)
    except ValueError as error:
        allowed = ", ".join(str(each.value) for each in kind)
        raise pulumi.InputPropertyError(path, f"{value!r} is none of {allowed}") from error


def adopted(args: NetworkArgs) -> Adopted:
    """The network under `adopt`."""
    given = inputs.section(args, "adopt")
    kinds = ("private_subnet_ids", "public_subnet_ids", "database_subnet_ids")
    ids = {kind: _subnet_ids(given, kind) for kind in kinds}
    _refused("adopt", lambda: network_checks.distinct_subnets(ids))
    private, public, database = (ids[kind] for kind in kinds)
    for kind, few in ((kinds[0], len(private) < 2), (kinds[2], len(database) == 1)):
        if few:
            raise pulumi.InputPropertyError(
                f"adopt.{kind}", f"{len(ids[kind])} subnets were given; EKS and RDS want some in two zones"
            )
    vpc_id = inputs.text(given, "vpc_id", network_checks.vpc_id, within="adopt")
    cidr = _cidr(args, given, "adopt", subnets.network)
    return Adopted(vpc_id, cidr, private, public, database or private)


def wanted(args: NetworkArgs) -> Wanted:
    """The network under `create`."""
    given, ground = inputs.section(args, "create"), inputs.section(args, "ground")
    region = inputs.plain(ground, "region", aws_checks.region, within="ground")
    production = bool(ground.get("production"))
    cidr = _cidr(args, given, "create", subnets.vpc_network)
    zones = _zones(given, region, cidr, production)
    public = given.get("public_subnets") is not False
    nat = choice("create.nat", Nat, given.get("nat") or Nat.PER_ZONE)
    endpoints = choice("create.endpoints", Endpoints, given.get("endpoints") or Endpoints.EVERY_ZONE)
    _refused(
        "create.nat", lambda: network_checks.nat(nat.value, public_subnets=public, production=production)
    )
    _refused(
        "create.endpoints",
        lambda: network_checks.endpoints(endpoints.value, nat=nat.value, production=production),
    )
    return Wanted(
        region=region,
        cidr=cidr,
        zones=zones,
        public=public,
        nat=nat,
        services=_services(given, region, endpoints),
        endpoint_zones=1 if endpoints is Endpoints.ONE_ZONE else len(zones),
        s3_policy=_s3_policy(given, ground, region),
        key_arn=inputs.text(given, "key_arn", aws_checks.arn, within="create"),
        flow_log_days=inputs.whole(
            given, "flow_log_days", aws_checks.log_days, FLOW_LOG_DAYS, within="create"
        ),
    )


def _zones(given: Mapping[str, Any], region: str, cidr: str, production: bool) -> list[ZoneSubnets]:
    names = _refused(
        "create.zones",
        lambda: network_checks.zones(given.get("zones") or [], region, production=production),
    )
    pods = inputs.whole(given, "pods", checks.positive, PODS, within="create")
    nodes = inputs.whole(given, "nodes", checks.positive, NODES, within="create")
    _refused("create.cidr", lambda: subnets.check_room(cidr, len(names), pods, nodes))
    return subnets.plan(cidr, names)


def _cidr(args: NetworkArgs, given: Mapping[str, Any], source: str, check: Callable[[str], object]) -> str:
    """The network's addresses, which lie apart from all that it must reach."""
    cidr = inputs.plain(given, "cidr", _same(check), within=source)
    services = inputs.plain(args, "service_cidr", _same(subnets.service_network), SERVICES)
    joined = {f"peer_cidrs[{number}]": peer for number, peer in enumerate(args.get("peer_cidrs") or [])}
    for path, peer in joined.items():
        inputs.plain({path: peer}, path, _same(subnets.network))
    _refused("service_cidr", lambda: subnets.check_apart(services, joined))
    others = {"the network of the cluster's Services (service_cidr)": services, **joined}
    _refused(f"{source}.cidr", lambda: subnets.check_apart(cidr, others))
    return cidr


def _services(given: Mapping[str, Any], region: str, endpoints: Endpoints) -> list[str]:
    path = "create.extra_endpoints"
    extra: list[str] = inputs.texts({path: given.get("extra_endpoints")}, path, network_endpoints.service)
    _refused("ground.region", lambda: network_endpoints.service_name(region, "s3"))
    if endpoints is not Endpoints.NONE:
        return sorted({*network_endpoints.NEEDED, *extra})
    if extra:
        raise pulumi.InputPropertyError(
            path,
            "endpoints is none, so these would have no place; set it to something else, or leave them out",
        )
    return []


def _s3_policy(given: Mapping[str, Any], ground: Mapping[str, Any], region: str) -> pulumi.Output[str]:
    path = "create.read_accounts"
    readable: list[str] = inputs.texts({path: given.get("read_accounts")}, path, aws_checks.account_id)
    account = inputs.text(ground, "account_id", aws_checks.account_id, within="ground")
    return pulumi.Output.from_input(account).apply(
        lambda known: network_endpoints.s3_policy(region, known, readable)
    )


def _subnet_ids(given: Mapping[str, Any], kind: str) -> list[Any]:
    path = f"adopt.{kind}"
    ids: Sequence[Any] = inputs.texts({path: given.get(kind)}, path, network_checks.subnet_id)
    return list(ids)


def _same(check: Callable[[str], object]) -> Callable[[str], str]:
    """A check that hands back the value which it looked at."""

    def checked(value: str) -> str:
        check(value)
        return value

    return checked


def _refused(path: str, check: Callable[[], T]) -> T:
    try:
        return check()
    except InvalidValue as error:
        raise pulumi.InputPropertyError(path, str(error)) from error
