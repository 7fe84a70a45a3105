"""An environment on AWS: its ground, its cluster and stores, and the platform on them."""

from pathlib import Path
from typing import Any, cast

import pulumi
import pulumi_aws as aws

from mlops_stacks import aws_args, aws_ground, aws_names, aws_roles
from mlops_stacks.aws_ground import Ground
from mlops_stacks.aws_settings import AwsSettings, EdgeSettings, EksCluster
from mlops_stacks.errors import SettingsError
from mlops_stacks.made_later import made_later
from mlops_stacks.platform_args import image_names, missing, platform_parts, platform_secrets
from mlops_stacks.settings import NAMESPACE, Images, Settings
from pulumi_mlops import DatabaseSource, ObjectStoreSource, Platform, PlatformArgs, model_endpoint_pods
from pulumi_mlops.aws import edge_checks, endpoints, iam_policy
from pulumi_mlops.aws.budget import Budget
from pulumi_mlops.aws.ci_role import CiRole
from pulumi_mlops.aws.cloud_alarms import CloudAlarms
from pulumi_mlops.aws.ecr_registry import EcrRegistry
from pulumi_mlops.aws.edge import Edge
from pulumi_mlops.aws.edge_args import EdgeArgs
from pulumi_mlops.aws.eks_cluster import EksCluster as Cluster
from pulumi_mlops.aws.iam_policy import Statement
from pulumi_mlops.aws.network import Network
from pulumi_mlops.aws.rds_database import RdsDatabase
from pulumi_mlops.aws.s3_object_store import S3ObjectStore

_BUCKETS = ("models", "data", "requests")


def register(environment: str, settings: Settings, given: AwsSettings, wanted: EksCluster) -> Platform:
    """Register all that the settings of an environment on AWS describe."""
    # What of them cannot be used is refused before anything is registered.
    aws_names.refuse_unfit(environment, given, _repositories(settings))
    images, secrets, authorities = _given_images(settings), _secrets(settings), _authorities(given)
    ground = aws_ground.lay(given, environment, wanted.name)
    admin = _admin_role(wanted, ground)
    network = Network(
        f"{NAMESPACE}-network",
        aws_args.network(given, wanted, ground.args, ground.log_key),
        ground.options,
    )
    cluster = _cluster(given, wanted, ground, network, admin)
    _ci(given, wanted, ground, admin)
    registry = EcrRegistry(
        f"{NAMESPACE}-registry",
        aws_args.image_registry(given, ground.args, ground.data_key, _repositories(settings)),
        ground.options,
    )
    store = S3ObjectStore(
        f"{NAMESPACE}-store", aws_args.object_store(given, ground.args, ground.data_key), ground.options
    )
    database = _database(given, ground, network, cluster)
    roles = aws_roles.register(settings, ground.args, wanted.name, store, database, ground.options)
    args = platform_parts(settings) | {
        "cluster": {
            "kubeconfig": cluster.kubeconfig,
            "image_registry": registry.address,
            "storage_class": cluster.storage_class,
        },
        "images": _images(settings, images, registry.address),
        "secrets": secrets,
        "object_store": {
            "source": ObjectStoreSource.ADOPT,
            "url": store.url,
            "region": given.region,
            "buckets": {name: store.bucket_names[name] for name in _BUCKETS},
        },
        "database": {"source": DatabaseSource.ADOPT, "url": database.url},
    }
    args["model_registry"] |= {
        "database_password": _password(given, database, authorities, args["images"]["pipeline"])
    }
    if given.edge is not None:
        _publish(args["endpoints"], given.edge, network.cidr)
        args["models_labels"] = dict(edge_checks.READINESS_GATE)
    platform = Platform(NAMESPACE, cast(PlatformArgs, args), pulumi.ResourceOptions(depends_on=roles))
    if given.edge is not None:
        place = _edge_place(ground, network, cluster, store, internet=given.edge.internet)
        names = [endpoint.name for endpoint in settings.endpoints]
        edge_args = aws_args.edge(given.edge, names, aws_roles.MODELS, place)
        _edge(edge_args, ground, cluster, [platform, store])
    _watch(given, wanted, ground, network, cluster, database)
    return platform


def _cluster(
    given: AwsSettings,
    wanted: EksCluster,
    ground: Ground,
    network: Network,
    admin: pulumi.Output[str] | None,
) -> Cluster:
    args = aws_args.cluster(
        given,
        wanted,
        ground.args,
        ground.cluster_key,
        network.private_subnet_ids,
        admin,
    )
    return Cluster(f"{NAMESPACE}-eks", args, ground.options)


def _ci(given: AwsSettings, wanted: EksCluster, ground: Ground, admin: pulumi.Output[str] | None) -> None:
    """The roles of CI, and their ARNs as an output, which workflows name."""
    if given.ci is None:
        return
    named = wanted.admins[wanted.deployer] if wanted.deployer is not None else None
    args = aws_args.ci(given.ci, ground.args, wanted, admin or named)
    roles = CiRole(f"{NAMESPACE}-ci", args, ground.options)
    pulumi.export("ci", {"previewRoleArn": roles.preview_role_arn, "deployRoleArn": roles.deploy_role_arn})


def _edge(args: EdgeArgs, ground: Ground, cluster: Cluster, after: list[pulumi.Resource]) -> None:
    # Its bindings are in the platform's namespace, and its log needs the policy of the bucket of logs.
    providers = {"aws": ground.provider, "kubernetes": cluster.provider}
    Edge(f"{NAMESPACE}-edge", args, pulumi.ResourceOptions(providers=providers, depends_on=after))


def _publish(endpoints: list[dict[str, Any]], edge: EdgeSettings, network: pulumi.Output[str]) -> None:
    """Tell each endpoint its address, and let the load balancer in, which has addresses of the network."""
    for endpoint in endpoints:
        endpoint["public_url"] = f"https://{aws_args.host(edge, endpoint['name'])}"
        endpoint["allowed_ingress"] = [
            {"name": "load balancer", "port": model_endpoint_pods.PORT, "cidr": network}
        ]


def _edge_place(
    ground: Ground, network: Network, cluster: Cluster, store: S3ObjectStore, *, internet: bool
) -> dict[str, Any]:
    return {
        "ground": ground.args,
        "cluster_name": cluster.name,
        "cluster_security_group_id": cluster.security_group_id,
        "vpc_id": network.vpc_id,
        "subnet_ids": network.public_subnet_ids if internet else network.private_subnet_ids,
        "logs_bucket": store.bucket_names["logs"],
        "logs_prefix": aws_args.BALANCER_LOGS,
        "log_key_arn": ground.log_key,
    }


def _watch(
    given: AwsSettings,
    wanted: EksCluster,
    ground: Ground,
    network: Network,
    cluster: Cluster,
    database: RdsDatabase,
) -> None:
    """What looks after the environment from outside the cluster: alarms and the budget."""
    queue = cluster.interruption_queue
    watched = {
        "database_identifier": database.identifier,
        "cluster_name": cluster.name if wanted.mode == "create" else None,
        "nat_gateways": network.nat_gateways,
        "queues": {} if queue is None else {"interruptions": queue},
        "key_arns": [ground.cluster_key, ground.data_key, ground.log_key],
    }
    CloudAlarms(
        f"{NAMESPACE}-alarms",
        aws_args.alarms(given, ground.args, ground.log_key, watched),
        ground.options,
    )
    if given.budget is not None:
        Budget(f"{NAMESPACE}-budget", aws_args.budget(given.budget, ground.args), ground.options)


def _admin_role(wanted: EksCluster, ground: Ground) -> pulumi.Output[str] | None:
    """A role without rights in AWS that administers the cluster, where the settings name no administrator."""
    if wanted.admins or wanted.mode == "adopt":
        return None
    region = ground.args["region"]
    trust = pulumi.Output.from_input(ground.args["account_id"]).apply(
        lambda account: iam_policy.document(
            Statement(
                "Account",
                ["sts:AssumeRole"],
                principals={
                    "AWS": [endpoints.arn(region, "iam", "root", account_id=account, regional=False)]
                },
            )
        )
    )
    role = aws.iam.Role(
        f"{NAMESPACE}-cluster-admin",
        name=f"{wanted.name}-admin",
        description=f"Administers cluster {wanted.name}; no rights in AWS",
        assume_role_policy=trust,
        permissions_boundary=ground.args.get("permissions_boundary_arn"),
        tags={**ground.args["tags"], "Name": f"{wanted.name}-admin"},
        opts=ground.options_of_resource,
    )
    arn: pulumi.Output[str] = role.arn
    return arn


def _database(given: AwsSettings, ground: Ground, network: Network, cluster: Cluster) -> RdsDatabase:
    place = {
        "vpc_id": network.vpc_id,
        "subnet_ids": network.database_subnet_ids,
        "client_security_group_id": cluster.security_group_id,
    }
    keys = (ground.data_key, ground.log_key)
    return RdsDatabase(
        f"{NAMESPACE}-mlflow-database",
        aws_args.database(given, ground.args, keys, place),
        ground.options,
    )


def _authorities(given: AwsSettings) -> pulumi.Input[str]:
    """The certificates by which MLflow knows its database."""
    file = given.database.authorities_file
    url = endpoints.rds_authorities_url(given.region)
    key = "mlops:aws.database.authoritiesFile"
    if file is not None:
        return _text(key, file)
    unset: pulumi.Output[str] = made_later(
        f"{key}: MLflow must know the database's certificate; fetch {url} and name the file"
    )
    return unset


def _password(
    given: AwsSettings, database: RdsDatabase, authorities: pulumi.Input[str], image: Any
) -> dict[str, Any]:
    """How MLflow reads its password, which RDS replaces every week where it made it."""
    wanted = given.database
    fields = {"user_field": wanted.secret_user_field, "password_field": wanted.secret_password_field}
    return {
        "secret_arn": database.secret_arn,
        "region": given.region,
        "image": image,
        "authorities": authorities,
        **{name: field for name, field in fields.items() if field is not None},
    }


def _text(key: str, file: str) -> str:
    try:
        return Path(file).read_text()
    except OSError as error:
        raise SettingsError(
            f"{key}: {file} cannot be read: {error.strerror}; give its absolute path"
        ) from error


def _repositories(settings: Settings) -> list[str]:
    return [_key_of(name) for name in image_names(settings)]


def _key_of(name: str) -> str:
    """The image of a setting as it is called in files and registries."""
    return str(Images.model_fields[name].alias)


def _given_images(settings: Settings) -> dict[str, str] | None:
    """Every image that is needed, None before `mlops up` has pushed them."""
    if settings.images is None:
        return None
    names = image_names(settings)
    settings.images.refuse_missing(names)
    return {name: str(getattr(settings.images, name)) for name in names}


def _images(settings: Settings, given: dict[str, str] | None, address: pulumi.Output[str]) -> dict[str, Any]:
    """References by digest; digests alone are of the environment's own registry."""
    if given is None:
        return {name: made_later(missing("images")) for name in image_names(settings)}
    return {
        name: pulumi.Output.concat(address, f"/{_key_of(name)}@{value}")
        if value.startswith("sha256:")
        else value
        for name, value in given.items()
    }


def _secrets(settings: Settings) -> Any:
    if settings.secrets is not None:
        return platform_secrets(settings, settings.secrets)
    names = ["model_registry_admin_password", "model_registry_session_key"]
    names += ["remediation_token"] if settings.remediation is not None else []
    return {name: pulumi.Output.secret(made_later(missing("secrets"))) for name in names}
