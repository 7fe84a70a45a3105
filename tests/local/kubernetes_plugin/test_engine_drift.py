"""The plugin under the real engine where things are not as the program left them."""

from __future__ import annotations

from typing import Any

import pulumi_kubernetes as k8s
import pytest
from pulumi.automation import CommandError

from mlops_local.kubernetes_plugin.client import ApiClient
from plugin_kinds import LABELS, SERVER_POD
from plugin_stack import Program, Stack, options

pytestmark = pytest.mark.cluster
SKIP = {"pulumi.com/skipAwait": "true"}


def service_account(namespace: str, annotations: dict[str, str] | None = None) -> Program:
    """A program with one ServiceAccount with a label."""
    metadata = {"name": "robot", "namespace": namespace, "labels": {"tier": "one"}}

    def program(provider: k8s.Provider) -> None:
        noted = {**metadata, "annotations": annotations} if annotations else metadata
        k8s.core.v1.ServiceAccount("robot", metadata=noted, opts=options(provider))

    return program


def edit(client: ApiClient, namespace: str, labels: dict[str, str]) -> None:
    """Somebody else takes labels of the ServiceAccount over."""
    body = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "robot", "namespace": namespace, "labels": labels},
    }
    client.apply(client.path_of(body), body, "somebody", force=True)


def test_drift_is_seen_by_refresh_and_put_right_by_force_only(
    stack: Stack, namespace: str, client: ApiClient
) -> None:
    stack.up(service_account(namespace))
    edit(client, namespace, {"other": "x"})
    assert stack.refresh() == {}
    edit(client, namespace, {"tier": "two"})
    assert stack.refresh() == {"update": 1}
    with pytest.raises(CommandError, match=r"\.metadata\.labels\.tier is owned by 'somebody'"):
        stack.up(service_account(namespace))
    assert stack.up(service_account(namespace, {"pulumi.com/patchForce": "true"})) == {"update": 1}
    live = client.get(f"/api/v1/namespaces/{namespace}/serviceaccounts/robot")
    assert live is not None
    assert live["metadata"]["labels"]["tier"] == "one"


def test_an_object_deleted_by_hand_is_made_again_after_a_refresh(
    stack: Stack, namespace: str, client: ApiClient
) -> None:
    stack.up(service_account(namespace))
    client.delete(f"/api/v1/namespaces/{namespace}/serviceaccounts/robot", "Background")
    assert stack.refresh() == {"delete": 1}
    assert stack.up(service_account(namespace)) == {"create": 1}


def deployment(namespace: str, label: str, image: str = "example.invalid/image:1") -> Program:
    """A program with a Deployment named `web`."""

    def program(provider: k8s.Provider) -> None:
        container = {**SERVER_POD["spec"]["containers"][0], "image": image}
        template = {"metadata": {"labels": {"app": label}}, "spec": {"containers": [container]}}
        k8s.apps.v1.Deployment(
            "web",
            metadata={"name": "web", "namespace": namespace, "annotations": SKIP},
            spec={"selector": {"matchLabels": {"app": label}}, "template": template},
            opts=options(provider),
        )

    return program


def test_a_changed_image_updates_and_a_changed_selector_replaces(
    stack: Stack, namespace: str, client: ApiClient
) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    stack.up(deployment(namespace, "one"))
    first = client.get(path)
    assert stack.up(deployment(namespace, "one", "example.invalid/image:2")) == {"update": 1}
    second = client.get(path)
    assert stack.preview(deployment(namespace, "two")) == {"replace": 1}
    assert stack.up(deployment(namespace, "two")) == {"replace": 1}
    third = client.get(path)
    assert first is not None
    assert second is not None
    assert third is not None
    assert first["metadata"]["uid"] == second["metadata"]["uid"] != third["metadata"]["uid"]
    assert third["spec"]["selector"] == {"matchLabels": {"app": "two"}}


def service(namespace: str, **more: Any) -> Program:
    """A program with a Service named `web`."""

    def program(provider: k8s.Provider) -> None:
        k8s.core.v1.Service(
            "web",
            metadata={"name": "web", "namespace": namespace, "annotations": SKIP},
            spec={"selector": LABELS, "ports": [{"port": 80}]},
            opts=options(provider, **more),
        )

    return program


def test_an_existing_object_is_refused_and_can_be_imported(
    stack: Stack, namespace: str, client: ApiClient
) -> None:
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": namespace, "annotations": SKIP},
        "spec": {"selector": LABELS, "ports": [{"port": 80}]},
    }
    made = client.apply(client.path_of(body), body, "kubectl")
    with pytest.raises(CommandError, match=rf"Service {namespace}/web exists already"):
        stack.up(service(namespace))
    assert stack.up(service(namespace, import_=f"{namespace}/web")) == {"import": 1}
    assert stack.up(service(namespace)) == {}
    assert stack.refresh() == {}
    assert stack.resources()[0]["outputs"]["metadata"]["uid"] == made["metadata"]["uid"]


def unready(namespace: str, replicas: int) -> Program:
    """A program with a Deployment that no node will ever run, and that waits one second."""

    def program(provider: k8s.Provider) -> None:
        k8s.apps.v1.Deployment(
            "web",
            metadata={
                "name": "web",
                "namespace": namespace,
                "annotations": {"pulumi.com/timeoutSeconds": "1"},
            },
            spec={"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": SERVER_POD},
            opts=options(provider),
        )

    return program


def test_an_object_that_is_not_ready_is_kept_and_mended_by_the_next_update(
    stack: Stack, namespace: str
) -> None:
    with pytest.raises(CommandError, match="not ready after 1 s"):
        stack.up(unready(namespace, 1))
    (kept,) = stack.resources()
    assert kept["id"] == f"{namespace}/web"
    assert any("not ready after 1 s" in reason for reason in kept["initErrors"])
    assert stack.up(unready(namespace, 0)) == {"update": 1}
    assert "initErrors" not in stack.resources()[0]
