from __future__ import annotations

from typing import Any

import pulumi
import pytest

import pulumi_mlops as mlops
from component_samples import SAMPLES, image, make
from recording_engine import SECRET, Recording, registered


@pytest.fixture(scope="module")
def platform() -> Recording:
    return registered(lambda: make(mlops.Platform, "mlops"))


def test_a_platform_is_two_namespaces_and_these_parts(platform: Recording) -> None:
    parts = sorted((r.type.split(":")[-1], r.name) for r in platform.resources if r.parent == "mlops")
    assert parts == [
        ("Cluster", "mlops-cluster"),
        ("Database", "mlops-database"),
        ("GuardedNamespace", "mlops-models"),
        ("GuardedNamespace", "mlops-system"),
        ("ImageRegistry", "mlops-image-registry"),
        ("ModelEndpoint", "mlops-mortgage-endpoint"),
        ("ModelRegistry", "mlops-model-registry"),
        ("ObjectStore", "mlops-object-store"),
        ("Pipeline", "mlops-mortgage-approval-pipeline"),
    ]
    assert platform.names_of("Namespace") == ["mlops-models-namespace", "mlops-system-namespace"]


def test_every_kubernetes_object_goes_to_the_clusters_provider(platform: Recording) -> None:
    objects = [r for r in platform.resources if r.type.startswith("kubernetes:")]
    assert {r.provider for r in objects} == {"mlops-cluster-kubernetes"}


def test_the_endpoint_waits_for_the_pipelines_job_and_the_pipeline_for_mlflow(platform: Recording) -> None:
    endpoint = platform.of("ModelEndpoint").dependencies
    assert "mlops-mortgage-approval-pipeline-job" in endpoint
    assert "mlops-object-store-setup" in endpoint
    pipeline = platform.of("Pipeline").dependencies
    assert "mlops-model-registry-server" in pipeline
    assert "mlops-object-store-setup" in pipeline


def test_models_are_read_with_a_key_that_cannot_write(platform: Recording) -> None:
    secrets = SAMPLES[mlops.Platform]["secrets"]

    def key_of(name: str) -> str:
        return str(platform.of("Secret", name).secrets["stringData"]["AWS_ACCESS_KEY_ID"])

    assert key_of("mlops-mortgage-endpoint-store-key") == secrets["object_store_read_only"]["access_key_id"]
    assert (
        key_of("mlops-mortgage-approval-pipeline-keys") == secrets["object_store_read_write"]["access_key_id"]
    )
    assert key_of("mlops-model-registry-secrets") == secrets["object_store_read_write"]["access_key_id"]


def test_its_outputs_are_what_clients_outside_use(platform: Recording) -> None:
    told = {key: value for key, value in platform.outputs["mlops"].items() if key != "alert_rules"}
    assert told == {
        "endpoints": [
            {"name": "mortgage", "url": "http://127.0.0.1:30080", "model": "mortgage", "version": "release"}
        ],
        "model_registry_url": "http://127.0.0.1:30501",
        "object_store_url": "http://127.0.0.1:30900",
        "image_registry": "127.0.0.1:30500",
        "kubeconfig": SECRET,
    }


@pytest.mark.parametrize("key", ["pipelines", "endpoints"])
def test_two_of_one_name_are_refused(key: str) -> None:
    twice = SAMPLES[mlops.Platform][key] * 2
    with pytest.raises(pulumi.InputPropertyError, match="there twice") as caught:
        registered(lambda: make(mlops.Platform, "mlops", **{key: twice}))
    assert caught.value.property_path == key


MONITORING_IMAGES = {
    name: image(name)
    for name in ("prometheus", "alertmanager", "kube_state_metrics", "node_exporter", "otel_collector")
}


@pytest.fixture(scope="module")
def watched() -> Recording:
    """A platform with monitoring and KEDA."""
    images = SAMPLES[mlops.Platform]["images"] | MONITORING_IMAGES
    images |= {"keda_adapter": image("keda-adapter"), "keda_operator": image("keda-operator")}
    monitoring = {
        "source": mlops.MonitoringSource.RUN,
        "prometheus": {"scrape_seconds": 4},
        "tracing": {"sample_ratio": 0.5},
    }
    return registered(
        lambda: make(
            mlops.Platform,
            "mlops",
            images=images,
            monitoring=monitoring,
            keda={"source": mlops.KedaSource.RUN},
        )
    )


def flows(recording: Recording, name: str, direction: str) -> list[Any]:
    spec = recording.of("NetworkPolicy", name).inputs["spec"]
    return [rule for rule in spec.get(direction, []) if rule["ports"][0]["port"] != 53]


def pods(component: str, namespace: str) -> list[Any]:
    labels = {"app.kubernetes.io/name": component, "app.kubernetes.io/instance": component}
    return [
        {
            "podSelector": {"matchLabels": labels},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        }
    ]


def test_a_platform_without_monitoring_admits_no_one_to_its_metrics_and_has_no_address(
    platform: Recording,
) -> None:
    assert [r.name for r in platform.resources if r.name.startswith("mlops-monitoring")] == []
    told = platform.outputs["mlops"]
    assert (told.get("prometheus_url"), told.get("alertmanager_url")) == (None, None)
    ports = [rule["ports"][0]["port"] for rule in flows(platform, "mlops-mortgage-endpoint-flows", "ingress")]
    assert ports == [8080]


def test_prometheus_has_the_rules_of_the_platform_and_of_its_endpoints(watched: Recording) -> None:
    told = watched.outputs["mlops"]["alert_rules"]
    assert sorted(told) == ["endpoint-mortgage.yaml", "platform.yaml"]
    for stem in ("endpoint-mortgage", "platform"):
        config_map = watched.of("ConfigMap", f"mlops-monitoring-prometheus-rules-{stem}").inputs
        assert config_map["data"] == {f"{stem}.yaml": told[f"{stem}.yaml"]}
    assert watched.outputs["mlops"]["prometheus_url"] == "http://prometheus.mlops-system.svc:9090"
    assert watched.outputs["mlops"]["alertmanager_url"] == "http://alertmanager.mlops-system.svc:9093"


def test_endpoints_and_keda_admit_prometheus_alone_to_their_metrics(watched: Recording) -> None:
    prometheus = pods("prometheus", "mlops-system")
    assert flows(watched, "mlops-mortgage-endpoint-flows", "ingress")[0] == {
        "from": prometheus,
        "ports": [{"protocol": "TCP", "port": 8081}],
    }
    for part in ("operator", "adapter"):
        assert flows(watched, f"mlops-keda-{part}-flows", "ingress")[-1] == {
            "from": prometheus,
            "ports": [{"protocol": "TCP", "port": 8080}],
        }


def test_keda_is_admitted_to_prometheus_and_watched(watched: Recording) -> None:
    assert flows(watched, "mlops-monitoring-prometheus-flows", "ingress")[1] == {
        "from": pods("keda-operator", "mlops-keda"),
        "ports": [{"protocol": "TCP", "port": 9090}],
    }
    config = watched.of("ConfigMap", "mlops-monitoring-prometheus-config").inputs["data"]["prometheus.yml"]
    assert "job_name: keda" in config
    assert "scrape_interval: 4s" in config


def test_endpoints_send_their_traces_to_the_platforms_collector(watched: Recording) -> None:
    spec = watched.of("Deployment", "mlops-mortgage-endpoint-server").inputs["spec"]["template"]["spec"]
    env = {entry["name"]: entry.get("value") for entry in spec["containers"][0]["env"]}
    assert env["MLOPS_OTLP_ENDPOINT"] == "http://otel-collector.mlops-system.svc:4318"
    assert env["MLOPS_TRACE_SAMPLE"] == "0.5"
    assert flows(watched, "mlops-mortgage-endpoint-flows", "egress")[-1] == {
        "to": [
            {
                "podSelector": {},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "mlops-system"}},
            }
        ],
        "ports": [{"protocol": "TCP", "port": 4318}],
    }


def test_traces_to_a_collector_that_does_not_run_are_refused() -> None:
    monitoring = {
        "source": mlops.MonitoringSource.ADOPT,
        "prometheus_url": "http://prometheus.monitoring.svc:9090",
        "prometheus_namespace": "monitoring",
        "operator_labels": {},
        "tracing": {"sample_ratio": 0.5},
    }
    with pytest.raises(pulumi.InputPropertyError) as caught:
        registered(lambda: make(mlops.Platform, "mlops", monitoring=monitoring))
    assert caught.value.property_path == "monitoring.tracing"
    assert "no collector runs where monitoring is adopted" in caught.value.reason


def test_running_monitoring_without_its_images_is_refused_by_name() -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        registered(lambda: make(mlops.Platform, "mlops", monitoring={"source": mlops.MonitoringSource.RUN}))
    assert caught.value.property_path == "images.prometheus"
