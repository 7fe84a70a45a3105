"""Argument types of Monitoring. Data only; no future annotations, Pulumi reads them."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi

from pulumi_mlops.shared_args import FlowArgs, ResourcesArgs

SIZE = "5Gi"
"""Of Prometheus' volume, unless another is given."""


class MonitoringSource(Enum):
    """Where Prometheus and Alertmanager come from."""

    ADOPT = "adopt"
    """The cluster has a prometheus-operator, and with it Prometheus and Alertmanager."""
    RUN = "run"
    """They run in the namespace that is given."""


class MonitoringImagesArgs(TypedDict):
    """Images of the programs, each by digest."""

    prometheus: pulumi.Input[str]
    """Prometheus."""
    alertmanager: pulumi.Input[str]
    """Alertmanager."""
    kube_state_metrics: pulumi.Input[str]
    """kube-state-metrics."""
    node_exporter: pulumi.Input[str]
    """node-exporter."""
    otel_collector: pulumi.Input[str]
    """The OpenTelemetry Collector."""


class ReceiverArgs(TypedDict):
    """Someone who is told of alerts; which keys it has follows from its kind."""

    name: str
    """Name, by which routes call it; unique."""
    kind: str
    """`webhook`, `email`, `slack` or `pagerduty`."""
    url: NotRequired[pulumi.Input[str]]
    """webhook, slack: the address; kept a secret."""
    bearer_token: NotRequired[pulumi.Input[str]]
    """webhook: sent as `Authorization: Bearer`; kept a secret."""
    to: NotRequired[pulumi.Input[str]]
    """email: who gets it; commas between several."""
    from_address: NotRequired[pulumi.Input[str]]
    """email: the sender's address."""
    smarthost: NotRequired[pulumi.Input[str]]
    """email: the mail server, `host:port`; it must speak TLS."""
    username: NotRequired[pulumi.Input[str]]
    """email: name at the mail server; without it none is given."""
    password: NotRequired[pulumi.Input[str]]
    """email: password at the mail server; kept a secret."""
    channel: NotRequired[pulumi.Input[str]]
    """slack: the channel, such as `#models`."""
    routing_key: NotRequired[pulumi.Input[str]]
    """pagerduty: key of an Events API v2 integration; kept a secret."""


class RouteArgs(TypedDict):
    """Which alerts go to a receiver; without severity and owner, all."""

    receiver: str
    """Name of the receiver."""
    severity: NotRequired[pulumi.Input[str]]
    """`page` or `ticket`."""
    owner: NotRequired[pulumi.Input[str]]
    """The label `owner`."""


class PaceArgs(TypedDict, total=False):
    """How messages are put together and repeated."""

    group_wait: pulumi.Input[str]
    """How long the first message waits for others of the same alert and endpoint; `30s` by default."""
    group_interval: pulumi.Input[str]
    """Shortest time to the next message about them; `5m` by default."""
    repeat_interval: pulumi.Input[str]
    """Time after which what still fires is said again; `4h` by default."""


class PrometheusArgs(TypedDict, total=False):
    """Prometheus: its volume, how long it keeps what, and what it may use."""

    size: pulumi.Input[str]
    """Size of its volume; `5Gi` by default."""
    retention: pulumi.Input[str]
    """How long figures are kept; `15d` by default."""
    retention_size: pulumi.Input[str]
    """Most bytes of figures, such as `4Gi`; 80 % of the volume by default. The oldest go first."""
    scrape_seconds: pulumi.Input[int]
    """How often endpoints are asked; 5 by default, all else every 30."""
    verify_kubelets: pulumi.Input[bool]
    """Whether kubelets must show a certificate of the cluster's authority; True by default."""
    resources: ResourcesArgs
    """CPU and memory."""


class DashboardsArgs(TypedDict):
    """Where dashboards are put, and by which label Grafana's sidecar finds them."""

    namespace: pulumi.Input[str]
    """A namespace in which the sidecar looks; Grafana's own unless it was told of others."""
    label: NotRequired[str]
    """The label's name; `grafana_dashboard` by default."""
    label_value: NotRequired[pulumi.Input[str]]
    """The label's value; `1` by default."""
    folder: NotRequired[pulumi.Input[str]]
    """Folder in Grafana, where the sidecar's `folderAnnotation` is `grafana_folder`; `Models` by default."""


class MonitoringArgs(TypedDict):
    """Arguments of Monitoring."""

    source: MonitoringSource
    """Whether to run it or to adopt the cluster's."""
    namespace: NotRequired[pulumi.Input[str]]
    """Namespace of its objects; one namespace can have one."""
    images: NotRequired[MonitoringImagesArgs]
    """To run: images of its programs."""
    models_namespaces: NotRequired[list[pulumi.Input[str]]]
    """The namespaces of endpoints."""
    keda_namespace: NotRequired[pulumi.Input[str]]
    """The namespace of a KEDA that is watched too; none without it."""
    rules: NotRequired[dict[str, pulumi.Input[str]]]
    """Prometheus rule files by their names, such as the output `alert_rules` of an endpoint."""
    prometheus: NotRequired[PrometheusArgs]
    """Prometheus; of an adopted one, `scrape_seconds` alone."""
    receivers: NotRequired[list[ReceiverArgs]]
    """To run: who is told of alerts; nobody without it."""
    routes: NotRequired[list[RouteArgs]]
    """To run: who is told of which. A receiver that no route names is told of all."""
    pace: NotRequired[PaceArgs]
    """To run: how messages are put together and repeated."""
    otlp_endpoint: NotRequired[pulumi.Input[str]]
    """To run: where traces go, `http(s)://host:port`, by OTLP over gRPC; into the collector's log without."""
    allowed_ingress: NotRequired[list[FlowArgs]]
    """To run: pods that ask Prometheus, beyond its own and those outside."""
    api_server_cidrs: NotRequired[list[pulumi.Input[str]]]
    """To run: where the API server's requests come from, as blocks such as `10.0.0.0/28`: they alone reach
    Prometheus and Alertmanager, beside the pods that are named. Every address may without it."""
    storage_class: NotRequired[pulumi.Input[str]]
    """To run: StorageClass of the volumes; the cluster's default class without it."""
    prometheus_url: NotRequired[pulumi.Input[str]]
    """To adopt: where Prometheus answers inside the cluster."""
    operator_labels: NotRequired[dict[str, pulumi.Input[str]]]
    """To adopt: labels by which the operator's Prometheus selects, such as `release: kube-prometheus-stack`;
    empty if it selects all."""
    dashboards: NotRequired[DashboardsArgs]
    """Dashboards for a Grafana of the cluster; none without it."""
