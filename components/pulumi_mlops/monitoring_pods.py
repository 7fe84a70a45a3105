"""Pods of Monitoring: Prometheus, Alertmanager, figures of objects and nodes, collector of traces. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_mlops import checks, manifests, pod
from pulumi_mlops import monitoring_config as config
from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement
from pulumi_mlops.rights import FOLLOW, rule

ALERTMANAGER_FILES = "/etc/alertmanager"
COLLECTOR_FILES = "/etc/otel-collector"
CONFIG_KEYS = {
    config.PROMETHEUS: "prometheus.yml",
    config.ALERTMANAGER: "alertmanager.yml",
    config.COLLECTOR: "config.yaml",
}
"""The key of each program's file in its ConfigMap or Secret."""
CLUSTER_STATE_OF = {
    "": ("pods",),
    "apps": ("deployments", "statefulsets"),
    "batch": ("cronjobs", "jobs"),
}
"""The kinds that rules ask about, by API group."""
_NODE_COLLECTORS = ("cpu", "diskstats", "loadavg", "meminfo", "pressure", "stat", "vmstat")
"""What a container's own /proc and /sys tell of the whole node."""
_REPLAY_SECONDS = 600
_START_SECONDS = 120
_MIB = 2**20


def retention_size(volume: str) -> str:
    """80 % of a volume, as Prometheus writes it: the log of writes and a compaction take room besides."""
    return _megabytes(checks.bytes_of(volume) * 4 // 5)


def megabytes(quantity: str) -> str:
    """An amount of bytes as Prometheus writes it, whose MB is what Kubernetes calls Mi."""
    return _megabytes(checks.bytes_of(quantity))


def _megabytes(amount: int) -> str:
    return f"{max(amount // _MIB, 1)}MB"


@dataclass(frozen=True)
class PrometheusFiles:
    """The ConfigMaps with rule files, each of them one file, and a digest of all files."""

    rules: Sequence[str]
    content: Any


def prometheus(
    place: Placement,
    image: Any,
    retention: Sequence[Any],
    mounted: PrometheusFiles,
    resources: Object,
    claim: Object,
) -> Object:
    """The StatefulSet of Prometheus; `retention` are its flags, `claim` is the volume called `data`."""
    token, token_mount = pod.api_token()
    files = [
        config_files("config", place.name, config.FILES),
        # An empty list of sources would come back from the server as a change.
        *([_folder_of("rules", mounted.rules, config.RULES)] if mounted.rules else []),
    ]
    container = pod.container(
        "prometheus",
        image,
        args=[
            f"--config.file={config.FILES}/{CONFIG_KEYS[config.PROMETHEUS]}",
            f"--web.listen-address=:{config.PROMETHEUS_PORT}",
            "--storage.tsdb.path=/data/tsdb",
            *retention,
            # What a query may take, so that none takes the server with it.
            "--query.max-concurrency=8",
            "--query.max-samples=10000000",
            "--query.timeout=30s",
            "--log.format=json",
        ],
        ports=[("http", config.PROMETHEUS_PORT)],
        mounts=[{"name": "data", "mountPath": "/data"}, token_mount, *(mount for _, mount in files)],
        probes=pod.probes(
            pod.http_check("/-/healthy", "http"),
            startup_seconds=_REPLAY_SECONDS,
            ready=pod.http_check("/-/ready", "http"),
        ),
        resources=resources,
    )
    volumes = [token, *(volume for volume, _ in files)]
    return _stateful_set(place, container, volumes, mounted.content, claim, grace_seconds=120)


def alertmanager(place: Placement, image: Any, content: Any, claim: Object) -> Object:
    """The StatefulSet of Alertmanager: one, so it looks for no others."""
    files, files_mount = pod.secret_files("config", place.name, ALERTMANAGER_FILES)
    container = pod.container(
        "alertmanager",
        image,
        args=[
            f"--config.file={ALERTMANAGER_FILES}/{CONFIG_KEYS[config.ALERTMANAGER]}",
            f"--web.listen-address=:{config.ALERTMANAGER_PORT}",
            "--storage.path=/data/alertmanager",
            "--cluster.listen-address=",
            "--log.format=json",
        ],
        ports=[("http", config.ALERTMANAGER_PORT)],
        mounts=[{"name": "data", "mountPath": "/data"}, files_mount],
        probes=pod.probes(
            pod.http_check("/-/healthy", "http"),
            startup_seconds=_START_SECONDS,
            ready=pod.http_check("/-/ready", "http"),
        ),
        resources=pod.resources("5m", "32Mi", "128Mi"),
    )
    return _stateful_set(place, container, [files], content, claim, grace_seconds=30)


def cluster_state(place: Placement, image: Any, namespaces: Any) -> Object:
    """The Deployment of kube-state-metrics; `namespaces` is the flag that names those it looks at."""
    token, token_mount = pod.api_token()
    kinds = sorted(kind for kinds in CLUSTER_STATE_OF.values() for kind in kinds)
    container = pod.container(
        "kube-state-metrics",
        image,
        args=[
            f"--port={config.CLUSTER_STATE_PORT}",
            f"--telemetry-port={config.CLUSTER_STATE_OWN_PORT}",
            f"--resources={','.join(kinds)}",
            namespaces,
        ],
        ports=[("metrics", config.CLUSTER_STATE_PORT)],
        mounts=[token_mount],
        probes=pod.probes(pod.http_check("/healthz", "metrics"), startup_seconds=_START_SECONDS),
        resources=pod.resources("10m", "32Mi", "128Mi"),
    )
    return _deployment(place, container, [token], None)


def cluster_state_rules() -> list[Object]:
    """What kube-state-metrics may do in a namespace: follow the kinds that rules ask about; no Secret."""
    return [rule(group, kinds, FOLLOW) for group, kinds in CLUSTER_STATE_OF.items()]


def discovery_rules() -> list[Object]:
    """What Prometheus may do in a namespace: find pods."""
    return [rule("", ["pods"], FOLLOW)]


def node_rules() -> list[Object]:
    """What Prometheus may do in the cluster: find nodes, and read the figures of their kubelets.

    The right `nodes/proxy` would let it run commands in every pod.
    """
    return [rule("", ["nodes"], FOLLOW), rule("", ["nodes/metrics"], ["get"])]


def node_exporter(place: Placement, image: Any) -> Object:
    """The DaemonSet of node-exporter, without the host's folders: Pod Security `restricted` forbids them."""
    container = pod.container(
        "node-exporter",
        image,
        args=[
            f"--web.listen-address=:{config.NODE_EXPORTER_PORT}",
            "--web.disable-exporter-metrics",
            "--collector.disable-defaults",
            *(f"--collector.{name}" for name in _NODE_COLLECTORS),
        ],
        ports=[("metrics", config.NODE_EXPORTER_PORT)],
        probes=pod.probes(pod.http_check("/", "metrics"), startup_seconds=_START_SECONDS),
        resources=pod.resources("5m", "16Mi", "64Mi"),
    )
    template = pod.pod_template(place.labels, [container], service_account=place.name, grace_seconds=10)
    # On every node, also on those kept free for some pods.
    template["spec"]["tolerations"] = [{"operator": "Exists", "effect": "NoSchedule"}]
    spec = {"selector": {"matchLabels": place.selector}, "revisionHistoryLimit": 5, "template": template}
    return {"metadata": place.metadata(), "spec": spec}


def collector(place: Placement, image: Any, content: Any) -> Object:
    """The Deployment of the OpenTelemetry Collector."""
    files, files_mount = config_files("config", place.name, COLLECTOR_FILES)
    container = pod.container(
        "otel-collector",
        image,
        args=[f"--config={COLLECTOR_FILES}/{CONFIG_KEYS[config.COLLECTOR]}"],
        ports=[
            ("otlp-grpc", config.OTLP_GRPC_PORT),
            ("otlp-http", config.OTLP_HTTP_PORT),
            ("metrics", config.COLLECTOR_METRICS_PORT),
            ("health", config.COLLECTOR_HEALTH_PORT),
        ],
        mounts=[files_mount],
        probes=pod.probes(pod.http_check("/", "health"), startup_seconds=_START_SECONDS),
        resources=pod.resources("10m", "64Mi", "256Mi"),
    )
    return _deployment(place, container, [files], content)


def config_files(name: str, config_map: str, path: str) -> tuple[Object, Object]:
    """A (volume, mount) pair showing a ConfigMap's keys as read-only files."""
    volume = {"name": name, "configMap": {"name": config_map}}
    return volume, {"name": name, "mountPath": path, "readOnly": True}


def _folder_of(name: str, config_maps: Sequence[str], path: str) -> tuple[Object, Object]:
    """A (volume, mount) pair showing the keys of all these ConfigMaps in one folder."""
    volume = {"name": name, "projected": {"sources": [{"configMap": {"name": one}} for one in config_maps]}}
    return volume, {"name": name, "mountPath": path, "readOnly": True}


def _stateful_set(
    place: Placement,
    container: Object,
    volumes: Sequence[Object],
    content: Any,
    claim: Object,
    grace_seconds: int,
) -> Object:
    template = pod.pod_template(
        place.labels,
        [container],
        service_account=place.name,
        volumes=volumes,
        grace_seconds=grace_seconds,
        content=content,
    )
    made = manifests.stateful_set(place.metadata(), place.selector, template, [claim])
    # In order, a pod that its files keep from being ready would never be replaced by one with better files.
    made["spec"]["podManagementPolicy"] = "Parallel"
    return made


def _deployment(place: Placement, container: Object, volumes: Sequence[Object], content: Any) -> Object:
    template = pod.pod_template(
        place.labels,
        [container],
        service_account=place.name,
        volumes=volumes,
        grace_seconds=30,
        content=content,
    )
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": place.selector},
        "revisionHistoryLimit": 5,
        "template": template,
    }
    return {"metadata": place.metadata(), "spec": spec}
