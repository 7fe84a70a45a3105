"""Configuration of Prometheus and of the collector of traces, as the text of a file. Pure.

A job is one kind of target, and its `job` label. Targets are pods found by their labels, so a new endpoint or
pod is collected without anybody naming it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import yaml

from pulumi_mlops.labels import PART_OF
from pulumi_mlops.manifests import Object, compact
from pulumi_mlops.names import port_of
from pulumi_mlops.remediation_rules import RECEIVER

PROMETHEUS, ALERTMANAGER, CLUSTER_STATE, NODE_EXPORTER, COLLECTOR = (
    "prometheus",
    "alertmanager",
    "kube-state-metrics",
    "node-exporter",
    "otel-collector",
)
"""Object names, and so Service names, in the namespace of monitoring; also the jobs' names."""
ENDPOINTS, GATES, KUBELET, KEDA = "model-endpoint", "model-gate", "kubelet", "keda"
PROMETHEUS_PORT, ALERTMANAGER_PORT = 9090, 9093
CLUSTER_STATE_PORT, CLUSTER_STATE_OWN_PORT = 8080, 8081
NODE_EXPORTER_PORT = 9100
KUBELET_PORT = 10250
OTLP_GRPC_PORT, OTLP_HTTP_PORT = 4317, 4318
COLLECTOR_METRICS_PORT, COLLECTOR_HEALTH_PORT = 8888, 13133
FILES = "/etc/prometheus"
RULES = "/etc/prometheus-rules"
SCRAPE_SECONDS = 5
"""Of the endpoints: the autoscaler averages three scrapes of 15 seconds."""
_OTHERS_SECONDS = 30
_EVALUATION_SECONDS = 30
SERIES = 50_000
"""Of one target: more than a model server, which has bounds of its own, ever names."""
_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"


@dataclass(frozen=True)
class Scraping:
    """What Prometheus collects, and where.

    `models` are the namespaces of endpoints, `keda` that of KEDA; `verify_kubelets` is whether kubelets must
    show a certificate of the cluster's authority.
    """

    system: str
    models: tuple[str, ...]
    keda: str | None = None
    scrape_seconds: int = SCRAPE_SECONDS
    verify_kubelets: bool = True

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Every namespace of the platform, once."""
        return tuple(dict.fromkeys([self.system, *self.models, *([self.keda] if self.keda else [])]))


@dataclass(frozen=True)
class _Pods:
    """The pods of one job: where they are, their labels, and the name of the port with the metrics."""

    job: str
    namespaces: Sequence[str]
    components: Sequence[str]
    port: str
    labels: dict[str, str] = field(default_factory=dict)


def prometheus(scraping: Scraping) -> str:
    """The text of `prometheus.yml`."""
    config = {
        "global": {
            "scrape_interval": f"{_OTHERS_SECONDS}s",
            "scrape_timeout": "10s",
            "evaluation_interval": f"{_EVALUATION_SECONDS}s",
        },
        "rule_files": [f"{RULES}/*.yaml"],
        "alerting": {
            "alertmanagers": [
                {
                    "static_configs": [
                        {"targets": [f"{ALERTMANAGER}.{scraping.system}.svc:{ALERTMANAGER_PORT}"]}
                    ]
                }
            ]
        },
        "scrape_configs": [
            _endpoints(scraping),
            _cluster_state(scraping),
            *(_job(_Pods(name, [scraping.system], [name], port, labels)) for name, port, labels in _SERVERS),
            *_keda(scraping),
            _itself(scraping),
            _kubelet(scraping, KUBELET, "/metrics", _VOLUME_FIGURES),
            _kubelet(scraping, "kubelet-containers", "/metrics/cadvisor", _CONTAINER_FIGURES),
        ],
    }
    return _text(config)


_NODE = {"instance": "__meta_kubernetes_pod_node_name", "node": "__meta_kubernetes_pod_node_name"}
_POD = {
    "instance": "__meta_kubernetes_pod_name",
    "namespace": "__meta_kubernetes_namespace",
    "pod": "__meta_kubernetes_pod_name",
}
_SERVERS: tuple[tuple[str, str, dict[str, str]], ...] = (
    (NODE_EXPORTER, "metrics", _NODE),
    (ALERTMANAGER, "http", _POD),
    (COLLECTOR, "metrics", _POD),
    (RECEIVER, "http", _POD),
)
_VOLUME_FIGURES = "kubelet_volume_stats_(available|capacity|used|inodes|inodes_free)(_bytes)?"
_CONTAINER_FIGURES = "container_(cpu_usage_seconds_total|memory_working_set_bytes)"


def _endpoints(scraping: Scraping) -> Object:
    """Model servers and gates, each by its own name in `job`. What one says of itself never stands for
    another: its labels do not override ours."""
    named = {
        "endpoint": "__meta_kubernetes_pod_label_app_kubernetes_io_instance",
        "job": "__meta_kubernetes_pod_label_app_kubernetes_io_name",
    }
    pods = _Pods(ENDPOINTS, scraping.models, [ENDPOINTS, GATES], "admin", _POD | named)
    timeout = max(1, scraping.scrape_seconds - 1)
    return {
        **_job(pods),
        "scrape_interval": f"{scraping.scrape_seconds}s",
        "scrape_timeout": f"{min(timeout, 10)}s",
        "metric_relabel_configs": [{"action": "labeldrop", "regex": "exported_(endpoint|namespace|pod)"}],
    }


def _cluster_state(scraping: Scraping) -> Object:
    """The state of objects: `namespace` and `pod` are those that a figure is about, so they are honoured."""
    pods = _Pods(
        CLUSTER_STATE,
        [scraping.system],
        [CLUSTER_STATE],
        "metrics",
        {"instance": "__meta_kubernetes_pod_name"},
    )
    return {**_job(pods), "honor_labels": True}


def _keda(scraping: Scraping) -> list[Object]:
    if not scraping.keda:
        return []
    return [_job(_Pods(KEDA, [scraping.keda], ["keda-operator", "keda-adapter"], "metrics", _POD))]


def _itself(scraping: Scraping) -> Object:
    labels = {"instance": PROMETHEUS, "namespace": scraping.system}
    static = [{"targets": [f"127.0.0.1:{PROMETHEUS_PORT}"], "labels": labels}]
    return {"job_name": PROMETHEUS, **_LIMITS, "static_configs": static}


def _kubelet(scraping: Scraping, name: str, path: str, kept: str) -> Object:
    """Figures of every node's kubelet about the platform's namespaces; all others are left there."""
    authority = {"ca_file": f"{_ACCOUNT_FOLDER}/ca.crt"}
    node = "__meta_kubernetes_node_name"
    return {
        "job_name": name,
        **_LIMITS,
        "scheme": "https",
        "metrics_path": path,
        "authorization": {"credentials_file": f"{_ACCOUNT_FOLDER}/token"},
        "tls_config": authority if scraping.verify_kubelets else {"insecure_skip_verify": True},
        "kubernetes_sd_configs": [{"role": "node"}],
        "relabel_configs": [
            {"target_label": "job", "replacement": KUBELET},
            {"source_labels": [node], "target_label": "instance"},
            {"source_labels": [node], "target_label": "node"},
            # Both kinds of figures come from one address: without it `up` of one is taken for the other's.
            {"source_labels": ["__metrics_path__"], "target_label": "metrics_path"},
        ],
        "metric_relabel_configs": [
            {"source_labels": ["__name__"], "regex": kept, "action": "keep"},
            {"source_labels": ["namespace"], "regex": "|".join(scraping.namespaces), "action": "keep"},
        ],
    }


_LIMITS: Object = {
    "body_size_limit": "32MB",
    "sample_limit": SERIES,
    "label_limit": 40,
    "label_name_length_limit": 200,
    "label_value_length_limit": 1000,
}


def _job(pods: _Pods) -> Object:
    """A job over running pods; a target beyond the limits counts as down, and nothing of it is kept."""
    selected = f"app.kubernetes.io/part-of={PART_OF},app.kubernetes.io/name in ({','.join(pods.components)})"
    return {
        "job_name": pods.job,
        **_LIMITS,
        "kubernetes_sd_configs": [
            {
                "role": "pod",
                "namespaces": {"names": list(pods.namespaces)},
                "selectors": [{"role": "pod", "label": selected}],
            }
        ],
        "relabel_configs": [
            {
                "source_labels": ["__meta_kubernetes_pod_container_port_name"],
                "regex": pods.port,
                "action": "keep",
            },
            {
                "source_labels": ["__meta_kubernetes_pod_phase"],
                "regex": "Succeeded|Failed",
                "action": "drop",
            },
            *({"source_labels": [source], "target_label": label} for label, source in pods.labels.items()),
        ],
    }


def collector(otlp_endpoint: str | None) -> str:
    """The text of the collector's configuration: traces in, to `otlp_endpoint` or else into its log.

    `otlp_endpoint` takes OTLP over gRPC: `https://host:port`, or `http://` for one without TLS. Without a
    port it is that of the scheme, 443 or 80.
    """
    exporter = "debug" if otlp_endpoint is None else "otlp"
    config = {
        "extensions": {"health_check": {"endpoint": f"0.0.0.0:{COLLECTOR_HEALTH_PORT}"}},
        "receivers": {
            "otlp": {
                "protocols": {
                    "grpc": {"endpoint": f"0.0.0.0:{OTLP_GRPC_PORT}"},
                    "http": {"endpoint": f"0.0.0.0:{OTLP_HTTP_PORT}"},
                }
            }
        },
        "processors": {
            # Beyond, it refuses traces: their senders count them as failed, and it stays alive.
            "memory_limiter": {"check_interval": "1s", "limit_percentage": 75, "spike_limit_percentage": 20},
            "batch": {"timeout": "1s", "send_batch_size": 512, "send_batch_max_size": 2048},
        },
        "exporters": {exporter: _exporter(otlp_endpoint)},
        "service": {
            "extensions": ["health_check"],
            "telemetry": {"metrics": {"readers": [_own_metrics()]}},
            "pipelines": {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": ["memory_limiter", "batch"],
                    "exporters": [exporter],
                }
            },
        },
    }
    return _text(config)


def _exporter(otlp_endpoint: str | None) -> Object:
    if otlp_endpoint is None:
        return {"verbosity": "normal"}
    parts = urlsplit(otlp_endpoint)
    return compact(
        {
            "endpoint": f"{parts.hostname}:{port_of(otlp_endpoint)}",
            "tls": {"insecure": parts.scheme == "http"},
            "sending_queue": {"queue_size": 200},
            "retry_on_failure": {"max_elapsed_time": "2m"},
        }
    )


def _own_metrics() -> Object:
    host = "0.0.0.0"  # noqa: S104 - the pod's own address; its NetworkPolicy admits Prometheus only
    return {"pull": {"exporter": {"prometheus": {"host": host, "port": COLLECTOR_METRICS_PORT}}}}


def _text(config: Any) -> str:
    return yaml.safe_dump(config, sort_keys=False, width=110)
