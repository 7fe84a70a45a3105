"""PostgreSQL on one volume, for MLflow's runs and versions."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import Secret, Service, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from pulumi_mlops import checks, database_pods, inputs, manifests, network_flows
from pulumi_mlops.database_pods import PORT
from pulumi_mlops.names import database_url
from pulumi_mlops.shared_args import FlowArgs, ResourcesArgs


class DatabaseArgs(TypedDict):
    """Arguments of Database."""

    namespace: pulumi.Input[str]
    """Namespace of all its objects."""
    image: pulumi.Input[str]
    """Image of PostgreSQL, by digest, with the environment of the well-known `postgres` image."""
    size: pulumi.Input[str]
    """Size of the volume, such as `5Gi`."""
    password: pulumi.Input[str]
    """Password of the owner; it is set when the volume is first used and not changed afterwards."""
    database: NotRequired[str]
    """Name of the database; `mlflow` by default."""
    user: NotRequired[str]
    """Name of its owner; `mlflow` by default."""
    object_name: NotRequired[str]
    """Name of the Service and the other objects; the component's name by default."""
    storage_class: NotRequired[pulumi.Input[str]]
    """StorageClass of the volume; the cluster's default class without it."""
    allowed_ingress: NotRequired[list[FlowArgs]]
    """Who in the cluster may connect; nobody by default."""
    resources: NotRequired[ResourcesArgs]
    """CPU and memory of the server."""


class Database(pulumi.ComponentResource):
    """One PostgreSQL server with one database, reachable inside the cluster only."""

    host: pulumi.Output[str]
    """Name of the server inside the cluster; the port is 5432."""
    url: pulumi.Output[str]
    """`postgresql://user:password@host:5432/database`, secret."""

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:Database", name, {}, opts)
        place = inputs.placement(name, "database", args)
        database = inputs.plain(args, "database", checks.object_name, "mlflow")
        user = inputs.plain(args, "user", checks.object_name, "mlflow")
        password = inputs.secret(args, "password")
        size = inputs.text(args, "size", checks.bytes_quantity)
        child = pulumi.ResourceOptions(parent=self)
        self.host = pulumi.Output.concat(place.name, ".", place.namespace, ".svc")
        self.url = pulumi.Output.secret(
            pulumi.Output.all(self.host, password).apply(
                lambda known: database_url(user, known[1], known[0], PORT, database)
            )
        )
        account = ServiceAccount(f"{name}-account", opts=child, **manifests.service_account(place.metadata()))
        secret = Secret(
            f"{name}-password", metadata=place.metadata(), string_data={"password": password}, opts=child
        )
        StatefulSet(
            f"{name}-server",
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[account, secret])),
            **database_pods.server(
                place,
                inputs.text(args, "image", checks.image_by_digest),
                database,
                user,
                manifests.volume_claim("data", size, args.get("storage_class")),
                inputs.resources(args, cpu="50m", memory="128Mi", memory_limit="512Mi"),
            ),
        )
        Service(
            f"{name}-service",
            opts=child,
            **manifests.service(place.metadata(), place.selector, PORT, "postgres"),
        )
        ingress = [network_flows.ingress(flow) for flow in inputs.flows(args, "allowed_ingress")]
        NetworkPolicy(
            f"{name}-flows",
            opts=child,
            **network_flows.policy(place.metadata(), place.selector, ingress, []),
        )
        self.register_outputs({"host": self.host, "url": self.url})
