"""The settings of one environment: everything `Pulumi.<env>.yaml` may say under `mlops:`.

`load` reads a plain mapping: the command line gives it a stack's file before any engine runs, and
`mlops_stacks.program` what the engine has decrypted.  Nothing else reads configuration.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator

from mlops_stacks import alert_settings, monitoring_settings, remediation_settings
from mlops_stacks import setting_types as types
from mlops_stacks.admission_settings import AdmissionSettings
from mlops_stacks.aws_setting_checks import endpoints_of_edge
from mlops_stacks.aws_settings import AwsSettings, EksCluster
from mlops_stacks.errors import SettingsError
from mlops_stacks.monitoring_settings import MonitoringSettings, TraceSettings
from mlops_stacks.policy_settings import PolicySettings
from mlops_stacks.remediation_settings import RemediationSettings
from mlops_stacks.scaling_settings import KedaSettings, Scaling, refuse_unfit_idle
from mlops_stacks.setting_errors import explain
from mlops_stacks.setting_types import Resources, Section
from pulumi_mlops import checks
from pulumi_mlops.alerts.settings import DEFAULT_OWNER
from pulumi_mlops.remediation_rules import Target

NAMESPACE = "mlops"
"""The Pulumi project, and so the prefix of every key."""
POD_GATEWAY = "10.244.0.1/32"
"""The local node's own address among its pods."""


class LocalNodeCluster(Section):
    """A Kubernetes node that `mlops up` runs on this machine."""

    maker: Literal["local-node"]
    name: types.ObjectName = "mlops"
    address_block: types.AddressBlock = Field(default="10.199.0.0/30", validate_default=True)
    api_port: types.Port = 6443
    registry_port: types.Port = 30500

    @property
    def api_server_cidrs(self) -> tuple[str, ...] | None:
        """Where the API server's requests come from: the node, and the bridge by which it reaches pods."""
        return (str(self.address_block), POD_GATEWAY)


class ExistingCluster(Section):
    """A cluster the user already has; `production` is for the policies, which ask more of one that is."""

    maker: Literal["kubeconfig"]
    kubeconfig: types.Text
    context: types.Text
    image_registry: types.Text
    ingress_address: types.Text
    storage_class: types.Text | None = None
    production: bool = True

    @property
    def api_server_cidrs(self) -> tuple[str, ...] | None:
        """Where the API server's requests come from: only its user knows."""
        return None


class ObjectStoreSettings(Resources):
    """The S3 store: its volume and its published port (none: inside the cluster only)."""

    size: types.Bytes = "10Gi"
    node_port: types.NodePort | None = None


class DatabaseSettings(Resources):
    """MLflow's PostgreSQL, never published."""

    size: types.Bytes = "5Gi"


class ModelRegistrySettings(Resources):
    """MLflow and its published port (none: inside the cluster only)."""

    node_port: types.NodePort | None = None


class PipelineSettings(Resources):
    """One training pipeline; `schedule` is five cron fields in UTC, null for once."""

    name: types.ObjectName
    model: types.ObjectName
    endpoint: types.ObjectName
    schedule: types.Schedule | None = None
    timeout: types.Duration = "30m"


class TracingSettings(TraceSettings):
    """The same for one endpoint, and its collector, which takes OTLP over HTTP."""

    endpoint: types.HttpUrl


class EndpointSettings(Resources):
    """One model endpoint; `version` is `release` or a version number in quotes.

    `owner`, `runbooks`, `slo` and `drift` are for its alerts.
    """

    name: types.ObjectName
    model: types.ObjectName
    version: types.Version = checks.FOLLOW_RELEASES
    min_replicas: types.ZeroOrMore = 1
    max_replicas: types.Positive = 3
    target_cpu_percent: types.Percent = 70
    scaling: Scaling = Scaling()
    node_port: types.NodePort | None = None
    poll: types.Duration = "5s"
    drain: types.Duration = "10s"
    grpc: bool = False
    workers: types.Positive = 1
    server_settings: types.ServerSettings = Field(default_factory=dict)
    mounted_secrets: dict[types.ObjectName, str] = Field(default_factory=dict)
    tracing: TracingSettings | None = None
    owner: alert_settings.Owner | None = None
    runbooks: alert_settings.Runbooks | None = None
    slo: alert_settings.SloSettings | None = None
    drift: alert_settings.DriftSettings | None = None

    @model_validator(mode="after")
    def _replicas_in_order(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise ValueError(
                f"minReplicas, {self.min_replicas}, is more than maxReplicas, {self.max_replicas}"
            )
        refuse_unfit_idle(self.min_replicas, self.scaling, self.grpc, self.server_settings)
        for minimum in self.scaling.minimums:
            if minimum.replicas > self.max_replicas:
                raise ValueError(
                    f"scaling.minimums: replicas, {minimum.replicas}, is more than maxReplicas, "
                    f"{self.max_replicas}; raise that or lower this"
                )
        return self


class Images(Section):
    """Images by digest, written by `mlops up`; on AWS a digest alone is of the environment's own ECR."""

    object_store: Annotated[types.Image | None, Field(alias="object-store")] = None
    postgres: types.Image | None = None
    mlflow: types.Image
    pipeline: types.Image
    serving: types.Image
    keda_adapter: Annotated[types.Image | None, Field(alias="keda-adapter")] = None
    keda_operator: Annotated[types.Image | None, Field(alias="keda-operator")] = None
    prometheus: types.Image | None = None
    alertmanager: types.Image | None = None
    kube_state_metrics: Annotated[types.Image | None, Field(alias="kube-state-metrics")] = None
    node_exporter: Annotated[types.Image | None, Field(alias="node-exporter")] = None
    otel_collector: Annotated[types.Image | None, Field(alias="otel-collector")] = None

    def refuse_bare_digests(self) -> None:
        """Raise `ValueError` for a digest without the registry that has it."""
        for name, field in type(self).model_fields.items():
            if str(getattr(self, name) or "").startswith("sha256:"):
                raise ValueError(
                    f"mlops:images.{field.alias or name}: a digest alone names no registry here; give "
                    "registry/path@sha256:<64 hex digits>"
                )

    def refuse_missing(self, names: Mapping[str, str]) -> None:
        """Raise `SettingsError` unless all of `names` are given; the values say what needs each."""
        missing = [name for name in names if getattr(self, name) is None]
        if missing:
            what = names[missing[0]]
            same = [str(type(self).model_fields[name].alias) for name in missing if names[name] == what]
            raise SettingsError(
                f"mlops:images: missing for {what}: {', '.join(same)}; `mlops up` writes them, or give an "
                "image by digest for each"
            )


class Secrets(Section):
    """Secrets, written by `mlops up` once and kept encrypted in the stack's file.

    Those of the database and the object store are needed where these are run, and that of remediation where
    alerts are acted on.
    """

    model_registry_admin_password: types.Secret
    model_registry_session_key: types.Secret
    database_password: types.Secret | None = None
    object_store_root_key_id: types.Secret | None = None
    object_store_root_secret_key: types.Secret | None = None
    object_store_read_only_key_id: types.Secret | None = None
    object_store_read_only_secret_key: types.Secret | None = None
    object_store_read_write_key_id: types.Secret | None = None
    object_store_read_write_secret_key: types.Secret | None = None
    remediation_token: types.Secret | None = None

    def value(self, name: str, use: str) -> str:
        """One of the secrets in the clear.

        Raises:
            SettingsError: it was not given; `use` is why it is needed.
        """
        secret: SecretStr | None = getattr(self, name)
        if secret is None:
            key = f"mlops:secrets.{type(self).model_fields[name].alias}"
            raise SettingsError(
                f"{key}: needed where {use}; `mlops up` makes it. By hand, give one with "
                f"`pulumi config set --path --secret {key}`"
            )
        return secret.get_secret_value()


SECRET_NAMES: tuple[str, ...] = tuple(str(field.alias) for field in Secrets.model_fields.values())
"""The keys of `mlops:secrets`, each to be generated once as a long random URL-safe text."""
SECRETS_ON_AWS = tuple(
    name for name in SECRET_NAMES if not name.startswith(("objectStore", "databasePassword"))
)
"""Those that an environment on AWS has: its stores know pods by their roles."""


class Settings(Section):
    """One environment.  `kubeconfig`, `images` and `secrets` are made by `mlops up`, never by hand."""

    cluster: Annotated[LocalNodeCluster | ExistingCluster | EksCluster, Field(discriminator="maker")]
    aws: AwsSettings | None = None
    object_store: ObjectStoreSettings = ObjectStoreSettings()
    database: DatabaseSettings = DatabaseSettings()
    model_registry: ModelRegistrySettings = ModelRegistrySettings()
    keda: KedaSettings = KedaSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    remediation: RemediationSettings | None = None
    pipelines: types.Several[PipelineSettings] = ()
    endpoints: types.Several[EndpointSettings] = ()
    admission: AdmissionSettings = AdmissionSettings()
    policy: dict[str, PolicySettings] = Field(default_factory=dict)
    kubeconfig: types.Text | None = None
    images: Images | None = None
    secrets: Secrets | None = None

    def node_ports(self) -> tuple[int, ...]:
        """Every published NodePort, ascending."""
        ports = [self.object_store.node_port, self.model_registry.node_port]
        ports += [endpoint.node_port for endpoint in self.endpoints]
        return tuple(sorted(port for port in ports if port is not None))

    @model_validator(mode="after")
    def _nothing_twice(self) -> Self:
        _refuse_twice("endpoints", "name", [endpoint.name for endpoint in self.endpoints])
        _refuse_twice("pipelines", "name", [pipeline.name for pipeline in self.pipelines])
        ports = list(self.node_ports())
        if isinstance(self.cluster, LocalNodeCluster):
            ports += [self.cluster.api_port, self.cluster.registry_port]
        _refuse_twice("nodePort, apiPort and registryPort", "port", ports)
        return self

    @model_validator(mode="after")
    def _ground_is_of_one_kind(self) -> Self:
        on_aws = isinstance(self.cluster, EksCluster)
        if on_aws != (self.aws is not None):
            raise ValueError("mlops:aws goes with mlops:cluster.maker eks: give both, or neither")
        if on_aws and (self.object_store, self.database) != (ObjectStoreSettings(), DatabaseSettings()):
            raise ValueError(
                "mlops:objectStore and mlops:database are for stores that run in the cluster; on EKS they are"
                " S3 and RDS, set in mlops:aws.storage and mlops:aws.database"
            )
        if on_aws and self.node_ports():
            raise ValueError(
                f"nodePort {self.node_ports()[0]}: nodes on EKS have no address outside; leave it out, and "
                "set mlops:aws.edge to publish endpoints"
            )
        if self.images is not None and not on_aws:
            self.images.refuse_bare_digests()
        return self

    @model_validator(mode="after")
    def _aws_has_it(self) -> Self:
        if isinstance(self.cluster, EksCluster) and self.aws is not None:
            # The price file is read for an environment on AWS alone.
            from mlops_stacks.aws_offers import refuse_unoffered

            refuse_unoffered(self.aws, self.cluster)
            if self.aws.edge is not None:
                endpoints_of_edge(self.aws.edge, [endpoint.name for endpoint in self.endpoints])
        return self

    @model_validator(mode="after")
    def _concurrency_has_keda(self) -> Self:
        for number, endpoint in enumerate(self.endpoints):
            if endpoint.scaling.by == checks.ON_CONCURRENCY and self.keda.mode == "none":
                raise ValueError(
                    f"mlops:endpoints[{number}].scaling.by: concurrency needs KEDA; set mlops:keda.mode to "
                    "run, or to adopt where the cluster has it, or scale on cpu"
                )
            if (
                endpoint.scaling.by == checks.ON_CONCURRENCY
                and self.keda.prometheus_url is None
                and self.monitoring.mode == "none"
                and endpoint.min_replicas > 0
            ):
                raise ValueError(
                    f"mlops:endpoints[{number}].scaling.by: concurrency needs a Prometheus; set "
                    "mlops:monitoring.mode to run or adopt, or name yours in mlops:keda.prometheusUrl"
                )
        return self

    @model_validator(mode="after")
    def _monitoring_fits(self) -> Self:
        owners = [DEFAULT_OWNER, *(endpoint.owner for endpoint in self.endpoints if endpoint.owner)]
        scaled = any(endpoint.scaling.by == checks.ON_CONCURRENCY for endpoint in self.endpoints)
        monitoring_settings.refuse_unfit(self.monitoring, owners, scaled)
        return self

    @model_validator(mode="after")
    def _remediation_fits(self) -> Self:
        if self.remediation is not None:
            leading = [pipeline.endpoint for pipeline in self.pipelines]
            targets = {
                endpoint.name: Target(
                    leading.count(endpoint.name), endpoint.version == checks.FOLLOW_RELEASES
                )
                for endpoint in self.endpoints
            }
            remediation_settings.refuse_unfit(self.remediation, targets, self.monitoring)
            known = (self.monitoring.api_server_cidrs, self.cluster.api_server_cidrs) != (None, None)
            if not self.remediation.dry_run and not known:
                raise ValueError(
                    "mlops:remediation.dryRun: false lets alerts act, and every pod could send one to "
                    "Alertmanager; give mlops:monitoring.apiServerCidrs the addresses that the API server's "
                    "requests come from, or leave dryRun out"
                )
        return self

    @model_validator(mode="after")
    def _pipelines_lead_somewhere(self) -> Self:
        endpoints = {endpoint.name: endpoint.model for endpoint in self.endpoints}
        for pipeline in self.pipelines:
            model = endpoints.get(pipeline.endpoint)
            if model is not None and model != pipeline.model:
                raise ValueError(
                    f"pipeline {pipeline.name} makes model {pipeline.model}, but its endpoint "
                    f"{pipeline.endpoint} serves {model}; the two must be equal"
                )
        return self


def load(values: Mapping[str, object]) -> Settings:
    """The settings in the `config` section of a stack's file, or in any mapping of the same keys.

    The prefix `mlops:` may be there or not; keys of other prefixes (`kubernetes:context`) are other
    programs' business.  Secrets that are still encrypted are left out, or stood in for: only the engine can
    read them.
    Raises `SettingsError` naming each wrong key's path, what was given and what is allowed.
    """
    own = _own(values)
    secrets = own.get("secrets")
    if isinstance(secrets, Mapping) and any(isinstance(value, Mapping) for value in secrets.values()):
        own.pop("secrets")
    if "monitoring" in own:
        own["monitoring"] = monitoring_settings.readable(own["monitoring"])
    try:
        return Settings.model_validate(own)
    except ValidationError as error:
        raise SettingsError(explain(Settings, error, own)) from None


def _own(values: Mapping[str, object]) -> dict[str, object]:
    prefix = f"{NAMESPACE}:"
    own = {key: value for key, value in values.items() if ":" not in key}
    return own | {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}


def _refuse_twice(where: str, what: str, values: list[str] | list[int]) -> None:
    twice = [value for value in dict.fromkeys(values) if values.count(value) > 1]  # type: ignore[arg-type]
    if twice:
        raise ValueError(f"{where}: the {what} {twice[0]} is there twice; each must differ")
