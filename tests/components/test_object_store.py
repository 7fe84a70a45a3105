from __future__ import annotations

import json

import pulumi_mlops as mlops
from component_samples import READ_ONLY, READ_WRITE, ROOT, make
from recording_engine import registered


def test_an_object_store_is_a_gateway_its_users_its_flows_and_a_job_for_its_buckets() -> None:
    recording = registered(lambda: make(mlops.ObjectStore, "store"))
    assert sorted((r.type.split(":")[-1], r.name) for r in recording.resources) == [
        ("Job", "store-setup"),
        ("NetworkPolicy", "store-flows"),
        ("NetworkPolicy", "store-setup-flows"),
        ("ObjectStore", "store"),
        ("Secret", "store-root"),
        ("Secret", "store-users"),
        ("Service", "store-service"),
        ("ServiceAccount", "store-account"),
        ("StatefulSet", "store-gateway"),
    ]
    assert recording.outputs["store"] == {
        "url": "http://store.system.svc:7070",
        "external_url": "http://127.0.0.1:30080",
    }


def test_the_gateway_reads_its_users_from_a_read_only_secret_and_holds_the_root_key_alone() -> None:
    recording = registered(lambda: make(mlops.ObjectStore, "store"))
    users = json.loads(recording.of("Secret", "store-users").secrets["stringData"]["users.json"])
    assert {key: account["secret"] for key, account in users["accessAccounts"].items()} == {
        READ_ONLY["access_key_id"]: READ_ONLY["secret_access_key"],
        READ_WRITE["access_key_id"]: READ_WRITE["secret_access_key"],
    }
    assert {account["role"] for account in users["accessAccounts"].values()} == {"user"}
    assert recording.of("Secret", "store-root").secrets["stringData"] == {
        "AWS_ACCESS_KEY_ID": ROOT["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": ROOT["secret_access_key"],
        "MLOPS_STORE_READ_ONLY_KEY_ID": READ_ONLY["access_key_id"],
        "MLOPS_STORE_READ_WRITE_KEY_ID": READ_WRITE["access_key_id"],
    }
    pod = recording.of("StatefulSet").inputs["spec"]["template"]["spec"]
    assert pod["volumes"] == [
        {"name": "users", "secret": {"secretName": "store-users", "defaultMode": 0o440}}
    ]
    assert pod["containers"][0]["args"] == [
        "--port=:7070",
        "--region=us-east-1",
        "--iam-dir=/etc/versitygw",
        "--health=/health",
        "--quiet",
        "posix",
        "--versioning-dir=/data/versions",
        "/data/objects",
    ]


def test_buckets_are_made_once_the_gateway_can_be_reached() -> None:
    recording = registered(lambda: make(mlops.ObjectStore, "store"))
    job = recording.of("Job")
    assert job.dependencies == (
        "store-flows",
        "store-gateway",
        "store-service",
        "store-setup-flows",
    )
    assert job.inputs["spec"]["template"]["spec"]["containers"][0]["args"] == ["store-setup"]


def test_a_store_that_is_not_published_has_no_node_port_and_admits_nobody_from_outside() -> None:
    recording = registered(
        lambda: make(mlops.ObjectStore, "store", node_port=None, ingress_address=None, storage_class=None)
    )
    assert recording.of("Service").inputs["spec"]["type"] == "ClusterIP"
    assert "ipBlock" not in str(recording.of("NetworkPolicy", "store-flows").inputs)
    claim = recording.of("StatefulSet").inputs["spec"]["volumeClaimTemplates"][0]["spec"]
    assert "storageClassName" not in claim
