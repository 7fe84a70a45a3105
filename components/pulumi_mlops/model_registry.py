"""MLflow's server: experiments, versions and model cards for people. Serving never waits for it.

Needs a database and an object store; nothing reads its passwords but its own pod and the pipelines.
"""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap, Secret, Service, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from pulumi_mlops import checks, inputs, manifests, model_registry_pods, network_flows, render
from pulumi_mlops.model_registry_pods import ADMIN, AUTHORITIES_FILE, PORT, DatabasePassword
from pulumi_mlops.names import registry_hosts
from pulumi_mlops.placement import Placement
from pulumi_mlops.shared_args import FlowArgs, ResourcesArgs, StoreAccessArgs


class DatabasePasswordArgs(TypedDict):
    """A database whose password is in AWS Secrets Manager and changes there, such as one on RDS.

    The pod reads it as the role of its service account, by EKS Pod Identity: that role needs
    `secretsmanager:GetSecretValue` on the secret and `kms:Decrypt` with its key.
    """

    secret_arn: pulumi.Input[str]
    """Secret that holds a JSON object with the user's name and password."""
    user_field: NotRequired[str]
    """Field of the name in it; `username` by default, as RDS writes it."""
    password_field: NotRequired[str]
    """Field of the password in it; `password` by default."""
    region: pulumi.Input[str]
    """Region of the secret."""
    image: pulumi.Input[str]
    """Image of the pipelines, by digest, whose command `database-password` reads it."""
    authorities: pulumi.Input[str]
    """Certificates, in PEM, of those who sign the server's: AWS's bundle of the region."""
    seconds: NotRequired[pulumi.Input[int]]
    """How often the secret is read; 30 by default. For so long after a change no new connection succeeds."""


class ModelRegistryArgs(TypedDict):
    """Arguments of ModelRegistry."""

    namespace: pulumi.Input[str]
    """Namespace of all its objects."""
    image: pulumi.Input[str]
    """Image of MLflow, by digest, whose entrypoint is the `mlflow` command."""
    database_url: pulumi.Input[str]
    """`postgresql://…` of the database for runs, versions and users; kept a secret. Without a password where
    `database_password` is given."""
    database_password: NotRequired[DatabasePasswordArgs]
    """To read the password from Secrets Manager, now and whenever it changes."""
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
        password, authorities = _database_password(name, args, place, child)
        hosts = pulumi.Output.all(place.namespace, self.external_url).apply(
            lambda known: registry_hosts(place.name, known[0], PORT, known[1])
        )
        Deployment(
            f"{name}-server",
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(depends_on=[account, policy, *secrets, *authorities])
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
                password=password,
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
    database_url = _database_url(args)
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


def _database_url(args: ModelRegistryArgs) -> pulumi.Output[str]:
    if not inputs.given(args, "database_password"):
        return inputs.secret(args, "database_url")
    return pulumi.Output.secret(inputs.text(args, "database_url", model_registry_pods.url_with_files))


def _database_password(
    name: str, args: ModelRegistryArgs, place: Placement, child: pulumi.ResourceOptions
) -> tuple[DatabasePassword | None, list[pulumi.Resource]]:
    if not inputs.given(args, "database_password"):
        return None, []
    wanted, within = args["database_password"], "database_password"
    authorities = inputs.text(wanted, "authorities", model_registry_pods.pem_bundle, within=within)
    meta = place.metadata("database-authorities")
    made = ConfigMap(
        f"{name}-database-authorities", metadata=meta, data={AUTHORITIES_FILE: authorities}, opts=child
    )
    seconds = pulumi.Output.from_input(inputs.whole(wanted, "seconds", checks.positive, 30, within=within))
    password = DatabasePassword(
        secret_arn=inputs.text(wanted, "secret_arn", inputs.any_text, within=within),
        region=inputs.text(wanted, "region", inputs.any_text, within=within),
        image=inputs.text(wanted, "image", checks.image_by_digest, within=within),
        seconds=seconds.apply(str),
        authorities=meta["name"],
        content=inputs.digest([authorities]),
        fields={
            variable: inputs.plain(wanted, key, inputs.any_text, within=within)
            for key, variable in model_registry_pods.PASSWORD_FIELDS.items()
            if inputs.given(wanted, key)
        },
    )
    return password, [made]


def _flows(args: ModelRegistryArgs, place: Placement) -> manifests.Object:
    ingress = [network_flows.ingress(flow) for flow in inputs.flows(args, "allowed_ingress")]
    if inputs.given(args, "node_port"):
        ingress.append(network_flows.from_outside(PORT))
    egress = [network_flows.egress(flow) for flow in inputs.flows(args, "allowed_egress")]
    if inputs.given(args, "database_password") or not inputs.store_key(args):
        egress.append(network_flows.to_credentials())
    return network_flows.policy(place.metadata(), place.selector, ingress, egress)
