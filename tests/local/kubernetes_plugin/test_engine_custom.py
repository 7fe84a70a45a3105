"""Custom resources, and values that a preview cannot know, under the real engine."""

from __future__ import annotations

import secrets

import pulumi
import pulumi_kubernetes as k8s
import pytest

from mlops_local.kubernetes_plugin.client import ApiClient
from plugin_stack import Program, Stack, options

pytestmark = pytest.mark.cluster


def with_custom_resource(group: str, namespace: str, size: int, scope: str) -> Program:
    """A program that defines a kind and makes one object of it."""
    schema = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "x_kubernetes_preserve_unknown_fields": True,
                "properties": {"size": {"type": "integer"}},
            }
        },
    }

    def program(provider: k8s.Provider) -> None:
        definition = k8s.apiextensions.v1.CustomResourceDefinition(
            "definition",
            metadata={"name": f"widgets.{group}"},
            spec={
                "group": group,
                "scope": scope,
                "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
                "versions": [
                    {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
                ],
            },
            opts=options(provider),
        )
        k8s.apiextensions.CustomResource(
            "widget",
            api_version=f"{group}/v1",
            kind="Widget",
            metadata={
                "name": "wheel",
                # The garbage collector takes up to half a minute to learn of a new kind.
                "annotations": {"pulumi.com/deletionPropagationPolicy": "background"},
                **({"namespace": namespace} if scope == "Namespaced" else {}),
            },
            spec={"size": size, "colour": "red"},
            opts=options(provider, depends_on=[definition]),
        )

    return program


@pytest.mark.parametrize("scope", ["Namespaced", "Cluster"])
def test_a_kind_and_its_object_in_one_stack(
    stack: Stack, namespace: str, client: ApiClient, scope: str
) -> None:
    group = f"g{secrets.token_hex(4)}.example.com"
    assert stack.preview(with_custom_resource(group, namespace, 1, scope)) == {"create": 4}
    assert stack.up(with_custom_resource(group, namespace, 1, scope)) == {"create": 4}
    assert stack.preview(with_custom_resource(group, namespace, 1, scope)) == {}
    assert stack.up(with_custom_resource(group, namespace, 2, scope)) == {"update": 1}
    assert stack.refresh() == {}
    place = f"/namespaces/{namespace}" if scope == "Namespaced" else ""
    live = client.get(f"/apis/{group}/v1{place}/widgets/wheel")
    assert live is not None
    assert live["spec"] == {"size": 2, "colour": "red"}
    assert stack.destroy() == {"delete": 4}
    assert client.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{group}") is None


def test_a_preview_passes_on_what_it_cannot_know(stack: Stack, namespace: str, client: ApiClient) -> None:
    def program(provider: k8s.Provider) -> None:
        secret = k8s.core.v1.Secret(
            "token",
            metadata={"namespace": namespace},
            string_data={"token": pulumi.Output.secret("hidden-token-value")},
            opts=options(provider),
        )
        k8s.core.v1.ConfigMap(
            "note",
            metadata={"name": "note", "namespace": namespace},
            data={"secret": secret.metadata.uid, "token": secret.data["token"]},
            opts=options(provider),
        )

    assert stack.preview(program) == {"create": 4}
    stack.up(program)
    assert stack.preview(program) == {}
    live = client.get(f"/api/v1/namespaces/{namespace}/configmaps/note")
    assert live is not None
    assert live["data"]["token"] == "aGlkZGVuLXRva2VuLXZhbHVl"
    assert len(live["data"]["secret"]) == 36
    for encoding in ("hidden-token-value", "aGlkZGVuLXRva2VuLXZhbHVl"):
        assert encoding not in stack.state_text()
