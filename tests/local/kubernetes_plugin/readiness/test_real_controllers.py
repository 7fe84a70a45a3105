"""Readiness against a real API server and its controllers; the test plays the kubelet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mlops_local.kubernetes_plugin.client import ApiClient
from mlops_local.kubernetes_plugin.readiness import NotReady, wait_ready
from mlops_local.kubernetes_plugin.readiness.waiting import Clock

pytestmark = pytest.mark.cluster

TEMPLATE = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "app", "image": "example.com/app:1"}]},
}
WORKLOAD = {"selector": {"matchLabels": {"app": "web"}}, "template": TEMPLATE}
STARTED = "2026-01-01T00:00:00Z"
READY_STATUS = {
    "phase": "Running",
    "podIP": "10.1.0.7",
    "podIPs": [{"ip": "10.1.0.7"}],
    "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": STARTED}],
}
CRASHED = {"exitCode": 7, "reason": "Error", "startedAt": STARTED, "finishedAt": STARTED}
CRASH_STATUS = {
    "phase": "Running",
    "containerStatuses": [
        {
            "name": "app",
            "image": "example.com/app:1",
            "imageID": "",
            "ready": False,
            "restartCount": 4,
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 1m20s"}},
            "lastState": {"terminated": CRASHED},
        }
    ],
}
Status = dict[str, Any]
Apply = Callable[..., dict[str, Any]]


@pytest.fixture
def apply(client: ApiClient, namespace: str) -> Apply:
    """`apply(apiVersion, kind, name, **parts)` writes an object and returns it as the server holds it."""

    def applied(api_version: str, kind: str, name: str, **parts: Any) -> dict[str, Any]:
        metadata = {"name": name, "namespace": namespace} | parts.pop("metadata", {})
        body = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}
        return client.apply(client.path_of(body), body, "test")

    return applied


@pytest.fixture
def wait(client: ApiClient, namespace: str) -> Callable[..., dict[str, Any]]:
    """`wait(live, pods, said)` waits on a clock thirty times as fast as the real one.

    Meanwhile every pod of the namespace gets the status `pods`; `said` takes the progress.
    """

    def waited(live: dict[str, Any], pods: Status | None = None, said: list[str] | None = None) -> Any:
        def sleep(_: float) -> None:
            for pod in client.list(f"/api/v1/namespaces/{namespace}/pods") if pods else ():
                name = pod["metadata"]["name"]
                body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "status": pods}
                path = f"/api/v1/namespaces/{namespace}/pods/{name}/status"
                client.apply(path, body, "kubelet", force=True)
            time.sleep(0.1)

        clock = Clock(now=lambda: time.monotonic() * 30, sleep=sleep)
        log = [].append if said is None else said.append
        return wait_ready(client, live, 600.0, log, lambda: False, clock)

    return waited


def test_deployment_becomes_ready_with_its_pods(apply: Apply, wait: Callable[..., Any]) -> None:
    said: list[str] = []
    live = wait(apply("apps/v1", "Deployment", "web", spec=WORKLOAD), READY_STATUS, said)
    assert live["status"]["availableReplicas"] == 1
    assert said[0] == "waiting: the Deployment controller has not seen this version yet"


def test_deployment_whose_pod_crashes_says_so(apply: Apply, wait: Callable[..., Any]) -> None:
    with pytest.raises(NotReady) as caught:
        wait(apply("apps/v1", "Deployment", "web", spec=WORKLOAD), CRASH_STATUS)
    reason = caught.value.reasons[0]
    assert reason.startswith("pod web-")
    assert reason.endswith(
        "container app: CrashLoopBackOff: back-off 1m20s (restarted 4 times, last: Error, exit code 7)"
    )


@pytest.mark.parametrize(
    ("api_version", "kind", "spec"),
    [
        ("apps/v1", "Deployment", WORKLOAD),
        ("apps/v1", "StatefulSet", WORKLOAD | {"serviceName": "web"}),
        (
            "batch/v1",
            "Job",
            {"template": TEMPLATE | {"spec": TEMPLATE["spec"] | {"restartPolicy": "Never"}}},
        ),
    ],
)
def test_workload_that_a_quota_leaves_no_pod_says_so(
    apply: Apply, wait: Callable[..., Any], api_version: str, kind: str, spec: dict[str, Any]
) -> None:
    quota = apply("v1", "ResourceQuota", "small", spec={"hard": {"pods": "0"}})
    assert quota["spec"]["hard"] == {"pods": "0"}
    with pytest.raises(NotReady) as caught:
        wait(apply(api_version, kind, "web", spec=spec))
    assert "may not make its pods" in caught.value.reasons[0]
    assert "exceeded quota: small" in caught.value.reasons[0]


def test_job_is_ready_when_its_pod_ends_well_and_fails_when_it_does_not(
    apply: Apply, wait: Callable[..., Any]
) -> None:
    template = {"spec": TEMPLATE["spec"] | {"restartPolicy": "Never"}}
    spec = {"backoffLimit": 0, "template": template}
    live = wait(apply("batch/v1", "Job", "good", spec=spec), {"phase": "Succeeded"})
    assert live["status"]["succeeded"] == 1
    with pytest.raises(NotReady) as caught:
        wait(apply("batch/v1", "Job", "bad", spec=spec), {"phase": "Failed"})
    assert caught.value.reasons[0].startswith("the Job failed: BackoffLimitExceeded: ")


@pytest.fixture
def node(client: ApiClient, namespace: str) -> Iterator[str]:
    """A Node in name only: pods without one never become endpoints."""
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": namespace}}
    client.apply(client.path_of(body), body, "test")
    yield namespace
    client.delete(client.path_of(body), "Background")


def test_service_waits_for_the_pods_that_are_there(apply: Apply, wait: Callable[..., Any], node: str) -> None:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    early: list[str] = []
    wait(apply("v1", "Service", "early", spec=spec), said=early)
    labels = {"labels": {"app": "web"}}
    apply("v1", "Pod", "web", metadata=labels, spec=TEMPLATE["spec"] | {"nodeName": node})
    late: list[str] = []
    wait(apply("v1", "Service", "late", spec=spec), READY_STATUS, late)
    assert early == []
    assert late[0] == "waiting: none of the 1 selected pods is ready; pod web: Pending"


def test_new_kind_is_served_once_its_definition_is_ready(
    client: ApiClient, wait: Callable[..., Any], namespace: str
) -> None:
    group = f"{namespace}.example.com"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "things", "singular": "thing", "kind": "Thing"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }
    wait(client.apply(client.path_of(body), body, "test"))
    assert client.list(f"/apis/{group}/v1/namespaces/{namespace}/things") == []


def test_claim_of_a_class_that_binds_late_is_ready_while_pending(
    client: ApiClient, apply: Apply, wait: Callable[..., Any], namespace: str
) -> None:
    storage_class = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": namespace},
        "provisioner": "example.com/none",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    client.apply(client.path_of(storage_class), storage_class, "test")
    spec = {
        "storageClassName": namespace,
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    said: list[str] = []
    live = wait(apply("v1", "PersistentVolumeClaim", "data", spec=spec), said=said)
    assert (live["status"]["phase"], said) == ("Pending", [])
