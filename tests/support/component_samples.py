"""One full set of arguments for every component: what the tests of all components start from."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

import pulumi_mlops as mlops

DIGEST = "a" * 64
KUBECONFIG = "apiVersion: v1\nkind: Config\ncurrent-context: secret-kubeconfig\n"
PLAIN_KEYS = {
    "object_name",
    "name",
    "pipeline",
    "endpoint",
    "database",
    "user",
    "source",
    "by",
    "kind",
    "label",
    "receiver",
    "alert",
    "action",
    "mode",
    "leave_out",
    "deployer",
}
"""Keys that decide names or what is registered, so that no output may stand there."""


def image(name: str) -> str:
    """A reference by digest."""
    return f"127.0.0.1:30500/mlops/{name}@sha256:{DIGEST}"


STORE = {
    "url": "http://object-store.system.svc:7070",
    "access_key_id": "secret-id",
    "secret_access_key": "secret-key",
}
ROOT = {"access_key_id": "secret-root-id", "secret_access_key": "secret-root-key"}
READ_ONLY = {"access_key_id": "secret-reader-id", "secret_access_key": "secret-reader-key"}
READ_WRITE = {"access_key_id": "secret-writer-id", "secret_access_key": "secret-writer-key"}
FLOW = {"name": "shop", "port": 8080, "namespace": "shop", "pods": {"app": "shop"}}
RESOURCES = {"cpu": "70m", "memory": "70Mi", "memory_limit": "700Mi"}
ALERTS = {
    "owner": "credit-risk",
    "slo": {"availability": 99.5, "latency": {"percent": 99, "seconds": 0.25}},
    "drift": {"least_rows": 200, "outputs": ["label"]},
    "pipelines": [{"name": "approval-pipeline", "scheduled": True}],
}
PUBLISHED = {"node_port": 30080, "ingress_address": "127.0.0.1"}

SAMPLES: Mapping[type[pulumi.ComponentResource], dict[str, Any]] = {
    mlops.AdoptedMonitoring: {
        "namespace": "system",
        "models_namespaces": ["models", "shop"],
        "operator_labels": {"release": "kube-prometheus-stack"},
        "rules": {"platform.yaml": "groups: [{name: one, rules: [{record: a:b, expr: up}]}]"},
        "keda_namespace": "keda",
        "scrape_seconds": 10,
    },
    mlops.AdmissionPolicies: {
        "mode": mlops.AdmissionMode.DENY,
        "namespaces": ["system", "models"],
        "leave_out": ["pod-group"],
    },
    mlops.GrafanaDashboards: {
        "namespace": "grafana",
        "label": "dashboards",
        "label_value": "yes",
        "folder": "Machine learning",
    },
    mlops.Cluster: {
        "kubeconfig": KUBECONFIG,
        "image_registry": "127.0.0.1:30500",
        "ingress_address": "127.0.0.1",
        "context": "here",
        "storage_class": "standard",
    },
    mlops.GuardedNamespace: {
        "object_name": "team",
        "max_pods": 50,
        "max_cpu": "8",
        "max_memory": "32Gi",
        "members": ["team-engineers"],
        "deployer": "deployer",
        "image_prefixes": ["127.0.0.1:30500/mlops/", "127.0.0.1:30500/team/"],
    },
    mlops.ObjectStore: {
        "namespace": "system",
        "image": image("object-store"),
        "setup_image": image("pipeline"),
        "size": "10Gi",
        "root": ROOT,
        "read_only": READ_ONLY,
        "read_write": READ_WRITE,
        "storage_class": "standard",
        "allowed_ingress": [FLOW],
        "resources": RESOURCES,
        **PUBLISHED,
    },
    mlops.Database: {
        "namespace": "system",
        "image": image("postgres"),
        "size": "5Gi",
        "password": "secret-database-password",
        "database": "mlflow",
        "user": "mlflow",
        "storage_class": "standard",
        "allowed_ingress": [FLOW],
        "resources": RESOURCES,
    },
    mlops.ModelRegistry: {
        "namespace": "system",
        "image": image("mlflow"),
        "database_url": "postgresql://mlflow:secret-database-password@database:5432/mlflow",
        "store": STORE,
        "admin_password": "secret-admin-password",
        "session_key": "secret-session-key",
        "allowed_ingress": [FLOW],
        "allowed_egress": [FLOW],
        "resources": RESOURCES,
        **PUBLISHED,
    },
    mlops.ImageRegistry: {
        "source": mlops.ImageRegistrySource.RUN,
        "namespace": "system",
        "image": image("registry"),
        "size": "20Gi",
        "node_port": 30500,
        "htpasswd": "pusher:secret-hash",
        "http_secret": "secret-http",
        "storage_class": "standard",
    },
    mlops.Keda: {
        "source": mlops.KedaSource.RUN,
        "namespace": "keda",
        "operator_image": image("keda-operator"),
        "adapter_image": image("keda-adapter"),
        "scaled_namespaces": ["models", "shop"],
        "allowed_egress": [FLOW],
        "allowed_ingress": [FLOW],
        "resources": RESOURCES,
        "object_name": "keda",
    },
    mlops.Monitoring: {
        "source": mlops.MonitoringSource.RUN,
        "namespace": "system",
        "images": {
            "prometheus": image("prometheus"),
            "alertmanager": image("alertmanager"),
            "kube_state_metrics": image("kube-state-metrics"),
            "node_exporter": image("node-exporter"),
            "otel_collector": image("otel-collector"),
        },
        "models_namespaces": ["models", "shop"],
        "api_server_cidrs": ["10.0.0.0/28"],
        "keda_namespace": "keda",
        "rules": {"platform.yaml": "groups: []"},
        "prometheus": {
            "size": "10Gi",
            "retention": "30d",
            "retention_size": "6Gi",
            "scrape_seconds": 5,
            "verify_kubelets": True,
            "resources": RESOURCES,
        },
        "receivers": [
            {
                "name": "hook",
                "kind": "webhook",
                "url": "https://secret-host.example.org:8443/secret-path",
                "bearer_token": "secret-bearer",
            },
            {
                "name": "mail",
                "kind": "email",
                "to": "models@example.org",
                "from_address": "alerts@example.org",
                "smarthost": "smtp.example.org:587",
                "username": "alerts",
                "password": "secret-mail-password",
            },
            {
                "name": "chat",
                "kind": "slack",
                "url": "https://chat.example.org/secret-hook",
                "channel": "#models",
            },
            {"name": "pager", "kind": "pagerduty", "routing_key": "secret-routing-key"},
        ],
        "routes": [
            {"receiver": "pager", "severity": "page"},
            {"receiver": "mail", "severity": "ticket", "owner": "credit-risk"},
        ],
        "pace": {"group_wait": "10s", "group_interval": "1m", "repeat_interval": "2h"},
        "otlp_endpoint": "http://traces.example.org:4317",
        "allowed_ingress": [FLOW],
        "storage_class": "standard",
    },
    mlops.Remediation: {
        "namespace": "system",
        "models_namespace": "models",
        "image": image("pipeline"),
        "store": STORE,
        "token": "secret-token-of-the-receiver",
        "rules": [
            {"alert": "MlopsInputDrift", "action": "retrain", "cooldown_seconds": 7200},
            {"alert": "MlopsErrorBudgetBurnsFast", "action": "rollback", "endpoint": "mortgage"},
        ],
        "endpoints": ["mortgage"],
        "jobs": {"mortgage": "{}"},
        "dry_run": False,
        "max_actions_per_hour": 2,
        "allowed_ingress": [FLOW],
        "allowed_egress": [FLOW],
        "resources": RESOURCES,
    },
    mlops.Pipeline: {
        "namespace": "models",
        "image": image("pipeline"),
        "pipeline": "mortgage-approval",
        "model": "mortgage",
        "endpoint": "mortgage",
        "store": STORE,
        "tracking": {"url": "http://mlflow:5000", "username": "secret-user", "password": "secret-password"},
        "schedule": "0 3 * * 1",
        "timeout_seconds": 900,
        "allowed_egress": [FLOW],
        "resources": RESOURCES,
    },
    mlops.ModelEndpoint: {
        "namespace": "models",
        "image": image("serving"),
        "model": "mortgage",
        "version": "7",
        "store": STORE,
        "min_replicas": 2,
        "max_replicas": 5,
        "target_cpu_percent": 60,
        "poll_seconds": 3,
        "drain_seconds": 20,
        "allowed_ingress": [FLOW],
        "allowed_egress": [FLOW],
        "resources": RESOURCES,
        "alerts": ALERTS,
        "tracing": {"endpoint": "http://collector.telemetry.svc:4318", "sample_ratio": 0.25},
        **PUBLISHED,
    },
    mlops.Platform: {
        "cluster": {
            "kubeconfig": KUBECONFIG,
            "image_registry": "127.0.0.1:30500",
            "ingress_address": "127.0.0.1",
            "storage_class": "standard",
        },
        "images": {
            "object_store": image("object-store"),
            "postgres": image("postgres"),
            "mlflow": image("mlflow"),
            "pipeline": image("pipeline"),
            "serving": image("serving"),
        },
        "secrets": {
            "database_password": "secret-database-password",
            "model_registry_admin_password": "secret-admin-password",
            "model_registry_session_key": "secret-session-key",
            "object_store_root": ROOT,
            "object_store_read_only": READ_ONLY,
            "object_store_read_write": READ_WRITE,
        },
        "object_store": {"size": "10Gi", "node_port": 30900},
        "database": {"size": "5Gi"},
        "model_registry": {"node_port": 30501},
        "pipelines": [{"name": "mortgage-approval", "model": "mortgage", "endpoint": "mortgage"}],
        "endpoints": [
            {
                "name": "mortgage",
                "model": "mortgage",
                "node_port": 30080,
                "resources": RESOURCES,
                "alerts": {"slo": {"availability": 99.5}},
            }
        ],
    },
}
COMPONENTS = list(SAMPLES)


def sample(component: type[pulumi.ComponentResource], **changes: Any) -> Any:
    """Fresh arguments for `component`, with some changed; None leaves one out."""
    args = copy.deepcopy(SAMPLES[component]) | changes
    return {key: value for key, value in args.items() if value is not None}


def make(component: type[pulumi.ComponentResource], name: str, **changes: Any) -> pulumi.ComponentResource:
    """Register one `component` with its sample arguments."""
    return component(name, sample(component, **changes))  # type: ignore[arg-type]


def input_paths(args: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every argument that may be an output: leaves, without the keys that must be plain."""
    if isinstance(args, dict):
        for key, value in args.items():
            if key not in PLAIN_KEYS:
                yield from input_paths(value, (*path, key))
    elif isinstance(args, list):
        for number, value in enumerate(args):
            yield from input_paths(value, (*path, number))
    else:
        yield path


def replaced(args: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The arguments with the one at `path` replaced."""
    place = args
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return args
