"""Argument types of Platform. Data only; no future annotations, Pulumi reads them."""

from typing import NotRequired, TypedDict

import pulumi

from pulumi_mlops.admission import AdmissionMode
from pulumi_mlops.alert_args import EndpointAlertsArgs
from pulumi_mlops.cluster import ClusterArgs
from pulumi_mlops.database import DatabaseSource
from pulumi_mlops.keda import KedaSource
from pulumi_mlops.model_registry import DatabasePasswordArgs
from pulumi_mlops.monitoring_args import (
    DashboardsArgs,
    MonitoringSource,
    PaceArgs,
    PrometheusArgs,
    ReceiverArgs,
    RouteArgs,
)
from pulumi_mlops.object_store import ObjectStoreSource, StoreKeyArgs
from pulumi_mlops.remediation_args import RemediationRuleArgs
from pulumi_mlops.scaling_args import ScalingArgs
from pulumi_mlops.shared_args import FlowArgs, ResourcesArgs
from pulumi_mlops.tracing_args import TracingArgs


class PlatformImagesArgs(TypedDict):
    """Images of the platform's programs, each by digest."""

    object_store: NotRequired[pulumi.Input[str]]
    """versitygw; needed where the object store is run."""
    postgres: NotRequired[pulumi.Input[str]]
    """PostgreSQL; needed where the database is run."""
    mlflow: pulumi.Input[str]
    """MLflow's server."""
    pipeline: pulumi.Input[str]
    """The pipelines."""
    serving: pulumi.Input[str]
    """The model server."""
    keda_adapter: NotRequired[pulumi.Input[str]]
    """KEDA's metrics adapter; needed where KEDA is run."""
    keda_operator: NotRequired[pulumi.Input[str]]
    """KEDA's operator; needed where KEDA is run."""
    prometheus: NotRequired[pulumi.Input[str]]
    """Prometheus; needed where monitoring is run, as are the next four."""
    alertmanager: NotRequired[pulumi.Input[str]]
    """Alertmanager."""
    kube_state_metrics: NotRequired[pulumi.Input[str]]
    """kube-state-metrics."""
    node_exporter: NotRequired[pulumi.Input[str]]
    """node-exporter."""
    otel_collector: NotRequired[pulumi.Input[str]]
    """The OpenTelemetry Collector."""


class PlatformSecretsArgs(TypedDict):
    """Secrets of the platform, made once; all are kept secrets in the state."""

    database_password: NotRequired[pulumi.Input[str]]
    """Password of the database's owner; needed where the database is run."""
    model_registry_admin_password: pulumi.Input[str]
    """Password of MLflow's administrator."""
    model_registry_session_key: pulumi.Input[str]
    """Key that signs MLflow's browser sessions."""
    object_store_root: NotRequired[StoreKeyArgs]
    """The object store's root key; needed where the object store is run."""
    object_store_read_only: NotRequired[StoreKeyArgs]
    """The object store's key for those who load models; without it, pods show an adopted store the identity
    of their service account."""
    object_store_read_write: NotRequired[StoreKeyArgs]
    """The object store's key for those who write; the same holds."""
    remediation_token: NotRequired[pulumi.Input[str]]
    """Token that Alertmanager shows the receiver of alerts; needed where alerts are acted on."""


class PlatformModelRegistryArgs(TypedDict):
    """MLflow of the platform."""

    database_password: NotRequired[DatabasePasswordArgs]
    """Where the password of an adopted database is read, now and whenever it changes."""
    node_port: NotRequired[pulumi.Input[int]]
    """Port on every node for clients outside the cluster; none without it."""
    resources: NotRequired[ResourcesArgs]
    """CPU and memory."""


class StoreArgs(TypedDict):
    """The object store of the platform."""

    source: NotRequired[ObjectStoreSource]
    """Whether to run it, in the system namespace, or to adopt one; to run it by default."""
    url: NotRequired[pulumi.Input[str]]
    """To adopt: its S3 endpoint."""
    region: NotRequired[pulumi.Input[str]]
    """To adopt: its region."""
    buckets: NotRequired[dict[str, pulumi.Input[str]]]
    """To adopt: names of its buckets for `models`, `data` and `requests`."""
    size: NotRequired[pulumi.Input[str]]
    """To run: size of its volume."""
    node_port: NotRequired[pulumi.Input[int]]
    """To run: port on every node for clients outside the cluster; none without it."""
    resources: NotRequired[ResourcesArgs]
    """To run: CPU and memory."""


class PlatformDatabaseArgs(TypedDict):
    """The database of MLflow."""

    source: NotRequired[DatabaseSource]
    """Whether to run it, in the system namespace, or to adopt one; to run it by default."""
    url: NotRequired[pulumi.Input[str]]
    """To adopt: its URL, with all that a connection needs."""
    size: NotRequired[pulumi.Input[str]]
    """To run: size of its volume."""
    resources: NotRequired[ResourcesArgs]
    """To run: CPU and memory."""


class PlatformKedaArgs(TypedDict):
    """KEDA of the platform."""

    source: KedaSource
    """Whether to run it, in a namespace of its own, or to adopt the cluster's."""
    prometheus_url: NotRequired[pulumi.Input[str]]
    """The Prometheus that its triggers ask; the one in the system namespace without it."""
    namespace: NotRequired[pulumi.Input[str]]
    """To adopt: where its operator runs, which asks the gates of endpoints; `keda` by default."""


class PlatformTracingArgs(TypedDict, total=False):
    """Traces of the platform's endpoints, sent to its collector."""

    sample_ratio: pulumi.Input[float]
    """Part of the requests that are traced, of those whose caller has not decided; 0.01 by default."""


class PlatformMonitoringArgs(TypedDict):
    """What watches the platform."""

    source: MonitoringSource
    """Whether to run it, in the system namespace, or to adopt the cluster's."""
    prometheus: NotRequired[PrometheusArgs]
    """Prometheus."""
    receivers: NotRequired[list[ReceiverArgs]]
    """Who is told of alerts; nobody without it."""
    routes: NotRequired[list[RouteArgs]]
    """Who is told of which; a receiver that no route names is told of all."""
    pace: NotRequired[PaceArgs]
    """How messages are put together and repeated."""
    api_server_cidrs: NotRequired[list[pulumi.Input[str]]]
    """To run: where the API server's requests come from, as blocks such as `10.0.0.0/28`: they alone reach
    Prometheus and Alertmanager, beside the pods that are named. Every address may without it."""
    otlp_endpoint: NotRequired[pulumi.Input[str]]
    """Where the collector sends traces, by OTLP over gRPC; into its log without it."""
    tracing: NotRequired[PlatformTracingArgs]
    """Traces of all endpoints but those with a collector of their own; none without it."""
    prometheus_url: NotRequired[pulumi.Input[str]]
    """To adopt: where Prometheus answers inside the cluster."""
    prometheus_namespace: NotRequired[pulumi.Input[str]]
    """To adopt: the namespace of its pods, which endpoints admit."""
    operator_labels: NotRequired[dict[str, pulumi.Input[str]]]
    """To adopt: labels by which the operator's Prometheus selects; empty if it selects all."""
    dashboards: NotRequired[DashboardsArgs]
    """Dashboards for a Grafana of the cluster; none without it."""


class PlatformRemediationArgs(TypedDict):
    """What is done about alerts."""

    rules: list[RemediationRuleArgs]
    """Which action an alert leads to."""
    dry_run: NotRequired[bool]
    """Whether it is only recorded what would be done; True by default."""
    max_actions_per_hour: NotRequired[pulumi.Input[int]]
    """Most actions in an hour, all together; 4 by default."""


class PlatformAdmissionArgs(TypedDict):
    """What the API server asks of objects in the platform's namespaces."""

    mode: AdmissionMode
    """Whether it warns of an object that breaks a rule, or refuses it."""
    leave_out: NotRequired[list[str]]
    """Names of rules that are not asked for; all are without it."""


class PlatformPipelineArgs(TypedDict):
    """One pipeline of the platform."""

    name: str
    """Which pipeline of the pipelines' image; unique in the platform."""
    model: pulumi.Input[str]
    """Name the model is registered under."""
    endpoint: str
    """Endpoint that gets the first release, and waits for the pipeline."""
    schedule: NotRequired[pulumi.Input[str]]
    """Five cron fields, in UTC, to run it again; only once without it."""
    timeout_seconds: NotRequired[pulumi.Input[int]]
    """Longest time of one run."""
    resources: NotRequired[ResourcesArgs]
    """CPU and memory of a run."""


class PlatformEndpointArgs(TypedDict):
    """One endpoint of the platform."""

    name: str
    """Name of the endpoint; unique in the platform."""
    model: pulumi.Input[str]
    """Name of the model."""
    version: NotRequired[pulumi.Input[str]]
    """`release` (the default) or a version number."""
    min_replicas: NotRequired[pulumi.Input[int]]
    """Fewest pods; 0 for scaling on concurrency only."""
    max_replicas: NotRequired[pulumi.Input[int]]
    """Most pods."""
    target_cpu_percent: NotRequired[pulumi.Input[int]]
    """CPU use, in percent of the request, that the autoscaler aims at."""
    scaling: NotRequired[ScalingArgs]
    """What the number of pods follows, and how fast; CPU by default."""
    node_port: NotRequired[pulumi.Input[int]]
    """Port on every node for clients outside the cluster; none without it."""
    public_url: NotRequired[pulumi.Input[str]]
    """Where clients outside the cluster ask, if something else than a node's port leads to the endpoint."""
    allowed_ingress: NotRequired[list[FlowArgs]]
    """Who else may ask for predictions."""
    poll_seconds: NotRequired[pulumi.Input[int]]
    """How often a pod looks at the release log."""
    drain_seconds: NotRequired[pulumi.Input[int]]
    """How long a stopping pod may finish what it has begun."""
    resources: NotRequired[ResourcesArgs]
    """CPU and memory of one pod."""
    grpc: NotRequired[bool]
    """Whether it also speaks gRPC inside the cluster."""
    workers: NotRequired[pulumi.Input[int]]
    """Processes in one pod."""
    server_settings: NotRequired[dict[str, pulumi.Input[str]]]
    """Further settings of the server by variable name."""
    mounted_secrets: NotRequired[dict[str, pulumi.Input[str]]]
    """Secrets of the models' namespace by the folder under /etc/mlops that shows their keys as files."""
    tracing: NotRequired[TracingArgs]
    """Where the traces of requests go; nowhere by default."""
    alerts: NotRequired[EndpointAlertsArgs]
    """Objectives, drift, and who is told; the platform adds the pipelines that lead to the endpoint."""


class PlatformArgs(TypedDict):
    """Arguments of Platform."""

    cluster: ClusterArgs
    """The cluster all of it runs on."""
    images: PlatformImagesArgs
    """Images of its programs."""
    secrets: PlatformSecretsArgs
    """Its secrets."""
    object_store: StoreArgs
    """The object store."""
    database: PlatformDatabaseArgs
    """MLflow's database."""
    model_registry: PlatformModelRegistryArgs
    """MLflow."""
    pipelines: list[PlatformPipelineArgs]
    """Its pipelines."""
    endpoints: list[PlatformEndpointArgs]
    """Its endpoints."""
    keda: NotRequired[PlatformKedaArgs]
    """KEDA, for endpoints that scale on concurrency; none without it."""
    monitoring: NotRequired[PlatformMonitoringArgs]
    """Prometheus, Alertmanager and what they need; none without it."""
    admission: NotRequired[PlatformAdmissionArgs]
    """What the API server asks of objects in its namespaces; Pod Security alone without it."""
    remediation: NotRequired[PlatformRemediationArgs]
    """What is done about alerts, which needs `monitoring`; nothing without it."""
    object_name: NotRequired[str]
    """Prefix of its namespaces, `<name>-system`, `<name>-models` and with KEDA `<name>-keda`; the component's
    name by default."""
    models_labels: NotRequired[dict[str, str]]
    """Labels of the models' namespace beside its own, such as one that a load balancer's controller wants."""


class EndpointOutput(TypedDict):
    """One endpoint, as other stacks and the command line see it."""

    name: pulumi.Output[str]
    """Name of the endpoint."""
    url: pulumi.Output[str]
    """Where clients ask."""
    model: pulumi.Output[str]
    """Name of the model."""
    version: pulumi.Output[str]
    """`release` or the version number it is pinned to."""
