from __future__ import annotations

import pulumi
import pytest

import pulumi_mlops as mlops
from component_samples import SAMPLES, make
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
