"""An object store and a database that exist already: nothing of them is registered, and pods reach them."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

import pulumi_mlops as mlops
from component_samples import SAMPLES, make
from recording_engine import SECRET, Recording, registered

S3 = "https://s3.eu-central-1.amazonaws.com"
STORE = {
    "source": mlops.ObjectStoreSource.ADOPT,
    "url": S3,
    "region": "eu-central-1",
    "buckets": {"models": "acme-models", "data": "acme-data", "requests": "acme-requests"},
}
DATABASE_URL = "postgresql://mlops:hidden@db.example.org:5433/mlflow"
DATABASE = {"source": mlops.DatabaseSource.ADOPT, "url": DATABASE_URL}
TO_STORE = [
    {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 443}]},
    {"to": [{"ipBlock": {"cidr": "169.254.170.23/32"}}], "ports": [{"protocol": "TCP", "port": 80}]},
]


def adopting(**secrets: Any) -> Recording:
    """A platform on a store and a database that exist."""
    images = {key: SAMPLES[mlops.Platform]["images"][key] for key in ("mlflow", "pipeline", "serving")}
    own = {
        key: SAMPLES[mlops.Platform]["secrets"][key]
        for key in ("model_registry_admin_password", "model_registry_session_key")
    }
    return registered(
        lambda: make(
            mlops.Platform,
            "mlops",
            images=images,
            secrets={**own, **secrets},
            object_store=STORE,
            database=DATABASE,
        )
    )


@pytest.fixture(scope="module")
def platform() -> Recording:
    return adopting()


def environment(recording: Recording, kind: str, name: str) -> dict[str, Any]:
    """Variables of the first container: plain values, and for others the Secret they come from."""
    spec = recording.of(kind, name).inputs["spec"]["template"]["spec"]
    return {
        entry["name"]: entry.get("value", entry.get("valueFrom", {}).get("secretKeyRef", {}).get("name"))
        for entry in spec["containers"][0]["env"]
    }


@pytest.mark.parametrize(
    ("component", "args", "outputs"),
    [
        (mlops.ObjectStore, STORE, {"url": S3}),
        (mlops.Database, DATABASE, {"host": "db.example.org", "url": SECRET}),
    ],
)
def test_what_is_adopted_is_never_registered(component: Any, args: Any, outputs: dict[str, Any]) -> None:
    recording = registered(lambda: component("it", args))
    assert [(r.type, r.name) for r in recording.resources] == [(f"mlops:index:{component.__name__}", "it")]
    assert recording.outputs["it"] == outputs


@pytest.mark.parametrize(
    ("component", "args", "key"),
    [
        (mlops.ObjectStore, {**STORE, "size": "10Gi"}, "size"),
        (mlops.ObjectStore, {**SAMPLES[mlops.ObjectStore], "url": S3}, "url"),
        (mlops.Database, {**DATABASE, "password": "a-password"}, "password"),
        (mlops.Database, {**SAMPLES[mlops.Database], "url": DATABASE_URL}, "url"),
    ],
)
def test_running_and_adopting_at_once_is_refused(component: Any, args: Any, key: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as refused:
        registered(lambda: component("it", args))
    assert refused.value.property_path == key
    assert refused.value.reason.endswith("which has no use for this; leave one of the two out")


def test_a_platform_on_them_runs_neither_and_needs_none_of_their_images_and_secrets(
    platform: Recording,
) -> None:
    assert platform.names_of("StatefulSet") == []
    assert platform.names_of("Deployment") == [
        "mlops-model-registry-server",
        "mlops-mortgage-endpoint-server",
    ]
    assert platform.names_of("Secret") == [
        "mlops-model-registry-auth",
        "mlops-model-registry-secrets",
        "mlops-mortgage-approval-pipeline-keys",
    ]


def test_its_pods_show_who_they_are_and_use_the_buckets_that_are_named(platform: Recording) -> None:
    endpoint = environment(platform, "Deployment", "mlops-mortgage-endpoint-server")
    pipeline = environment(platform, "Job", "mlops-mortgage-approval-pipeline-job")
    mlflow = environment(platform, "Deployment", "mlops-model-registry-server")
    for pod in (endpoint, pipeline, mlflow):
        assert sorted(name for name in pod if name.startswith("AWS_")) == ["AWS_REGION"]
        assert pod["AWS_REGION"] == "eu-central-1"
    assert (endpoint["MLOPS_STORE_URL"], endpoint["MLOPS_STORE_BUCKET"]) == (S3, "acme-models")
    assert endpoint["MLOPS_REQUEST_LOG_BUCKET"] == "acme-requests"
    assert (pipeline["MLOPS_STORE_BUCKET"], pipeline["MLOPS_DATA_BUCKET"]) == ("acme-models", "acme-data")
    server = platform.of("Deployment", "mlops-model-registry-server").inputs["spec"]["template"]["spec"]
    assert server["containers"][0]["args"][-1] == "--artifacts-destination=s3://acme-data/mlflow"


def test_the_way_to_the_store_to_credentials_and_to_the_database_is_open(platform: Recording) -> None:
    def out(name: str) -> list[Any]:
        return list(platform.of("NetworkPolicy", name).inputs["spec"]["egress"])[1:]

    database = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 5433}]}
    assert out("mlops-mortgage-endpoint-flows") == TO_STORE
    pipeline = out("mlops-mortgage-approval-pipeline-flows")
    assert [pipeline[0], pipeline[-1]] == TO_STORE
    assert out("mlops-model-registry-flows") == [database, *TO_STORE]


def test_an_adopted_store_may_want_keys(platform: Recording) -> None:
    key = {"access_key_id": "reader", "secret_access_key": "of-the-reader"}
    recording = adopting(object_store_read_only=key)
    secret = recording.of("Secret", "mlops-mortgage-endpoint-store-key").secrets["stringData"]
    assert secret == {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "of-the-reader"}
    pod = environment(recording, "Deployment", "mlops-mortgage-endpoint-server")
    assert pod["AWS_ACCESS_KEY_ID"] == "mortgage"


def test_an_endpoint_behind_a_load_balancer_says_its_address_and_is_told_nothing_of_node_ports() -> None:
    url = "https://mortgage.example.org"
    recording = registered(
        lambda: make(mlops.ModelEndpoint, "credit", node_port=None, ingress_address=None, public_url=url)
    )
    assert recording.outputs["credit"]["url"] == url
    with pytest.raises(pulumi.InputPropertyError, match="public_url is chosen") as refused:
        registered(lambda: make(mlops.ModelEndpoint, "credit", public_url=url))
    assert refused.value.property_path == "node_port"


def test_half_a_key_is_refused() -> None:
    with pytest.raises(pulumi.InputPropertyError) as refused:
        registered(
            lambda: make(mlops.ModelEndpoint, "credit", store={"url": S3, "access_key_id": json.dumps("a")})
        )
    assert refused.value.property_path == "store.secret_access_key"
