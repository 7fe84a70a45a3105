"""The component on the real engine and the real API server."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s
import pytest

from mlops_local.kubernetes_plugin.client import ApiClient
from plugin_stack import Program, Stack
from pulumi_mlops import AdmissionMode, AdmissionPolicies

pytestmark = pytest.mark.cluster
BINDING = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/team-pods"


def bound(mode: AdmissionMode) -> Program:
    def program(provider: k8s.Provider) -> None:
        AdmissionPolicies(
            "team",
            {"mode": mode, "namespaces": ["somewhere-else"]},
            pulumi.ResourceOptions(providers={"kubernetes": provider}),
        )

    return program


def test_policies_come_change_their_mode_and_go(stack: Stack, client: ApiClient) -> None:
    warn, deny = bound(AdmissionMode.WARN), bound(AdmissionMode.DENY)
    assert stack.up(warn) == {"create": 21}
    assert stack.preview(warn) == {}
    assert stack.refresh() == {}
    assert stack.up(deny) == {"update": 9}
    live = client.get(BINDING)
    assert live is not None
    assert live["spec"]["validationActions"] == ["Deny"]
    assert stack.destroy() == {"delete": 21}
    assert client.get(BINDING) is None
