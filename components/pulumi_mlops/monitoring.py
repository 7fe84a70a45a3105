"""What watches a platform: Prometheus, Alertmanager, figures of objects and nodes, a collector of traces."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import DaemonSet, Deployment, StatefulSet
from pulumi_kubernetes.core.v1 import ConfigMap, Secret, Service, ServiceAccount
from pulumi_kubernetes.rbac.v1 import ClusterRole, ClusterRoleBinding, Role, RoleBinding

from pulumi_mlops import (
    checks,
    inputs,
    manifests,
    monitoring_flows,
    monitoring_pods,
    monitoring_receivers,
    rights,
)
from pulumi_mlops import monitoring_config as config
from pulumi_mlops.adopted_monitoring import AdoptedMonitoring
from pulumi_mlops.alerts import limits
from pulumi_mlops.grafana_dashboards import GrafanaDashboards
from pulumi_mlops.monitoring_args import SIZE, MonitoringArgs, MonitoringSource
from pulumi_mlops.monitoring_parts import adopted, dashboards
from pulumi_mlops.placement import Placement


class Monitoring(pulumi.ComponentResource):
    """Prometheus with the rules that it is given, Alertmanager, and what they ask; or those there are."""

    source: pulumi.Output[str]
    """`run` or `adopt`."""
    prometheus_url: pulumi.Output[str | None]
    """Where Prometheus answers inside the cluster."""
    alertmanager_url: pulumi.Output[str | None]
    """Where Alertmanager answers inside the cluster."""
    otlp_url: pulumi.Output[str | None]
    """Where traces are taken inside the cluster, by OTLP over HTTP."""

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:Monitoring", name, {}, opts)
        source = MonitoringSource(inputs.section(args, "source"))
        self._name = name
        self.source = pulumi.Output.from_input(source.value)
        self._namespace = inputs.text(args, "namespace", inputs.any_text)
        if source is MonitoringSource.ADOPT:
            self._adopt(args)
        else:
            self._run(args)
        if inputs.given(args, "dashboards"):
            GrafanaDashboards(f"{name}-dashboards", dashboards(args), self._child())
        self.register_outputs(
            {
                "source": self.source,
                "prometheus_url": self.prometheus_url,
                "alertmanager_url": self.alertmanager_url,
                "otlp_url": self.otlp_url,
            }
        )

    def _adopt(self, args: MonitoringArgs) -> None:
        self.prometheus_url = pulumi.Output.from_input(inputs.text(args, "prometheus_url", checks.http_url))
        self.alertmanager_url = self.otlp_url = pulumi.Output.from_input(None)
        AdoptedMonitoring(f"{self._name}-adopted", adopted(args), self._child())

    def _run(self, args: MonitoringArgs) -> None:
        name = self._name
        self._images = inputs.section(args, "images")
        models = list(inputs.section(args, "models_namespaces"))
        watched = [self._namespace, *models, *([args["keda_namespace"]] if _keda(args) else [])]
        places = {part: Placement(part, part, self._namespace) for part in monitoring_flows.PARTS}
        before = {
            part: [self._account(place), *monitoring_flows.register(name, args, places, part, self._child())]
            for part, place in places.items()
        }
        self._cluster_state(places[config.CLUSTER_STATE], watched, before[config.CLUSTER_STATE])
        self._node_exporter(places[config.NODE_EXPORTER], before[config.NODE_EXPORTER])
        self._collector(args, places[config.COLLECTOR], before[config.COLLECTOR])
        self._alertmanager(args, places[config.ALERTMANAGER], before[config.ALERTMANAGER])
        rights_of_prometheus = self._prometheus_rights(places[config.PROMETHEUS], watched)
        self._prometheus(args, places[config.PROMETHEUS], [*before[config.PROMETHEUS], *rights_of_prometheus])
        self.prometheus_url = self._url(config.PROMETHEUS, config.PROMETHEUS_PORT)
        self.alertmanager_url = self._url(config.ALERTMANAGER, config.ALERTMANAGER_PORT)
        self.otlp_url = self._url(config.COLLECTOR, config.OTLP_HTTP_PORT)

    def _prometheus(self, args: MonitoringArgs, place: Placement, before: list[pulumi.Resource]) -> None:
        wanted: Mapping[str, Any] = args.get("prometheus") or {}
        rules = inputs.named_texts(args, "rules", checks.rule_file_name)
        text = self._prometheus_text(args, wanted)
        size = inputs.text(wanted, "size", checks.bytes_quantity, SIZE, within="prometheus")
        # One object for each file: all of them together may be more than an object can hold.
        suffixes = {name: f"rules-{name.removesuffix('.yaml')}" for name in sorted(rules)}
        files = [
            self._file("prometheus-config", place.metadata(), {_key(place): text}),
            *(
                self._file(f"prometheus-{suffix}", place.metadata(suffix), {name: rules[name]})
                for name, suffix in suffixes.items()
            ),
        ]
        mounted = monitoring_pods.PrometheusFiles(
            [place.named(suffix) for suffix in suffixes.values()],
            inputs.digest([text, *(rules[name] for name in suffixes)]),
        )
        StatefulSet(
            f"{self._name}-prometheus",
            opts=self._child([*before, *files]),
            **monitoring_pods.prometheus(
                place,
                self._image("prometheus"),
                _retention(wanted, size),
                mounted,
                inputs.resources(wanted, cpu="100m", memory="256Mi", memory_limit="1Gi"),
                manifests.volume_claim("data", size, args.get("storage_class")),
            ),
        )
        self._service(place, config.PROMETHEUS_PORT, "http")

    def _prometheus_text(self, args: MonitoringArgs, wanted: Mapping[str, Any]) -> pulumi.Output[str]:
        seconds = inputs.whole(
            wanted, "scrape_seconds", checks.positive, config.SCRAPE_SECONDS, within="prometheus"
        )
        verify = wanted.get("verify_kubelets")
        known = {
            "system": self._namespace,
            "models": list(inputs.section(args, "models_namespaces")),
            "keda": args.get("keda_namespace"),
            "scrape_seconds": seconds,
            "verify_kubelets": True if verify is None else verify,
        }
        return pulumi.Output.from_input(known).apply(
            lambda values: config.prometheus(config.Scraping(**{**values, "models": tuple(values["models"])}))
        )

    def _alertmanager(self, args: MonitoringArgs, place: Placement, before: list[pulumi.Resource]) -> None:
        files = monitoring_receivers.files(args)
        text = files.pop(_key(place))
        secret = Secret(
            f"{self._name}-alertmanager-config",
            metadata=place.metadata(),
            string_data={_key(place): text, **files},
            opts=self._child(),
        )
        StatefulSet(
            f"{self._name}-alertmanager",
            opts=self._child([*before, secret]),
            **monitoring_pods.alertmanager(
                place,
                self._image("alertmanager"),
                inputs.digest([text]),
                manifests.volume_claim("data", "1Gi", args.get("storage_class")),
            ),
        )
        self._service(place, config.ALERTMANAGER_PORT, "http")

    def _cluster_state(self, place: Placement, watched: Sequence[Any], before: list[pulumi.Resource]) -> None:
        granted = self._rights_in(place, watched, monitoring_pods.cluster_state_rules())
        Deployment(
            f"{self._name}-kube-state-metrics",
            opts=self._child([*before, *granted]),
            **monitoring_pods.cluster_state(
                place,
                self._image("kube_state_metrics"),
                pulumi.Output.all(*watched).apply(lambda names: f"--namespaces={','.join(names)}"),
            ),
        )
        self._service(place, config.CLUSTER_STATE_PORT, "metrics")

    def _node_exporter(self, place: Placement, before: list[pulumi.Resource]) -> None:
        DaemonSet(
            f"{self._name}-node-exporter",
            opts=self._child(before),
            **monitoring_pods.node_exporter(place, self._image("node_exporter")),
        )

    def _collector(self, args: MonitoringArgs, place: Placement, before: list[pulumi.Resource]) -> None:
        text = pulumi.Output.from_input(monitoring_flows.otlp_endpoint(args)).apply(config.collector)
        file = self._file("otel-collector-config", place.metadata(), {_key(place): text})
        Deployment(
            f"{self._name}-otel-collector",
            opts=self._child([*before, file]),
            **monitoring_pods.collector(place, self._image("otel_collector"), inputs.digest([text])),
        )
        more = {"otlp-http": config.OTLP_HTTP_PORT, "metrics": config.COLLECTOR_METRICS_PORT}
        self._service(place, config.OTLP_GRPC_PORT, "otlp-grpc", more)

    def _prometheus_rights(self, place: Placement, watched: Sequence[Any]) -> list[pulumi.Resource]:
        """To find pods where they are watched; of the cluster, to find nodes and read their figures."""
        # Objects of the cluster are called after the namespace too: another platform has its own.
        called = pulumi.Output.concat(self._namespace, "-", place.name)
        meta = {"name": called, "labels": place.labels}
        role = ClusterRole(
            f"{self._name}-prometheus-cluster-role",
            opts=self._child(),
            **rights.role(meta, monitoring_pods.node_rules()),
        )
        bound = ClusterRoleBinding(
            f"{self._name}-prometheus-cluster-binding",
            opts=self._child([role]),
            **rights.binding(meta, "ClusterRole", called, place.name, place.namespace),
        )
        return [role, bound, *self._rights_in(place, watched, monitoring_pods.discovery_rules())]

    def _rights_in(
        self, place: Placement, namespaces: Sequence[Any], rules: list[manifests.Object]
    ) -> list[pulumi.Resource]:
        granted: list[pulumi.Resource] = []
        for number, namespace in enumerate(namespaces):
            meta = manifests.metadata(place.name, namespace, place.labels)
            role = Role(
                f"{self._name}-{place.name}-{number}-role", opts=self._child(), **rights.role(meta, rules)
            )
            bound = RoleBinding(
                f"{self._name}-{place.name}-{number}-binding",
                opts=self._child([role]),
                **rights.binding(meta, "Role", place.name, place.name, place.namespace),
            )
            granted += [role, bound]
        return granted

    def _account(self, place: Placement) -> pulumi.Resource:
        made: pulumi.Resource = ServiceAccount(
            f"{self._name}-{place.name}-account",
            opts=self._child(),
            **manifests.service_account(place.metadata()),
        )
        return made

    def _file(self, name: str, meta: manifests.Object, data: Mapping[str, Any]) -> pulumi.Resource:
        made: pulumi.Resource = ConfigMap(
            f"{self._name}-{name}", metadata=meta, data=dict(data), opts=self._child()
        )
        return made

    def _service(
        self, place: Placement, port: int, target: str, more: Mapping[str, int] | None = None
    ) -> None:
        Service(
            f"{self._name}-{place.name}-service",
            opts=self._child(),
            **manifests.service(place.metadata(), place.selector, port, target, more=more or {}),
        )

    def _image(self, key: str) -> Any:
        return inputs.text(self._images, key, checks.image_by_digest, within="images")

    def _url(self, service: str, port: int) -> pulumi.Output[str | None]:
        return pulumi.Output.concat("http://", service, ".", self._namespace, f".svc:{port}").apply(str)

    def _child(self, depends_on: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on)


def _keda(args: MonitoringArgs) -> bool:
    return inputs.given(args, "keda_namespace")


def _key(place: Placement) -> str:
    return monitoring_pods.CONFIG_KEYS[place.component]


def _retention(wanted: Mapping[str, Any], size: Any) -> list[Any]:
    time = inputs.text(wanted, "retention", limits.window, "15d", within="prometheus")
    flags = [pulumi.Output.concat("--storage.tsdb.retention.time=", time)]
    most: Any = pulumi.Output.from_input(size).apply(monitoring_pods.retention_size)
    if inputs.given(wanted, "retention_size"):
        most = pulumi.Output.from_input(
            inputs.text(wanted, "retention_size", checks.bytes_quantity, within="prometheus")
        ).apply(monitoring_pods.megabytes)
    return [*flags, pulumi.Output.concat("--storage.tsdb.retention.size=", most)]
