"""Pods behind a load balancer are ready once it finds them healthy, where there is one."""

from __future__ import annotations

from typing import Any

from aws_environments import EDGE, recorded

GATE = "elbv2.k8s.aws/pod-readiness-gate-inject"


def gates(**aws: Any) -> dict[str, Any]:
    """The label by namespace."""
    document = recorded("dev", {"mlops:aws": aws}, preview=True)
    return {
        each.inputs["metadata"]["name"]: each.inputs["metadata"]["labels"].get(GATE)
        for each in document.resources
        if each.type == "kubernetes:core/v1:Namespace"
    }


def test_the_models_namespace_asks_for_the_gate_where_there_is_an_edge() -> None:
    assert gates(edge=EDGE) == {"mlops-system": None, "mlops-models": "enabled"}


def test_without_an_edge_nothing_asks_for_it() -> None:
    assert gates() == {"mlops-system": None, "mlops-models": None}
