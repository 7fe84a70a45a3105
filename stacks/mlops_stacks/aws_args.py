"""From the settings of an environment on AWS to the arguments of its components. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import pulumi

from mlops_stacks.aws_settings import (
    AwsSettings,
    BudgetSettings,
    CiSettings,
    EdgeSettings,
    EksCluster,
    NodePoolSettings,
)
from mlops_stacks.settings import NAMESPACE
from pulumi_mlops import model_endpoint_pods
from pulumi_mlops.aws import rds_checks, system_nodes
from pulumi_mlops.aws.budget import BudgetArgs
from pulumi_mlops.aws.ci_role import CiRoleArgs, OidcProviderSource
from pulumi_mlops.aws.cloud_alarms import CloudAlarmsArgs
from pulumi_mlops.aws.ecr_registry import EcrRegistryArgs, EcrSource
from pulumi_mlops.aws.edge_args import CertificateSource, ControllerSource, EdgeArgs, EdgeScheme
from pulumi_mlops.aws.eks_args import EksClusterArgs, EksSource, NodeKind, NodePoolArgs
from pulumi_mlops.aws.ground import GroundArgs
from pulumi_mlops.aws.hosted_zone import ZoneSource
from pulumi_mlops.aws.network_args import Endpoints, Nat, NetworkArgs, NetworkSource
from pulumi_mlops.aws.rds_args import RdsDatabaseArgs, RdsDatabaseSource
from pulumi_mlops.aws.s3_object_store import LockMode, S3ObjectStoreArgs, S3Source
from pulumi_mlops.aws.web_acl import WebAclSource

ADMIN = "admin"
BALANCER_LOGS = "load-balancer"
Given = Mapping[str, object]


def network(
    settings: AwsSettings, cluster: EksCluster, ground: GroundArgs, key: pulumi.Input[str]
) -> NetworkArgs:
    """The network of the cluster."""
    wanted = settings.network
    common: dict[str, Any] = {
        "ground": ground,
        "source": NetworkSource(wanted.mode),
        "cluster_name": cluster.name,
        "peer_cidrs": list(wanted.peer_cidrs),
    }
    if wanted.mode == "adopt":
        ids = {
            "vpc_id": wanted.vpc_id,
            "cidr": wanted.cidr,
            "private_subnet_ids": list(wanted.private_subnet_ids),
            "public_subnet_ids": list(wanted.public_subnet_ids),
            "database_subnet_ids": list(wanted.database_subnet_ids),
        }
        return cast(NetworkArgs, _given({**common, "adopt": _given(ids)}))
    create = {
        "cidr": wanted.cidr,
        "zones": list(settings.zone_names),
        "key_arn": key,
        "nat": Nat(wanted.nat),
        "endpoints": Endpoints(wanted.endpoints),
        "flow_log_days": wanted.flow_log_days,
    }
    return cast(NetworkArgs, _given({**common, "create": create}))


def cluster(
    settings: AwsSettings,
    wanted: EksCluster,
    ground: GroundArgs,
    key: pulumi.Input[str],
    subnet_ids: pulumi.Input[list[str]],
    admin_role: pulumi.Input[str] | None,
) -> EksClusterArgs:
    """The cluster; `admin_role` administers it where the settings name nobody.

    Where there is no such role either, of an adopted cluster, whoever runs the program asks as himself.
    """
    admins: dict[str, Any] = dict(wanted.admins)
    deployer = wanted.deployer
    if not admins and admin_role is not None:
        admins, deployer = {ADMIN: admin_role}, ADMIN
    common: dict[str, Any] = {
        "ground": ground,
        "source": EksSource(wanted.mode),
        "cluster_name": wanted.name,
        "version": wanted.version,
        "admins": admins,
        "deployer": deployer,
    }
    if wanted.existing is not None:
        return cast(EksClusterArgs, _given({**common, "existing": wanted.existing.model_dump()}))
    nodes = wanted.system_nodes
    create = {
        "viewers": dict(wanted.viewers),
        "private_subnet_ids": subnet_ids,
        "key_arn": key,
        "public_cidrs": list(wanted.public_cidrs),
        "private_cidrs": list(wanted.private_cidrs),
        "log_retention_days": wanted.log_days,
        "system_nodes": _given(
            {"instance_types": list(nodes.instance_types), "least": nodes.least, "most": nodes.most}
        ),
        "pools": {name: _pool(pool) for name, pool in wanted.pools.items()},
        "node_image": wanted.node_image,
        "addons": dict(wanted.addons),
        "karpenter": _given(wanted.karpenter.model_dump()),
        "isolated": settings.network.mode == "create" and settings.network.nat == "none",
    }
    return cast(EksClusterArgs, _given({**common, **create}))


def object_store(settings: AwsSettings, ground: GroundArgs, key: pulumi.Input[str]) -> S3ObjectStoreArgs:
    """The buckets."""
    common: dict[str, Any] = {
        "ground": ground,
        "source": S3Source.ADOPT if settings.buckets else S3Source.CREATE,
        "key_arn": key,
    }
    if settings.buckets:
        return cast(S3ObjectStoreArgs, {**common, "bucket_names": dict(settings.buckets)})
    wanted = settings.storage
    lock = None if wanted.lock_days is None else {"mode": LockMode.GOVERNANCE, "days": wanted.lock_days}
    create = {
        "object_name": f"{NAMESPACE}-{environment(ground)}",
        "force_destroy": wanted.force_destroy or None,
        "noncurrent_days": wanted.noncurrent_days,
        "request_days": wanted.request_days,
        "models_lock": lock,
        "load_balancer_logs": BALANCER_LOGS if settings.edge else None,
    }
    return cast(S3ObjectStoreArgs, _given({**common, **create}))


def image_registry(
    settings: AwsSettings, ground: GroundArgs, key: pulumi.Input[str], images: Iterable[str]
) -> EcrRegistryArgs:
    """A repository for each of `images`, or the registry that exists."""
    if settings.registry is not None:
        return {"ground": ground, "source": EcrSource.ADOPT, "address": settings.registry}
    return {
        "ground": ground,
        "source": EcrSource.CREATE,
        "prefix": f"{NAMESPACE}-{environment(ground)}",
        "images": sorted(images),
        "key_arn": key,
        "force_delete": settings.storage.force_destroy,
    }


def database(
    settings: AwsSettings,
    ground: GroundArgs,
    keys: tuple[pulumi.Input[str], pulumi.Input[str]],
    place: Mapping[str, Any],
) -> RdsDatabaseArgs:
    """MLflow's database; `keys` are those of data and of logs, `place` its network and clients."""
    wanted = settings.database
    if wanted.mode == "adopt":
        names = ("host", "port", "database", "user", "secret_arn", "security_group_id")
        adopt = {name: getattr(wanted, name) for name in names}
        if wanted.security_group_id is not None:
            adopt["client_security_group_id"] = place["client_security_group_id"]
        return cast(
            RdsDatabaseArgs, {"ground": ground, "source": RdsDatabaseSource.ADOPT, "adopt": _given(adopt)}
        )
    create = {
        **place,
        "key_arn": keys[0],
        "log_key_arn": keys[1],
        "identifier": f"{NAMESPACE}-{environment(ground)}",
        "instance_class": wanted.instance_class,
        "version": wanted.version,
        "allow_major_upgrade": wanted.allow_major_upgrade,
        "storage_gib": wanted.storage_gib,
        "multi_az": wanted.multi_az,
        "backup_days": wanted.backup_days,
        "log_days": wanted.log_days,
    }
    return cast(RdsDatabaseArgs, {"ground": ground, "source": RdsDatabaseSource.CREATE, "create": create})


def edge(
    wanted: EdgeSettings, endpoints: Iterable[str], namespace: str, place: Mapping[str, Any]
) -> EdgeArgs:
    """The way from outside; `place` is ground, cluster, network and logs."""
    domain = {
        "name": wanted.domain,
        "source": ZoneSource.ADOPT if wanted.zone_id else ZoneSource.CREATE,
        "zone_id": wanted.zone_id,
        "parent_zone_id": wanted.parent_zone_id,
        "certificate": CertificateSource.ADOPT if wanted.certificate_arn else CertificateSource.CREATE,
        "certificate_arn": wanted.certificate_arn,
    }
    firewall = {
        "source": WebAclSource.ADOPT if wanted.web_acl_arn else WebAclSource.CREATE,
        "arn": wanted.web_acl_arn,
        "rate_limit": wanted.rate_limit,
        "log_key_arn": None if wanted.web_acl_arn else place["log_key_arn"],
    }
    args = {
        **{key: value for key, value in place.items() if key != "log_key_arn"},
        "scheme": EdgeScheme.INTERNET if wanted.internet else EdgeScheme.INTERNAL,
        "public": wanted.public,
        "allowed_cidrs": list(wanted.allowed_cidrs),
        "domain": _given(domain),
        "firewall": _given(firewall),
        # The pools' nodes come and go with the endpoints that it leads to.
        "controller": {
            "source": ControllerSource.RUN,
            "node_selector": dict(system_nodes.LABELS),
            "tolerations": [{"key": system_nodes.TAINT, "operator": "Exists"}],
        },
        "endpoints": [
            {
                "name": name,
                "namespace": namespace,
                "service": name,
                "port": model_endpoint_pods.PORT,
                "host": host(wanted, name),
            }
            for name in endpoints
        ],
    }
    return cast(EdgeArgs, _given(args))


def host(wanted: EdgeSettings, endpoint: str) -> str:
    """The name by which clients ask an endpoint."""
    return f"{endpoint}.{wanted.domain}"


def alarms(
    settings: AwsSettings, ground: GroundArgs, key: pulumi.Input[str], watched: Mapping[str, Any]
) -> CloudAlarmsArgs:
    """Alarms about what is `watched` around the cluster: its name, gateways, queues and keys."""
    database = settings.database
    args = {
        "ground": ground,
        "key_arn": key,
        "emails": list(settings.alarm_emails),
        "object_name": f"{NAMESPACE}-{environment(ground)}",
        **{name: value for name, value in watched.items() if name != "database_identifier"},
    }
    if database.mode == "create":
        args["database"] = {
            "identifier": watched["database_identifier"],
            "storage_gib": database.storage_gib,
            "memory_gib": rds_checks.memory_gib(database.instance_class),
            "burstable": database.instance_class.startswith("db.t"),
        }
    return cast(CloudAlarmsArgs, _given(args))


def budget(wanted: BudgetSettings, ground: GroundArgs) -> BudgetArgs:
    """The budget of a month."""
    return {"ground": ground, "monthly_usd": float(wanted.monthly), "emails": list(wanted.notify)}


def ci(
    wanted: CiSettings, ground: GroundArgs, cluster: EksCluster, cluster_role: pulumi.Input[str] | None
) -> CiRoleArgs:
    """The roles of CI; `cluster_role` is the one as which the kubeconfig asks."""
    args = {
        "ground": ground,
        "provider": OidcProviderSource.ADOPT if wanted.provider_arn else OidcProviderSource.CREATE,
        **wanted.model_dump(),
        "stack": environment(ground),
        # Names of roles and buckets begin with those of the program's components, or of the cluster.
        "names": list(dict.fromkeys([f"{NAMESPACE}-*", f"{cluster.name}-*"])),
        "cluster_role_arns": [] if cluster_role is None else [cluster_role],
    }
    return cast(CiRoleArgs, _given(args))


def environment(ground: GroundArgs) -> str:
    """The name that the tags carry."""
    return ground["tags"]["mlops:environment"]


def _pool(pool: NodePoolSettings) -> NodePoolArgs:
    return cast(
        NodePoolArgs,
        _given(
            {
                "kind": NodeKind(pool.kind),
                "cpu_limit": pool.cpu_limit,
                "memory_limit": pool.memory_limit,
                "gpu_limit": pool.gpu_limit,
                "families": list(pool.families),
            }
        ),
    )


def _given(fields: Given) -> dict[str, Any]:
    """The fields that were given: the components hold the defaults of the rest."""
    return {key: value for key, value in fields.items() if not _is_absent(value)}


def _is_absent(value: object) -> bool:
    return value is None or (isinstance(value, list | dict) and not value)
