"""The plugin under the real engine, against a real API server: a stack's ordinary life."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pulumi_kubernetes as k8s
import pytest

from mlops_local.kubernetes_plugin.client import ApiClient
from plugin_kinds import declare_all, objects
from plugin_stack import Stack, options

pytestmark = pytest.mark.cluster


def test_every_kind_of_the_platform_is_created_unchanged_and_deleted(stack: Stack, client: ApiClient) -> None:
    namespace = f"kinds-{secrets.token_hex(4)}"
    count = len(objects(namespace)) + 1
    assert stack.preview(lambda provider: declare_all(provider, namespace)) == {"create": count + 2}
    assert stack.up(lambda provider: declare_all(provider, namespace)) == {"create": count + 2}
    assert stack.preview(lambda provider: declare_all(provider, namespace)) == {}
    assert stack.refresh() == {}
    assert "s3cret-in-clear" not in stack.state_text()
    assert stack.destroy() == {"delete": count + 2}
    assert client.get(f"/api/v1/namespaces/{namespace}") is None


def config_map(namespace: str, **data: str) -> Any:
    """A program with one ConfigMap without a name."""

    def program(provider: k8s.Provider) -> None:
        k8s.core.v1.ConfigMap("note", metadata={"namespace": namespace}, data=data, opts=options(provider))

    return program


def test_an_object_without_a_name_is_replaced_by_one_of_another_name(stack: Stack, namespace: str) -> None:
    stack.up(config_map(namespace, colour="red"))
    before = stack.resources()[0]
    assert stack.up(config_map(namespace, colour="blue")) == {"replace": 1}
    after = stack.resources()[0]
    assert before["id"].startswith(f"{namespace}/note-")
    assert after["id"] != before["id"]
    assert after["outputs"]["data"] == {"colour": "blue"}


def test_the_provider_takes_text_and_a_namespace_and_reads_what_is_there(
    stack: Stack, namespace: str, api_server: Path
) -> None:
    def program(provider: k8s.Provider) -> None:
        found = k8s.core.v1.Namespace.get("found", "kube-system", opts=options(provider))
        k8s.core.v1.ConfigMap(
            "note", data={"uid": found.metadata.uid}, opts=options(provider, delete_before_replace=True)
        )

    stack.settings = {"kubeconfig": api_server.read_text(), "context": "test", "namespace": namespace}
    assert stack.up(program) == {"create": 3}
    note = stack.resources()[-1]
    assert note["outputs"]["metadata"]["namespace"] == namespace
    assert len(note["outputs"]["data"]["uid"]) == 36
    assert stack.preview(program) == {}
