from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

import pulumi_mlops as mlops
from component_samples import make
from pulumi_mlops import keda_pods
from recording_engine import Recording, registered


@pytest.fixture(scope="module")
def keda() -> Recording:
    return registered(lambda: make(mlops.Keda, "keda"))


def container(keda: Recording, name: str) -> Any:
    return keda.of("Deployment", name).inputs["spec"]["template"]["spec"]["containers"][0]


def test_keda_is_these_objects(keda: Recording) -> None:
    assert sorted((r.type.split(":")[-1], r.name) for r in keda.resources) == [
        ("APIService", "keda-external-metrics"),
        ("ClusterRole", "keda-operator-cluster-role"),
        ("ClusterRoleBinding", "keda-adapter-delegator"),
        ("ClusterRoleBinding", "keda-operator-cluster-binding"),
        ("CustomResourceDefinition", "keda-cloudeventsources"),
        ("CustomResourceDefinition", "keda-clustercloudeventsources"),
        ("CustomResourceDefinition", "keda-clustertriggerauthentications"),
        ("CustomResourceDefinition", "keda-scaledjobs"),
        ("CustomResourceDefinition", "keda-scaledobjects"),
        ("CustomResourceDefinition", "keda-triggerauthentications"),
        ("Deployment", "keda-adapter"),
        ("Deployment", "keda-operator"),
        ("Keda", "keda"),
        ("NetworkPolicy", "keda-adapter-flows"),
        ("NetworkPolicy", "keda-operator-flows"),
        ("Role", "keda-operator-role"),
        ("Role", "keda-scaling-0-role"),
        ("Role", "keda-scaling-1-role"),
        ("RoleBinding", "keda-adapter-auth-reader"),
        ("RoleBinding", "keda-operator-binding"),
        ("RoleBinding", "keda-scaling-0-binding"),
        ("RoleBinding", "keda-scaling-1-binding"),
        ("Service", "keda-adapter-service"),
        ("Service", "keda-operator-service"),
        ("ServiceAccount", "keda-adapter-account"),
        ("ServiceAccount", "keda-operator-account"),
    ]
    assert keda.outputs["keda"] == {"source": "run"}


def test_an_adopted_keda_registers_nothing() -> None:
    recording = registered(lambda: mlops.Keda("keda", {"source": mlops.KedaSource.ADOPT}))
    assert [r.name for r in recording.resources] == ["keda"]
    assert recording.outputs["keda"] == {"source": "adopt"}


def test_where_it_scales_it_reads_neither_pods_nor_secrets_and_writes_no_deployment(keda: Recording) -> None:
    for number, namespace in enumerate(("models", "shop")):
        role = keda.of("Role", f"keda-scaling-{number}-role").inputs
        assert role["metadata"]["namespace"] == namespace
        assert role["rules"] == keda_pods.scaling_rules()
    verbs: dict[str, set[str]] = {}
    for rule in keda_pods.scaling_rules():
        for resource in rule["resources"]:
            verbs.setdefault(resource, set()).update(rule["verbs"])
    read = {"get", "list", "watch"}
    assert verbs == {
        "scaledobjects": read | {"patch", "update"},
        "scaledobjects/status": {"get", "patch", "update"},
        "scaledobjects/finalizers": {"get", "patch", "update"},
        "scaledjobs": read,
        "triggerauthentications": read,
        "cloudeventsources": read,
        "deployments": read,
        "deployments/scale": {"get", "patch", "update"},
        "horizontalpodautoscalers": read | {"create", "delete", "patch", "update"},
        "events": {"create", "patch"},
    }


def test_of_the_whole_cluster_it_writes_one_object(keda: Recording) -> None:
    rules = keda.of("ClusterRole").inputs["rules"]
    assert [rule for rule in rules if set(rule["verbs"]) - {"get", "list", "watch"}] == [
        {
            "apiGroups": ["apiregistration.k8s.io"],
            "resources": ["apiservices"],
            "verbs": ["patch", "update"],
            "resourceNames": ["v1beta1.external.metrics.k8s.io"],
        }
    ]
    assert not any("*" in rule["resources"] + rule["apiGroups"] + rule["verbs"] for rule in rules)


def test_it_watches_the_scaled_namespaces_only_and_leaves_secrets_alone(keda: Recording) -> None:
    env = {entry["name"]: entry.get("value") for entry in container(keda, "keda-operator")["env"]}
    assert env["WATCH_NAMESPACE"] == "models,shop"
    assert env["KEDA_RESTRICT_SECRET_ACCESS"] == "true"


def test_the_adapter_waits_for_the_files_of_the_certificates(keda: Recording) -> None:
    volumes = keda.of("Deployment", "keda-adapter").inputs["spec"]["template"]["spec"]["volumes"]
    (certificates,) = [volume for volume in volumes if volume["name"] == "certificates"]
    assert [item["key"] for item in certificates["secret"]["items"]] == ["ca.crt", "tls.crt", "tls.key"]
    assert "optional" not in certificates["secret"]
    assert "--metrics-service-address=keda-operator:9666" in container(keda, "keda-adapter")["args"]


def test_only_the_adapter_asks_the_operator_and_both_reach_the_api_server(keda: Recording) -> None:
    spec = keda.of("NetworkPolicy", "keda-operator-flows").inputs["spec"]
    (grpc, metrics) = spec["ingress"]
    assert grpc["ports"] == [{"protocol": "TCP", "port": 9666}]
    assert grpc["from"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "keda-adapter"
    assert metrics["from"][0]["podSelector"]["matchLabels"] == {"app": "shop"}
    ports = [rule["ports"][0]["port"] for rule in spec["egress"]]
    assert ports == [53, 443, 6443, 8080]


def test_the_api_goes_before_the_adapter_that_serves_it(keda: Recording) -> None:
    assert "keda-adapter" in keda.of("APIService").dependencies
    assert "keda-operator" in keda.of("Deployment", "keda-adapter").dependencies
    assert "keda-scaledobjects" in keda.of("Deployment", "keda-operator").dependencies


def test_the_definitions_are_those_of_the_pinned_version_without_their_texts() -> None:
    found = {crd["metadata"]["name"]: crd["spec"] for crd in keda_pods.custom_resource_definitions()}
    assert sorted(found) == [
        "cloudeventsources.eventing.keda.sh",
        "clustercloudeventsources.eventing.keda.sh",
        "clustertriggerauthentications.keda.sh",
        "scaledjobs.keda.sh",
        "scaledobjects.keda.sh",
        "triggerauthentications.keda.sh",
    ]
    schema = found["scaledobjects.keda.sh"]["versions"][0]["schema"]["openAPIV3Schema"]
    behavior = schema["properties"]["spec"]["properties"]["fallback"]["properties"]["behavior"]
    assert behavior["enum"] == [
        "static",
        "currentReplicas",
        "currentReplicasIfHigher",
        "currentReplicasIfLower",
    ]
    assert len(json.dumps(list(found.values()))) < 60_000


@pytest.mark.parametrize("key", ["namespace", "operator_image", "adapter_image", "scaled_namespaces"])
def test_what_running_needs_is_asked_for_by_name(key: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        registered(lambda: make(mlops.Keda, "keda", **{key: None}))
    assert caught.value.property_path == key
    assert "required" in caught.value.reason
