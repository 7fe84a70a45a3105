"""MLflow's server: experiments, versions and model cards for people. Serving never waits for it.

Needs a database and an object store; nothing reads its passwords but its own pod and the pipelines.
"""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Secret, Service, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from pulumi_mlops import checks, inputs, manifests, model_registry_pods, network_flows, render
from pulumi_mlops.model_registry_pods import ADMIN, PORT
from pulumi_mlops.names import registry_hosts
from pulumi_mlops.placement import Placement
from pulumi_mlops.shared_args import FlowArgs, ResourcesArgs, StoreAccessArgs


class ModelRegistryArgs(TypedDict):
    """Arguments of ModelRegistry."""

    namespace: pulumi.Input[str]
    """Namespace of all its objects."""
    image: pulumi.Input[str]
    """Image of MLflow, by digest, whose entrypoint is the `mlflow` command."""
    database_url: pulumi.Input[str]
    """`postgresql://…` of the database for runs, versions and users; kept a secret."""
    store: StoreAccessArgs
    """The object store for the files of runs, with a key that may write the bucket `data`."""
    admin_password: pulumi.Input[str]
    """Password of the user `admin`, at least 12 characters; used when the database is first filled."""
    session_key: pulumi.Input[str]
    """Key that signs the browser's sessions; any long random string."""
    object_name: NotRequired[str]
    """Name of the Service and the other objects; the component's name by default."""
    node_port: NotRequired[pulumi.Input[int]]
    """Port on every node for clients outside the cluster; none without it."""
    ingress_address: NotRequired[pulumi.Input[str]]
    """Address on which clients reach `node_port`; needed with it."""
    allowed_ingress: NotRequired[list[FlowArgs]]
    """Who in the cluster may connect."""
    allowed_egress: NotRequired[list[FlowArgs]]
    """Where the database and the object store are."""
    resources: NotRequired[ResourcesArgs]
    """CPU and memory of the server."""


class ModelRegistry(pulumi.ComponentResource):
    """An MLflow server with authentication on, on a PostgreSQL database and an S3 store."""

    url: pulumi.Output[str]
    """Tracking URI inside the cluster."""
    external_url: pulumi.Output[str | None]
    """URL for people and clients outside, if published."""
    username: pulumi.Output[str]
    """The administrator's name."""
    password: pulumi.Output[str]
    """The administrator's password, secret."""

    def __init__(
        self, name: str, args: ModelRegistryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:index:ModelRegistry", name, {}, opts)
        place = inputs.placement(name, "model-registry", args)
        child = pulumi.ResourceOptions(parent=self)
        self.url = pulumi.Output.concat("http://", place.name, ".", place.namespace, f".svc:{PORT}")
        self.external_url = inputs.external_url(args)
        self.username = pulumi.Output.from_input(ADMIN)
        self.password = inputs.secret(args, "admin_password")
        account = ServiceAccount(f"{name}-account", opts=child, **manifests.service_account(place.metadata()))
        secrets = _secrets(name, args, place, child)
        policy = NetworkPolicy(f"{name}-flows", opts=child, **_flows(args, place))
        hosts = pulumi.Output.all(place.namespace, self.external_url).apply(
            lambda known: registry_hosts(place.name, known[0], PORT, known[1])
        )
        Deployment(
            f"{name}-server",
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(depends_on=[account, policy, *secrets])
            ),
            **model_registry_pods.server(
                place,
                inputs.text(args, "image", checks.image_by_digest),
                hosts,
                inputs.store_place(args)[:2],
                pulumi.Output.concat(
                    "--artifacts-destination=s3://", inputs.store_bucket(args, "data"), "/mlflow"
                ),
                inputs.store_key(args),
                inputs.resources(args, cpu="100m", memory="512Mi", memory_limit="1Gi"),
            ),
        )
        Service(
            f"{name}-service",
            opts=child,
            **manifests.service(
                place.metadata(), place.selector, PORT, "http", inputs.optional_node_port(args)
            ),
        )
        self.register_outputs(
            {
                "url": self.url,
                "external_url": self.external_url,
                "username": self.username,
                "password": self.password,
            }
        )


def _secrets(
    name: str, args: ModelRegistryArgs, place: Placement, child: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    database_url = inputs.secret(args, "database_url")
    password = inputs.secret(args, "admin_password")
    auth = pulumi.Output.all(database_url, password).apply(
        lambda known: render.mlflow_auth(known[0], ADMIN, known[1])
    )
    return [
        Secret(
            f"{name}-secrets",
            metadata=place.metadata("secrets"),
            string_data={
                "MLFLOW_BACKEND_STORE_URI": database_url,
                "MLFLOW_FLASK_SERVER_SECRET_KEY": inputs.secret(args, "session_key"),
                **inputs.store_key(args),
            },
            opts=child,
        ),
        Secret(
            f"{name}-auth", metadata=place.metadata("auth"), string_data={"basic_auth.ini": auth}, opts=child
        ),
    ]


def _flows(args: ModelRegistryArgs, place: Placement) -> manifests.Object:
    ingress = [network_flows.ingress(flow) for flow in inputs.flows(args, "allowed_ingress")]
    if inputs.given(args, "node_port"):
        ingress.append(network_flows.from_outside(PORT))
    egress = [network_flows.egress(flow) for flow in inputs.flows(args, "allowed_egress")]
    return network_flows.policy(place.metadata(), place.selector, ingress, egress)
