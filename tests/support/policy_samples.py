"""Resources that meet every rule of the policy pack."""

from __future__ import annotations

from typing import Any

from mlops_policy.resources import Resource

DIGEST = "a" * 64
IMAGE = f"registry.example/mlops/serving@sha256:{DIGEST}"
LABELS = {"app": "server"}


def resource(kind: str, name: str, props: dict[str, Any]) -> Resource:
    """A resource of a kind such as `apps/v1:Deployment`, with properties."""
    return Resource(
        urn=f"urn:pulumi:test::mlops::kubernetes:{kind}::{name}",
        type=f"kubernetes:{kind}",
        name=name,
        props=props,
    )


def probe() -> dict[str, Any]:
    """A probe of a container that serves."""
    return {"httpGet": {"path": "/ready", "port": "http", "host": ""}}


def container() -> dict[str, Any]:
    """A hardened container that serves."""
    return {
        "name": "server",
        "image": IMAGE,
        "ports": [{"name": "http", "containerPort": 8080, "hostPort": 0}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "readinessProbe": probe(),
        "livenessProbe": probe(),
        "startupProbe": probe(),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
            "privileged": False,
            "procMount": "Default",
            "readOnlyRootFilesystem": True,
        },
    }


def pod() -> dict[str, Any]:
    """The specification of a hardened pod that says everything a rule may ask for."""
    return {
        "automountServiceAccountToken": False,
        "containers": [container()],
        "enableServiceLinks": False,
        "hostIPC": False,
        "hostNetwork": False,
        "hostPID": False,
        "securityContext": {
            "appArmorProfile": {"type": "RuntimeDefault"},
            "runAsGroup": 65532,
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seLinuxOptions": {"type": "container_t", "user": "", "role": ""},
            "seccompProfile": {"type": "RuntimeDefault"},
            "sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}],
            "windowsOptions": {"hostProcess": False},
        },
        "serviceAccountName": "server",
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname"}],
        "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "10Mi"}}],
    }


def deployment(replicas: int = 2) -> Resource:
    """A Deployment of one hardened container, in the namespace `models`."""
    template = {"metadata": {"labels": LABELS}, "spec": pod()}
    spec = {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template}
    return resource(
        "apps/v1:Deployment", "server", {"metadata": {"name": "server", "namespace": "models"}, "spec": spec}
    )
