"""Refuses settings of AWS that a component would refuse later, when others are registered already. Pure.

Every function raises `Refused` with the key's path within its section, by the component's own checks.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from mlops_stacks.setting_types import Refused, Section
from pulumi_mlops.aws import (
    aws_checks,
    edge_checks,
    eks_checks,
    eks_versions,
    network_checks,
    network_reading,
    rds_checks,
    s3_rules,
    subnets,
    web_acl_rules,
)
from pulumi_mlops.errors import InvalidValue

if TYPE_CHECKING:
    from mlops_stacks.aws_settings import (
        AwsSettings,
        DatabaseClassSettings,
        EdgeSettings,
        EksCluster,
        NetworkSettings,
        NodePoolSettings,
    )

T = TypeVar("T")
FEWEST_SUBNETS = 2


def one_mode(section: Section, mode: str, other: Collection[str], needed: Collection[str] = ()) -> None:
    """Refuse keys of another mode, which would say nothing here, and missing ones of this mode."""
    for name in other:
        if name in section.model_fields_set and getattr(section, name) is not None:
            raise Refused(
                _key(section, name), f"says nothing where mode is {mode}; leave it out, or change mode"
            )
    for name in needed:
        if not getattr(section, name):
            raise Refused(_key(section, name), f"is needed where mode is {mode}; give it, or change mode")


def network(wanted: "NetworkSettings", *, production: bool) -> None:
    """What `mlops:aws.network` asks for."""
    joined = {f"network.peerCidrs[{number}]": cidr for number, cidr in enumerate(wanted.peer_cidrs)}
    for path, cidr in joined.items():
        refused(path, subnets.network, cidr)
    others = {"the network of the cluster's Services": network_reading.SERVICES, **joined}
    if wanted.mode == "adopt":
        _adopted_subnets(wanted)
        refused("network.cidr", subnets.network, wanted.cidr)
        refused("network.cidr", subnets.check_apart, wanted.cidr, others)
        return
    refused("network.cidr", subnets.vpc_network, wanted.cidr)
    refused("network.cidr", subnets.check_apart, wanted.cidr, others)
    refused("network.nat", network_checks.nat, wanted.nat, public_subnets=True, production=production)
    refused(
        "network.endpoints",
        network_checks.endpoints,
        wanted.endpoints,
        nat=wanted.nat,
        production=production,
    )
    refused("network.flowLogDays", aws_checks.log_days, wanted.flow_log_days)


def zones(settings: "AwsSettings") -> None:
    """The zones of a network that is made, and whether it has room in them."""
    if settings.network.mode == "adopt":
        if settings.zones:
            raise Refused("zones", "are those of the adopted subnets; leave this out, or make the network")
        return
    names = refused(
        "zones", network_checks.zones, settings.zone_names, settings.region, production=settings.production
    )
    refused(
        "network.cidr",
        subnets.check_room,
        settings.network.cidr,
        len(names),
        network_reading.PODS,
        network_reading.NODES,
    )


def database(wanted: "DatabaseClassSettings", *, production: bool) -> None:
    """What `mlops:aws.database` asks for."""
    if wanted.mode == "adopt":
        return
    if production and not wanted.multi_az:
        raise Refused("database.multiAz", "must be true in production; a standby takes over in a minute")
    refused("database.version", rds_checks.version, wanted.version, today())
    refused("database.storageGib", rds_checks.storage, wanted.storage_gib, 5 * wanted.storage_gib)
    refused("database.backupDays", rds_checks.backup_days, wanted.backup_days, production=production)
    refused("database.logDays", aws_checks.log_days, wanted.log_days)


def stores(settings: "AwsSettings") -> None:
    """Buckets that are made, or adopted whole."""
    storage, buckets = settings.storage, settings.buckets
    if settings.production and storage.force_destroy:
        raise Refused("storage.forceDestroy", "true deletes models with the stack; not in production")
    if not buckets:
        return
    refused("buckets", s3_rules.adopted, buckets)
    for name, bucket in buckets.items():
        refused(f"buckets.{name}", s3_rules.bucket_name, bucket)
    for kept in ("noncurrent_days", "request_days", "lock_days"):
        if kept in storage.model_fields_set:
            raise Refused(
                f"storage.{_key(storage, kept)}",
                "is for buckets that are made, and buckets adopts some; leave one of the two out",
            )
    if settings.edge is not None and "logs" not in buckets:
        raise Refused(
            "buckets.logs", "the load balancer of edge writes its log somewhere; name a bucket that lets it"
        )


def edge(wanted: "EdgeSettings") -> None:
    """What `mlops:aws.edge` asks for."""
    if wanted.public == bool(wanted.allowed_cidrs):
        raise Refused("allowedCidrs", "name the networks that may ask, or set public: true for everybody")
    if wanted.public and not wanted.internet:
        raise Refused(
            "public",
            "needs internet: true; inside the VPC, name allowedCidrs",
        )
    if wanted.zone_id and wanted.parent_zone_id:
        raise Refused("parentZoneId", "is for a zone that is made; leave it out where zoneId is given")
    if wanted.web_acl_arn and wanted.rate_limit:
        raise Refused("rateLimit", "is for a firewall that is made; leave it out where webAclArn is given")
    refused("domain", edge_checks.domain, wanted.domain)
    for key, zone in (("zoneId", wanted.zone_id), ("parentZoneId", wanted.parent_zone_id)):
        if zone is not None:
            refused(key, edge_checks.zone_id, zone)
    refused("allowedCidrs", edge_checks.networks, wanted.allowed_cidrs, public=wanted.public)
    if wanted.rate_limit is not None:
        refused("rateLimit", web_acl_rules.rate_limit, wanted.rate_limit)


def endpoints_of_edge(wanted: "EdgeSettings", names: Collection[str]) -> None:
    """Whether one load balancer takes all endpoints, each by a name of its own."""
    if len(names) > edge_checks.MOST_ENDPOINTS:
        raise ValueError(
            f"mlops:endpoints: {len(names)} are more than one load balancer takes, which is "
            f"{edge_checks.MOST_ENDPOINTS}; give some an environment of their own, or leave mlops:aws.edge "
            "out"
        )
    for number, name in enumerate(names):
        host = f"{name}.{wanted.domain}"
        refused(f"endpoints[{number}].name", edge_checks.domain, host)


def cluster(wanted: "EksCluster") -> None:
    """What `mlops:cluster` with `maker: eks` asks for."""
    refused("name", eks_checks.cluster_name, wanted.name)
    for key, roles in (("admins", wanted.admins), ("viewers", wanted.viewers)):
        for name, arn in roles.items():
            refused(f"{key}.{name}", eks_checks.role_arn, arn)
    refused("admins", eks_checks.roles, {"admins": wanted.admins, "viewers": wanted.viewers})
    if wanted.deployer is not None:
        refused("deployer", eks_checks.deployer, wanted.deployer, wanted.admins)
    if wanted.mode == "adopt":
        return
    refused("version", eks_versions.supported, wanted.version, today())
    refused("logDays", aws_checks.log_days, wanted.log_days)
    for key, networks in (("publicCidrs", wanted.public_cidrs), ("privateCidrs", wanted.private_cidrs)):
        for number, cidr in enumerate(networks):
            refused(f"{key}[{number}]", eks_checks.network, cidr)
    if wanted.node_image is not None:
        refused("nodeImage", eks_checks.bottlerocket, wanted.node_image)
    _nodes(wanted)


def _nodes(wanted: "EksCluster") -> None:
    nodes = wanted.system_nodes
    for number, kind in enumerate(nodes.instance_types):
        refused(f"systemNodes.instanceTypes[{number}]", eks_checks.instance_type, kind)
    if nodes.least and nodes.most and nodes.most < nodes.least:
        raise Refused(
            "systemNodes.most", f"{nodes.most} is less than least, {nodes.least}; raise it, or lower least"
        )
    for name, pool in wanted.pools.items():
        _pool(f"pools.{name}", pool)
    refused("pools", eks_checks.open_pool, [pool.kind for pool in wanted.pools.values()])


def _pool(path: str, pool: "NodePoolSettings") -> None:
    for number, family in enumerate(pool.families):
        refused(f"{path}.families[{number}]", eks_checks.instance_family, family)
    if pool.kind == "gpu" and pool.gpu_limit is None:
        raise Refused(f"{path}.gpuLimit", "is needed; it bounds the pool's cost")
    if pool.kind != "gpu" and pool.gpu_limit is not None:
        raise Refused(f"{path}.gpuLimit", f"a pool of kind {pool.kind} has no GPUs; leave it out")


def _adopted_subnets(wanted: "NetworkSettings") -> None:
    kinds: Mapping[str, Collection[str]] = {
        "privateSubnetIds": wanted.private_subnet_ids,
        "publicSubnetIds": wanted.public_subnet_ids,
        "databaseSubnetIds": wanted.database_subnet_ids,
    }
    refused("network.vpcId", network_checks.vpc_id, str(wanted.vpc_id))
    for key, ids in kinds.items():
        for number, subnet in enumerate(ids):
            refused(f"network.{key}[{number}]", network_checks.subnet_id, subnet)
        if len(ids) < FEWEST_SUBNETS and key != "publicSubnetIds":
            raise Refused(
                f"network.{key}", f"{len(ids)} given; EKS and RDS want some in two zones, so name two or more"
            )
    refused("network", network_checks.distinct_subnets, kinds)


def today() -> date:
    """The day on which support of versions is judged."""
    return datetime.now(tz=UTC).date()


def refused(key: str, check: Callable[..., T], *values: Any, **more: Any) -> T:
    """`check` of the values; what it refuses is told of `key`."""
    try:
        return check(*values, **more)
    except InvalidValue as error:
        raise Refused(key, str(error)) from error


def _key(section: Section, name: str) -> str:
    return str(type(section).model_fields[name].alias)
