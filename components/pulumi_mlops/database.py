"""PostgreSQL for MLflow's runs and versions: one that exists, or one run on one volume."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import Secret, Service, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from pulumi_mlops import checks, database_pods, inputs, manifests, network_flows
from pulumi_mlops.database_pods import PORT
from pulumi_mlops.names import database_url, host_of
from pulumi_mlops.shared_args import FlowArgs, ResourcesArgs


class DatabaseSource(Enum):
    """Where the database comes from."""

    RUN = "run"
    """It runs in the cluster."""
    ADOPT = "adopt"
    """It exists, such as a cloud's; nothing is registered."""


class DatabaseArgs(TypedDict):
    """Arguments of Database."""

    source: NotRequired[DatabaseSource]
    """Whether to run a server or to adopt one; to run it by default."""
    url: NotRequired[pulumi.Input[str]]
    """To adopt: `postgresql://user:password@host:5432/database`; kept a secret."""
    namespace: NotRequired[pulumi.Input[str]]
    """To run: namespace of all its objects."""
    image: NotRequired[pulumi.Input[str]]
    """To run: image of PostgreSQL, by digest, with the environment of the well-known `postgres` image."""
    size: NotRequired[pulumi.Input[str]]
    """To run: size of the volume, such as `5Gi`."""
    password: NotRequired[pulumi.Input[str]]
    """To run: password of the owner; it is set when the volume is first used and not changed afterwards."""
    database: NotRequired[str]
    """To run: name of the database; `mlflow` by default."""
    user: NotRequired[str]
    """To run: name of its owner; `mlflow` by default."""
    object_name: NotRequired[str]
    """To run: name of the Service and the other objects; the component's name by default."""
    storage_class: NotRequired[pulumi.Input[str]]
    """To run: StorageClass of the volume; the cluster's default class without it."""
    allowed_ingress: NotRequired[list[FlowArgs]]
    """To run: who in the cluster may connect; nobody by default."""
    resources: NotRequired[ResourcesArgs]
    """To run: CPU and memory of the server."""


_OF_RUN = ("image", "size", "password", "database", "user", "storage_class")


class Database(pulumi.ComponentResource):
    """One PostgreSQL database; a server that is run is reachable inside the cluster only."""

    host: pulumi.Output[str]
    """Name of the server."""
    url: pulumi.Output[str]
    """`postgresql://user:password@host:5432/database`, secret."""

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:Database", name, {}, opts)
        if DatabaseSource(args.get("source") or "run") is DatabaseSource.ADOPT:
            inputs.refuse_given(args, _OF_RUN, "source adopt")
            self.url = inputs.secret(args, "url")
            self.host = pulumi.Output.unsecret(self.url.apply(host_of))
        else:
            inputs.refuse_given(args, ("url",), "source run")
            self._run(name, args)
        self.register_outputs({"host": self.host, "url": self.url})

    def _run(self, name: str, args: DatabaseArgs) -> None:
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
