"""What a prometheus-operator is given so that its Prometheus watches a platform, as plain dicts. Pure.

The operator turns PodMonitors into jobs and PrometheusRules into rule files, of those that carry the labels
its Prometheus selects. Fields are those of `monitoring.coreos.com/v1` (docs/api-reference/api.md of
prometheus-operator).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from pulumi_mlops import model_endpoint_pods
from pulumi_mlops import monitoring_config as config
from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.labels import PART_OF
from pulumi_mlops.manifests import Object
from pulumi_mlops.shared_args import FlowArgs

API_VERSION = "monitoring.coreos.com/v1"
POD_MONITOR, PROMETHEUS_RULE = "PodMonitor", "PrometheusRule"
PROMETHEUS_PODS = {"app.kubernetes.io/name": "prometheus"}
"""Labels that the operator puts on the pods of every Prometheus."""
SECONDS_OF_OTHERS = 30


def endpoints_monitor(seconds: int) -> Object:
    """The spec of the PodMonitor of all endpoints and gates in its namespace, asked every so many seconds.

    The operator calls a job after the PodMonitor and an endpoint after its port; rules, autoscaler and
    dashboards go by `job="model-endpoint"` or `model-gate` and the endpoint's own name.
    """
    named = {
        "action": "replace",
        "sourceLabels": ["__meta_kubernetes_pod_label_app_kubernetes_io_instance"],
        "targetLabel": "endpoint",
    }
    asked = _asked("admin", config.ENDPOINTS, seconds)
    job = {
        "action": "replace",
        "sourceLabels": ["__meta_kubernetes_pod_label_app_kubernetes_io_name"],
        "targetLabel": "job",
    }
    asked["relabelings"] = [job, named]
    # What a pod says of itself never stands for another.
    asked["metricRelabelings"] = [{"action": "labeldrop", "regex": "exported_(endpoint|namespace|pod)"}]
    return _pod_monitor([config.ENDPOINTS, config.GATES], asked)


def keda_monitor() -> Object:
    """The spec of the PodMonitor of the KEDA that runs in its namespace."""
    asked = _asked("metrics", config.KEDA, SECONDS_OF_OTHERS)
    return _pod_monitor(["keda-adapter", "keda-operator"], asked)


def rule_groups(file: str, text: str) -> Object:
    """The spec of the PrometheusRule for one rule file.

    Raises `InvalidValue` for a text that is no rule file; the operator would leave it out silently.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidValue(f"{file} is not YAML: {error}; give a rule file of Prometheus") from error
    groups = document.get("groups") if isinstance(document, Mapping) else None
    if not isinstance(groups, list):
        raise InvalidValue(f"{file} has no list `groups`; give a rule file of Prometheus")
    return {"groups": groups}


def collecting(namespace: Any, port: int = model_endpoint_pods.ADMIN_PORT) -> FlowArgs:
    """The flow from the operator's Prometheus in `namespace` to the metrics of a pod."""
    return {"name": "metrics", "port": port, "namespace": namespace, "pods": {**PROMETHEUS_PODS}}


def _asked(port: str, job: str, seconds: int) -> Object:
    return {
        "port": port,
        "path": "/metrics",
        "interval": f"{seconds}s",
        "scrapeTimeout": f"{min(max(1, seconds - 1), 10)}s",
        "honorLabels": False,
        "relabelings": [{"action": "replace", "targetLabel": "job", "replacement": job}],
    }


def _pod_monitor(components: Sequence[str], asked: Object) -> Object:
    """It looks in its own namespace only: an operator may be told to ignore any other choice."""
    named = {"key": "app.kubernetes.io/name", "operator": "In", "values": list(components)}
    return {
        "selector": {
            "matchLabels": {"app.kubernetes.io/part-of": PART_OF},
            "matchExpressions": [named],
        },
        "sampleLimit": config.SERIES,
        "podMetricsEndpoints": [asked],
    }
