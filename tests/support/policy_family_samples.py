"""Resources that the rules about cost, endpoints and reach are tried on; what is mutated stands first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mlops_policy.resources import Resource

NAME = "app.kubernetes.io/name"
TAGS = {
    "mlops:environment": "dev",
    "mlops:owner": "risk",
    "mlops:cost-center": "ml",
    "mlops:managed-by": "pulumi-mlops",
    "mlops:expires": "2026-03-01",
}
CREDENTIALS = {"secretKeyRef": {"name": "mortgage", "key": "MLOPS_REQUEST_LOG_HASH_KEY"}}


def made(kind: str, props: Mapping[str, Any], name: str = "thing") -> Resource:
    """A resource of a kind."""
    return Resource(urn=f"urn:pulumi:test::mlops::{kind}::{name}", type=kind, name=name, props=props)


def kube(kind: str, spec: Mapping[str, Any], name: str = "mortgage", **more: Any) -> Resource:
    """An object in the namespace `models`; `kind` is a token without `kubernetes:`."""
    metadata = {"name": name, "namespace": "models", **more.pop("metadata", {})}
    return made(f"kubernetes:{kind}", {"metadata": metadata, "spec": spec, **more}, name)


def container(env: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A container that asks for a vCPU and two GiB, with variables in the order given."""
    variables = [
        {"name": name, "valueFrom": value} if isinstance(value, dict) else {"name": name, "value": value}
        for name, value in (env or {}).items()
    ]
    resources = {"requests": {"cpu": "1", "memory": "2Gi"}}
    return {"name": "server", "env": variables, "resources": resources, **more}


def endpoint(env: Mapping[str, Any] | None = None, **more: Any) -> Resource:
    """A Deployment that serves a model; `env` stands before its other variables."""
    models = json.dumps([{"name": "mortgage", "endpoint": "mortgage", "version": "release"}])
    pod = {"containers": [container({**(env or {}), "MLOPS_MODELS": models}, **more)]}
    labels = {NAME: "model-endpoint", "app.kubernetes.io/part-of": "mlops"}
    return kube(
        "apps/v1:Deployment",
        {"template": {"metadata": {"labels": labels}, "spec": pod}},
        metadata={"annotations": {"mlops.dev/owner": "risk"}},
    )


def autoscaler(fewest: int = 2, most: int = 3) -> Resource:
    """What scales `endpoint`."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "mortgage"}
    spec = {"minReplicas": fewest, "maxReplicas": most, "scaleTargetRef": target}
    return kube("autoscaling/v2:HorizontalPodAutoscaler", spec)


def node_pool(requirements: Mapping[str, list[str]], limits: Mapping[str, str]) -> Resource:
    """A NodePool of Karpenter whose machines are of these labels."""
    asked = [{"key": key, "operator": "In", "values": values} for key, values in requirements.items()]
    spec = {"template": {"spec": {"requirements": asked}}, "limits": dict(limits)}
    return kube("karpenter.sh/v1:NodePool", spec)


def service(name: str, pods: str, kind: str = "ClusterIP") -> Resource:
    """A Service of pods of a name."""
    port = {"port": 80} if kind == "ClusterIP" else {"port": 80, "nodePort": 30080}
    return kube("core/v1:Service", {"type": kind, "selector": {NAME: pods}, "ports": [port]}, name)


def policy(pods: str, peer: Mapping[str, Any]) -> Resource:
    """A NetworkPolicy by which one peer may ask pods of a name."""
    spec = {"podSelector": {"matchLabels": {NAME: pods}}, "ingress": [{"from": [dict(peer)]}]}
    return kube("networking.k8s.io/v1:NetworkPolicy", spec, pods)


def alert_rule() -> Resource:
    """A PrometheusRule with one alert of the endpoint."""
    rule = {"alert": "Down", "expr": 'up{endpoint="mortgage"} == 0', "labels": {"severity": "page"}}
    return kube("monitoring.coreos.com/v1:PrometheusRule", {"groups": [{"rules": [rule]}]})


def pod_monitor() -> Resource:
    """A PodMonitor of another namespace that selects the endpoint's pods."""
    spec = {
        "namespaceSelector": {"matchNames": ["models"]},
        "selector": {"matchLabels": {NAME: "model-endpoint"}},
    }
    return kube("monitoring.coreos.com/v1:PodMonitor", spec, metadata={"namespace": "monitoring"})
