"""Kubernetes objects other than pods, as plain dicts in the API's own spelling. Pure.

Components unpack them into typed resources: `Service(name, opts=…, **service(…))`.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

Object = dict[str, Any]


def compact(fields: Mapping[str, Any]) -> Object:
    """The fields that say something: the server drops an empty list, which would come back as a diff."""
    return {key: value for key, value in fields.items() if not _says_nothing(value)}


def _says_nothing(value: Any) -> bool:
    # Sizes are asked of plain containers only: an output has neither a length nor a truth value.
    return value is None or (isinstance(value, list | dict) and not value)


def metadata(name: str, namespace: Any, labels: Mapping[str, str]) -> Object:
    """Explicit metadata, so that objects keep predictable names."""
    return {"name": name, "namespace": namespace, "labels": dict(labels)}


def service(
    meta: Object,
    selector: Mapping[str, str],
    port: int,
    target: str,
    node_port: Any = None,
    more: Mapping[str, int] = MappingProxyType({}),
) -> Object:
    """A Service for a TCP port and `more` by name: a NodePort one when `node_port` is given, which publishes
    the first port, else inside the cluster only."""
    entry = compact({**_port(target, port), "nodePort": node_port})
    ports = [entry, *(_port(name, number) for name, number in more.items())]
    kind = "ClusterIP" if node_port is None else "NodePort"
    return {"metadata": meta, "spec": {"type": kind, "selector": dict(selector), "ports": ports}}


def _port(name: str, number: int) -> Object:
    return {"name": name, "port": number, "targetPort": name, "protocol": "TCP"}


def service_account(meta: Object) -> Object:
    """A ServiceAccount whose token no pod gets: nothing here talks to the API server."""
    return {"metadata": meta, "automount_service_account_token": False}


def single_deployment(meta: Object, selector: Mapping[str, str], pod: Object) -> Object:
    """One pod, and never two at once."""
    return {
        "metadata": meta,
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": dict(selector)},
            "strategy": {"type": "Recreate"},
            "revisionHistoryLimit": 5,
            "template": pod,
        },
    }


def stateful_set(meta: Object, selector: Mapping[str, str], pod: Object, claims: Sequence[Object]) -> Object:
    """One pod with volumes of its own, replaced in place."""
    return {
        "metadata": meta,
        "spec": {
            "replicas": 1,
            "serviceName": meta["name"],
            "selector": {"matchLabels": dict(selector)},
            "template": pod,
            "volumeClaimTemplates": list(claims),
        },
    }


def volume_claim(name: str, size: Any, storage_class: Any = None) -> Object:
    """A claim for one writer; without a class, the cluster's default class serves it."""
    spec = compact(
        {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": size}},
            "storageClassName": storage_class,
        }
    )
    return {"metadata": {"name": name}, "spec": spec}


def job_spec(pod: Object, retries: int, timeout_seconds: Any) -> Object:
    """A Job that is told apart from a hung one: bounded retries, bounded time, kept for its logs.

    No time-to-live: a Job that removes itself would come back at the next refresh.
    """
    return {"backoffLimit": retries, "activeDeadlineSeconds": timeout_seconds, "template": pod}


def cron_job_spec(job: Object, schedule: Any) -> Object:
    """The same Job on a schedule, never two at once; its Jobs have their pods' labels."""
    return {
        "schedule": schedule,
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 600,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {"metadata": {"labels": job["template"]["metadata"]["labels"]}, "spec": job},
    }
