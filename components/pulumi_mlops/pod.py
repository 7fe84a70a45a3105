"""Parts of a pod that meets Pod Security `restricted`, as plain dicts in the API's own spelling. Pure.

Every pod of every component is made here, so hardening cannot be forgotten in one of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_mlops.manifests import Object, compact

UNPRIVILEGED = 65532
"""The user and group our own images run as."""
CONTENT = "mlops/content-sha256"
TEMPORARY = "/tmp"  # noqa: S108 - a folder inside the container, which `temporary` makes writable


def pod_template(
    labels: Mapping[str, str],
    containers: Sequence[Object],
    *,
    service_account: str,
    user: int = UNPRIVILEGED,
    volumes: Sequence[Object] = (),
    spread_over: Mapping[str, str] | None = None,
    grace_seconds: Any = 30,
    restart: str | None = None,
    content: Any = None,
) -> Object:
    """A pod template: never root, no API token, the runtime's seccomp profile.

    `spread_over` are the labels of the pods to spread over zones and nodes; `restart` is for Jobs only;
    `content` is a digest of mounted files or of variables; the pod is made anew when it changes.
    """
    spec = {
        "serviceAccountName": service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": grace_seconds,
        "restartPolicy": restart,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": user,
            "fsGroup": user,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": _spread(spread_over),
        "containers": list(containers),
        "volumes": list(volumes),
    }
    annotations = {} if content is None else {CONTENT: content}
    metadata = compact({"labels": dict(labels), "annotations": annotations})
    return {"metadata": metadata, "spec": compact(spec)}


def container(
    name: str,
    image: Any,
    *,
    resources: Object,
    args: Sequence[Any] = (),
    env: Sequence[Object] = (),
    ports: Sequence[tuple[str, int]] = (),
    mounts: Sequence[Object] = (),
    probes: Mapping[str, Object] | None = None,
) -> Object:
    """A container with a read-only root, no capability and no way to more privileges.

    `ports` are (name, number); `probes` holds startupProbe, readinessProbe and livenessProbe.
    """
    fields = {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": list(args),
        "env": list(env),
        "ports": [
            {"name": port_name, "containerPort": number, "protocol": "TCP"} for port_name, number in ports
        ],
        "volumeMounts": list(mounts),
        "resources": resources,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return compact(fields | dict(probes or {}))


def resources(cpu: Any, memory: Any, memory_limit: Any) -> Object:
    """Requests for both, a limit on memory only: a CPU limit throttles latency without freeing anything."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory_limit}}


def env_value(name: str, value: Any) -> Object:
    """An environment variable in the clear."""
    return {"name": name, "value": value}


def env_secret(name: str, secret: str, key: str | None = None) -> Object:
    """An environment variable from `key` (by default its own name) of a Secret in the same namespace."""
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key or name}}}


def scratch(name: str, path: str, size: str) -> tuple[Object, Object]:
    """A (volume, mount) pair for files that may be lost; over `size` the pod is evicted."""
    return {"name": name, "emptyDir": {"sizeLimit": size}}, {"name": name, "mountPath": path}


def temporary(size: str) -> tuple[Object, Object]:
    """`scratch` at TEMPORARY, which programs expect to be able to write."""
    return scratch("tmp", TEMPORARY, size)


def secret_files(name: str, secret: str, path: str) -> tuple[Object, Object]:
    """A (volume, mount) pair showing a Secret's keys as read-only files that the pod's group can read."""
    volume = {"name": name, "secret": {"secretName": secret, "defaultMode": 0o440}}
    return volume, {"name": name, "mountPath": path, "readOnly": True}


def api_token() -> tuple[Object, Object]:
    """A (volume, mount) pair with all that a client of the API server looks for; the token is for an hour.

    Pods of accounts without automatic tokens have it only where this names it.
    """
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
        {
            "configMap": {
                "name": "kube-root-ca.crt",
                "items": [{"key": "ca.crt", "path": "ca.crt"}],
            }
        },
        {
            "downwardAPI": {
                "items": [
                    {
                        "path": "namespace",
                        "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                    }
                ]
            }
        },
    ]
    volume = {"name": "api-token", "projected": {"defaultMode": 0o440, "sources": sources}}
    mount = {
        "name": "api-token",
        "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
        "readOnly": True,
    }
    return volume, mount


def probes(check: Object, *, startup_seconds: int, ready: Object | None = None) -> dict[str, Object]:
    """The three probes: `check` tells a live process, `ready` (by default the same) one that can serve.

    The startup probe holds liveness back for up to `startup_seconds`, so a slow start is not a crash loop.
    """
    return {
        "startupProbe": check
        | {"periodSeconds": 2, "timeoutSeconds": 5, "failureThreshold": startup_seconds // 2},
        "readinessProbe": (ready or check) | {"periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 2},
        "livenessProbe": check | {"periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
    }


def http_check(path: str, port: str) -> Object:
    """A probe by GET on a named port."""
    return {"httpGet": {"path": path, "port": port}}


def exec_check(*command: str) -> Object:
    """A probe by a program in the container that exits 0."""
    return {"exec": {"command": list(command)}}


def _spread(selector: Mapping[str, str] | None) -> list[Object]:
    if not selector:
        return []
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(selector)},
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]
