"""Type tokens and the paths of kinds, from documents as an API server gives them."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_local.kubernetes_plugin.discovery import Discovery, Kind, kind_of_object, kind_of_token
from mlops_local.kubernetes_plugin.errors import KindNotFoundError, UnsupportedTypeError

CORE = {
    "resources": [
        {"kind": "Pod", "name": "pods", "namespaced": True},
        {"kind": "Pod", "name": "pods/status", "namespaced": True},
        {"kind": "Namespace", "name": "namespaces", "namespaced": False},
    ]
}


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("kubernetes:core/v1:Pod", Kind("", "v1", "Pod")),
        ("kubernetes:apps/v1:Deployment", Kind("apps", "v1", "Deployment")),
        ("kubernetes:networking.k8s.io/v1:NetworkPolicy", Kind("networking.k8s.io", "v1", "NetworkPolicy")),
        ("kubernetes:stable.example.com/v1beta1:Widget", Kind("stable.example.com", "v1beta1", "Widget")),
    ],
)
def test_a_token_names_a_kind(token: str, expected: Kind) -> None:
    assert kind_of_token(token) == expected


def test_inputs_come_before_the_token() -> None:
    inputs = {"apiVersion": "example.com/v1", "kind": "Widget"}
    assert kind_of_object("kubernetes:apiextensions.k8s.io:CustomResource", inputs) == Kind(
        "example.com", "v1", "Widget"
    )
    with pytest.raises(UnsupportedTypeError):
        kind_of_object("kubernetes:apiextensions.k8s.io:CustomResource", {})


def test_a_group_is_asked_for_once_and_again_for_a_kind_it_lacked() -> None:
    asked: list[str] = []
    documents: dict[str, Any] = {"/api/v1": CORE}

    def get(path: str) -> dict[str, Any] | None:
        asked.append(path)
        return documents.get(path)

    discovery = Discovery(get)
    assert discovery.endpoint(Kind("", "v1", "Pod")).path("home", "web") == "/api/v1/namespaces/home/pods/web"
    assert discovery.endpoint(Kind("", "v1", "Namespace")).path(None, "home") == "/api/v1/namespaces/home"
    assert asked == ["/api/v1"]
    widget = Kind("example.com", "v1", "Widget")
    with pytest.raises(KindNotFoundError, match=r"does not serve example\.com/v1/Widget"):
        discovery.endpoint(widget)
    documents["/apis/example.com/v1"] = {
        "resources": [{"kind": "Widget", "name": "widgets", "namespaced": True}]
    }
    assert discovery.endpoint(widget).collection("home") == "/apis/example.com/v1/namespaces/home/widgets"
    assert asked == ["/api/v1", "/apis/example.com/v1", "/apis/example.com/v1"]
