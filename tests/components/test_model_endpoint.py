from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

import pulumi_mlops as mlops
from component_samples import make
from pulumi_mlops import model_endpoint_pods
from recording_engine import Recording, registered

COLLECTOR = "http://otel-collector.mlops-system.svc:4318"
TRACING = ("MLOPS_OTLP_ENDPOINT", "MLOPS_TRACE_SAMPLE", "OTEL_RESOURCE_ATTRIBUTES")


def endpoint(**changes: Any) -> Any:
    return registered(lambda: make(mlops.ModelEndpoint, "mortgage", **changes))


def test_an_endpoint_is_these_seven_objects() -> None:
    recording = endpoint()
    assert sorted((r.type.split(":")[-1], r.name) for r in recording.resources) == [
        ("Deployment", "mortgage-server"),
        ("HorizontalPodAutoscaler", "mortgage-autoscaler"),
        ("ModelEndpoint", "mortgage"),
        ("NetworkPolicy", "mortgage-flows"),
        ("PodDisruptionBudget", "mortgage-budget"),
        ("Secret", "mortgage-store-key"),
        ("Service", "mortgage-service"),
        ("ServiceAccount", "mortgage-account"),
    ]
    told = {key: value for key, value in recording.outputs["mortgage"].items() if key != "alert_rules"}
    assert told == {
        "url": "http://127.0.0.1:30080",
        "internal_url": "http://mortgage.models.svc:8080",
        "model": "mortgage",
        "version": "7",
    }


def test_the_autoscaler_alone_sets_the_number_of_pods() -> None:
    recording = endpoint()
    assert "replicas" not in recording.of("Deployment").inputs["spec"]
    spec = recording.of("HorizontalPodAutoscaler").inputs["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 5)
    assert spec["metrics"][0]["resource"]["target"] == {"type": "Utilization", "averageUtilization": 60}
    assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 300


def test_one_pod_may_always_be_evicted() -> None:
    assert endpoint().of("PodDisruptionBudget").inputs["spec"]["maxUnavailable"] == 1


def test_a_stopping_pod_is_given_its_drain_and_its_longest_request() -> None:
    pod = endpoint().of("Deployment").inputs["spec"]["template"]["spec"]
    plain = {entry["name"]: entry.get("value") for entry in pod["containers"][0]["env"]}
    assert plain["MLOPS_DRAIN_SECONDS"] == "20"
    assert pod["terminationGracePeriodSeconds"] == 60 > 20 + int(plain["MLOPS_REQUEST_TIMEOUT_SECONDS"])
    assert model_endpoint_pods.grace_seconds(10) == 50


def test_the_three_probes_tell_live_from_ready() -> None:
    container = endpoint().of("Deployment").inputs["spec"]["template"]["spec"]["containers"][0]
    paths = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
    assert paths == {
        "startupProbe": "/v2/health/live",
        "readinessProbe": "/v2/health/ready",
        "livenessProbe": "/v2/health/live",
    }


def test_pods_spread_over_zones_and_nodes() -> None:
    pod = endpoint().of("Deployment").inputs["spec"]["template"]["spec"]
    keys = [constraint["topologyKey"] for constraint in pod["topologySpreadConstraints"]]
    assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]


def test_the_account_gives_no_token() -> None:
    assert endpoint().of("ServiceAccount").inputs["automountServiceAccountToken"] is False


def test_it_follows_the_release_log_unless_it_is_pinned() -> None:
    recording = endpoint(version=None)
    container = recording.of("Deployment").inputs["spec"]["template"]["spec"]["containers"][0]
    models = '[{"name": "mortgage", "endpoint": "mortgage", "version": "release"}]'
    assert {"name": "MLOPS_MODELS", "value": models} in container["env"]
    assert recording.outputs["mortgage"]["version"] == "release"


def test_an_endpoint_that_is_not_published_is_asked_inside_the_cluster() -> None:
    recording = endpoint(node_port=None, ingress_address=None)
    assert recording.of("Service").inputs["spec"]["type"] == "ClusterIP"
    assert recording.outputs["mortgage"]["url"] == "http://mortgage.models.svc:8080"


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"image": "mlops/serving:latest"}, "image", "by digest"),
        ({"version": "latest"}, "version", "not a model version"),
        ({"min_replicas": 6}, "min_replicas", "6 is more than max_replicas, 5"),
        ({"max_replicas": 2.5}, "max_replicas", "not a whole number"),
        ({"node_port": 80}, "node_port", "30000 to 32767"),
        ({"ingress_address": None}, "ingress_address", "required"),
        ({"tracing": {}}, "tracing.endpoint", "required"),
        ({"tracing": {"endpoint": "collector:4317"}}, "tracing.endpoint", "http:// or https://"),
        ({"tracing": {"endpoint": COLLECTOR, "sample_ratio": 5}}, "tracing.sample_ratio", "0 to 1"),
        ({"tracing": {"endpoint": COLLECTOR, "sample_ratio": True}}, "tracing.sample_ratio", "not a number"),
        ({"server_settings": {"MLOPS_OTLP_ENDPOINT": "x"}}, "server_settings", "which the component sets"),
        ({"server_settings": {"MLOPS_TRACE_SAMPLE": "1"}}, "server_settings", "which the component sets"),
        ({"resources": {"cpu": "fast"}}, "resources.cpu", "not an amount of CPU"),
        ({"object_name": "Mortgage"}, "object_name", "lower-case"),
    ],
)
def test_a_wrong_argument_is_refused_with_what_is_allowed(
    changes: dict[str, Any], path: str, words: str
) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        endpoint(**changes)
    assert caught.value.property_path == path
    assert words in caught.value.reason


def test_numbers_that_arrive_as_floats_from_another_language_are_whole() -> None:
    recording = endpoint(min_replicas=2.0, node_port=30080.0)
    assert recording.of("HorizontalPodAutoscaler").inputs["spec"]["minReplicas"] == 2
    assert recording.outputs["mortgage"]["url"] == "http://127.0.0.1:30080"


def test_grpc_has_a_port_of_its_own_inside_the_cluster() -> None:
    recording = endpoint(grpc=True)
    container = recording.of("Deployment").inputs["spec"]["template"]["spec"]["containers"][0]
    assert [(port["name"], port["containerPort"]) for port in container["ports"]] == [
        ("http", 8080),
        ("admin", 8081),
        ("grpc", 9000),
    ]
    assert {"name": "MLOPS_GRPC_PORT", "value": "9000"} in container["env"]
    ports = recording.of("Service").inputs["spec"]["ports"]
    assert [(port["name"], port.get("nodePort")) for port in ports] == [("http", 30080), ("grpc", None)]


def test_further_server_settings_are_passed_on_and_those_of_the_component_are_refused() -> None:
    container = (
        endpoint(workers=2, server_settings={"MLOPS_QUEUE_ROWS": "64"})
        .of("Deployment")
        .inputs["spec"]["template"]["spec"]["containers"][0]
    )
    assert {"name": "MLOPS_QUEUE_ROWS", "value": "64"} in container["env"]
    assert {"name": "MLOPS_WORKERS", "value": "2"} in container["env"]
    with pytest.raises(pulumi.InputPropertyError, match="'MLOPS_HTTP_PORT' is no server setting"):
        endpoint(server_settings={"MLOPS_HTTP_PORT": "1"})


def test_secret_settings_come_from_the_endpoints_own_secret() -> None:
    recording = endpoint(secret_settings={"MLOPS_REQUEST_LOG_HASH_KEY": "0123456789abcdef"})
    assert recording.of("Secret").secrets["stringData"]["MLOPS_REQUEST_LOG_HASH_KEY"] == "0123456789abcdef"
    container = recording.of("Deployment").inputs["spec"]["template"]["spec"]["containers"][0]
    (entry,) = [entry for entry in container["env"] if entry["name"] == "MLOPS_REQUEST_LOG_HASH_KEY"]
    assert entry["valueFrom"]["secretKeyRef"] == {"name": "mortgage", "key": "MLOPS_REQUEST_LOG_HASH_KEY"}


def test_a_certificate_is_mounted_from_a_secret_and_probes_go_to_the_plain_port() -> None:
    settings = {
        "MLOPS_TLS_CERT_FILE": "/etc/mlops/tls/tls.crt",
        "MLOPS_TLS_KEY_FILE": "/etc/mlops/tls/tls.key",
    }
    recording = endpoint(mounted_secrets={"tls": "mortgage-tls"}, server_settings=settings)
    spec = recording.of("Deployment").inputs["spec"]["template"]["spec"]
    assert spec["volumes"][-1] == {
        "name": "tls",
        "secret": {"secretName": "mortgage-tls", "defaultMode": 0o440},
    }
    container = spec["containers"][0]
    assert container["volumeMounts"][-1] == {"name": "tls", "mountPath": "/etc/mlops/tls", "readOnly": True}
    assert {container[name]["httpGet"]["port"] for name in container if name.endswith("Probe")} == {"admin"}


def traced(recording: Recording) -> tuple[dict[str, str], list[Any]]:
    """The variables of tracing, and the rules of egress behind those of DNS and of the sample's flow."""
    container = recording.of("Deployment").inputs["spec"]["template"]["spec"]["containers"][0]
    variables = {entry["name"]: entry["value"] for entry in container["env"] if entry["name"] in TRACING}
    return variables, recording.of("NetworkPolicy").inputs["spec"]["egress"][2:]


@pytest.mark.parametrize("given", [str, pulumi.Output.from_input], ids=["plain", "output"])
def test_traces_go_to_the_collector_and_the_way_there_is_open(
    given: Callable[[str], pulumi.Input[str]],
) -> None:
    recording = registered(
        lambda: make(
            mlops.ModelEndpoint,
            "mortgage",
            tracing={"endpoint": given(COLLECTOR), "sample_ratio": 0.5},
        )
    )
    variables, rules = traced(recording)
    assert variables == {
        "MLOPS_OTLP_ENDPOINT": COLLECTOR,
        "MLOPS_TRACE_SAMPLE": "0.5",
        "OTEL_RESOURCE_ATTRIBUTES": "service.name=mortgage,service.namespace=models",
    }
    peer = {
        "podSelector": {},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "mlops-system"}},
    }
    assert rules == [{"to": [peer], "ports": [{"protocol": "TCP", "port": 4318}]}]


def test_one_request_in_a_hundred_is_traced_unless_told_otherwise() -> None:
    assert traced(endpoint(tracing={"endpoint": COLLECTOR}))[0]["MLOPS_TRACE_SAMPLE"] == "0.01"


def test_without_a_collector_nothing_is_traced_and_no_way_is_open() -> None:
    assert traced(endpoint(tracing=None)) == ({}, [])
