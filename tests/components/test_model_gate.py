"""What an endpoint that may have no pods registers beside the others, and what it refuses."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

import pulumi_mlops as mlops
from component_samples import make
from mlops_serving.gate.admin import NAMES
from pulumi_mlops.alerts import metrics
from recording_engine import Recording, registered

ADMIN = {"protocol": "TCP", "port": 8081}
HTTP = {"protocol": "TCP", "port": 8080}
GATE = {"app.kubernetes.io/name": "model-gate", "app.kubernetes.io/instance": "mortgage"}
PODS = {"app.kubernetes.io/name": "model-endpoint", "app.kubernetes.io/instance": "mortgage"}
KEDA = {"name": "autoscaler", "port": 8081, "namespace": "keda", "pods": {"app": "operator"}}
SHOP = {"name": "shop", "port": 8080, "namespace": "shop"}
PROMETHEUS = {"name": "metrics", "port": 8081, "namespace": "system"}
IDLE: dict[str, Any] = {
    "after_seconds": 60,
    "hold_seconds": 20,
    "max_waiting": 7,
    "gates": 3,
    "allowed_ingress": [KEDA],
}
SCALING: dict[str, Any] = {"by": "concurrency", "target_in_flight": 4, "idle": IDLE}


def endpoint(**changes: Any) -> Recording:
    given = {"min_replicas": 0, "scaling": SCALING, "allowed_ingress": [SHOP, PROMETHEUS], **changes}
    return registered(lambda: make(mlops.ModelEndpoint, "mortgage", **given))


def spec(recording: Recording, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(r.inputs["spec"] for r in recording.resources if r.name == name)
    return found


def of_namespace(namespace: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


def test_it_registers_a_gate_and_the_others_do_not() -> None:
    without = registered(lambda: make(mlops.ModelEndpoint, "mortgage"))
    more = {r.name for r in endpoint().resources} - {r.name for r in without.resources}
    assert more == {
        "mortgage-scaler",
        "mortgage-gate",
        "mortgage-gate-account",
        "mortgage-gate-budget",
        "mortgage-gate-flows",
        "mortgage-gate-service",
        "mortgage-pods-service",
    }


def test_the_endpoints_name_leads_to_the_gate_and_another_to_the_pods() -> None:
    recording = endpoint()
    port = {"name": "http", "port": 8080, "targetPort": "http", "protocol": "TCP"}
    assert spec(recording, "mortgage-service")["selector"] == GATE
    assert spec(recording, "mortgage-pods-service") == {
        "type": "ClusterIP",
        "selector": PODS,
        "ports": [port],
    }
    assert spec(recording, "mortgage-gate-service") == {
        "type": "ClusterIP",
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": GATE,
        "ports": [{"name": "admin", "port": 8081, "targetPort": "admin", "protocol": "TCP"}],
    }


def test_keda_asks_the_gate_and_an_error_never_means_that_nobody_asks() -> None:
    scaled = spec(endpoint(), "mortgage-scaler")
    behavior = scaled.pop("advanced")["horizontalPodAutoscalerConfig"]["behavior"]
    assert sorted(behavior) == ["scaleDown", "scaleUp"]
    assert scaled == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "mortgage"},
        "pollingInterval": 2,
        "cooldownPeriod": 60,
        "minReplicaCount": 0,
        "maxReplicaCount": 5,
        # KEDA 2.18 goes to zero on an error where this is 0.
        "fallback": {"failureThreshold": 3, "replicas": 1, "behavior": "currentReplicas"},
        "triggers": [
            {
                "type": "metrics-api",
                "name": "in-hand",
                "metricType": "AverageValue",
                "metadata": {
                    "url": "http://mortgage-gate.models.svc:8081/requests",
                    "valueLocation": "requests",
                    "targetValue": "4",
                },
            }
        ],
    }


def test_gates_are_several_and_have_the_time_to_answer_what_they_hold() -> None:
    recording = endpoint(drain_seconds=5)
    gates = spec(recording, "mortgage-gate")
    pod = gates["template"]["spec"]
    (container,) = pod["containers"]
    assert (gates["replicas"], container["args"]) == (3, ["gate"])
    assert pod["terminationGracePeriodSeconds"] == 5 + 20 + 30 + 10
    assert {entry["name"]: entry.get("value") for entry in container["env"]} == {
        "MLOPS_GATE_TARGET": "http://mortgage-pods.models.svc:8080",
        "MLOPS_GATE_PEERS": "mortgage-gate.models.svc",
        "MLOPS_GATE_PORT": "8080",
        "MLOPS_GATE_ADMIN_PORT": "8081",
        "MLOPS_GATE_HOLD_SECONDS": "20",
        "MLOPS_GATE_MAX_WAITING": "7",
        "MLOPS_GATE_DRAIN_SECONDS": "5",
        "MLOPS_GATE_OWN_ADDRESS": None,
    }
    assert spec(recording, "mortgage-gate-budget") == {
        "maxUnavailable": 1,
        "selector": {"matchLabels": GATE},
    }


def test_clients_reach_the_gate_and_only_the_gate_reaches_the_pods() -> None:
    recording = endpoint()
    every = {"podSelector": {}}
    prometheus = {"from": [every | of_namespace("system")], "ports": [ADMIN]}
    assert spec(recording, "mortgage-flows")["ingress"] == [
        prometheus,
        {"from": [{"podSelector": {"matchLabels": GATE}}], "ports": [HTTP]},
    ]
    gate = spec(recording, "mortgage-gate-flows")
    operator = {"podSelector": {"matchLabels": {"app": "operator"}}} | of_namespace("keda")
    assert gate["ingress"] == [
        {"from": [every | of_namespace("shop")], "ports": [HTTP]},
        prometheus,
        {"from": [operator], "ports": [ADMIN]},
        {"from": [{"podSelector": {"matchLabels": GATE}}], "ports": [ADMIN]},
        {"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [HTTP]},
    ]
    assert gate["egress"][1:] == [
        {"to": [{"podSelector": {"matchLabels": PODS}}], "ports": [HTTP]},
        {"to": [{"podSelector": {"matchLabels": GATE}}], "ports": [ADMIN]},
    ]


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"scaling": {"by": "cpu"}}, "min_replicas", "0 is for scaling on concurrency"),
        ({"grpc": True}, "grpc", "requests of gRPC cannot wait for a pod"),
        (
            {"server_settings": {"MLOPS_TLS_CERT_FILE": "/etc/mlops/tls/tls.crt"}},
            "server_settings.MLOPS_TLS_CERT_FILE",
            "what holds requests speaks HTTP only",
        ),
        ({"min_replicas": 1}, "scaling.idle", "this is for endpoints that may have no pods"),
        ({"min_replicas": -1, "scaling": {}}, "min_replicas", "-1 is too small"),
    ],
)
def test_what_does_not_go_with_no_pods_is_refused(changes: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as refused:
        endpoint(**changes)
    assert refused.value.property_path == path
    assert refused.value.reason.startswith(reason)


def test_alerts_ask_for_figures_that_the_gate_has() -> None:
    assert set(NAMES) >= metrics.GATE
