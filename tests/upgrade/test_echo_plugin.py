"""The plugin that creates anything: what it says of changes, and what it makes up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from echo_plugin import changes, made_up
from echo_plugin.install import SUPPORT
from mlops_local.kubernetes_plugin.diff import Change
from mlops_local.kubernetes_plugin.values import UNKNOWN

URN = "urn:pulumi:dev::mlops::{}::thing"
GROUP, BUCKET = "aws:eks/nodeGroup:NodeGroup", "aws:s3/bucket:Bucket"
AT_ONCE = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from pulumi.runtime.proto import provider_pb2
from echo_plugin.server import Servicer, tree

def made(token):
    request = provider_pb2.CreateRequest(urn=f"urn:pulumi:dev::mlops::{token}::thing")
    return tree(Servicer.Create(plugin, request, None).properties).get("arn")

plugin, tokens = Servicer("aws"), sys.argv[1:]
with ThreadPoolExecutor(len(tokens)) as pool:
    print(json.dumps([token for token, arn in zip(tokens, pool.map(made, tokens)) if not arn]))
"""
"""Prints the types that got no ARN; in a process of its own, as this one has loaded the SDK."""
MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "team"}}


@pytest.mark.parametrize(
    ("token", "old", "new", "found"),
    [
        (GROUP, {"labels": {"a": "b"}}, {"labels": {"a": "c"}}, Change(("labels", "a"), "update")),
        (GROUP, {"diskSize": 20}, {"diskSize": 30}, Change(("diskSize",), "update", replaces=True)),
        (
            GROUP,
            {"instanceTypes": ["m7i.large"]},
            {"instanceTypes": ["m7i.large", "m6i.large"]},
            Change(("instanceTypes", 1), "add", replaces=True),
        ),
        (GROUP, {"nodeRoleArn": "a"}, {"nodeRoleArn": UNKNOWN}, Change(("nodeRoleArn",), "update", True)),
        (BUCKET, {"bucket": "a"}, {"bucket": "b"}, Change(("bucket",), "update", replaces=True)),
        (BUCKET, {"forceDestroy": True}, {}, Change(("forceDestroy",), "delete")),
        (
            "kubernetes:core/v1:ConfigMap",
            {**MAP, "data": {"a": "b"}},
            {**MAP, "data": {"a": "c"}},
            Change(("data", "a"), "update", replaces=True),
        ),
        (
            "kubernetes:helm.sh/v3:Release",
            {"name": "web", "version": "1"},
            {"name": "web", "version": "2"},
            Change(("version",), "update"),
        ),
    ],
)
def test_a_change_replaces_where_a_provider_must(token: str, old: Any, new: Any, found: Change) -> None:
    assert changes.of_resource(token, old, new) == [found]
    assert changes.of_resource(token, old, old) == []


def test_another_version_of_the_sdk_is_no_change_of_a_provider() -> None:
    assert changes.of_provider("aws", {"version": "7.0.0"}, {"version": "7.1.0"}) == []


def test_another_region_needs_all_things_anew() -> None:
    found = changes.of_provider("aws", {"region": "eu-central-1"}, {"region": "eu-west-1"})
    assert found == [Change(("region",), "update", replaces=True)]


def test_another_cluster_needs_all_things_anew_and_an_unknown_one_does_not() -> None:
    old = {"clusterIdentifier": "a"}
    moved = Change(("clusterIdentifier",), "update", replaces=True)
    assert changes.of_provider("kubernetes", old, {"clusterIdentifier": "b"}) == [moved]
    assert changes.of_provider("kubernetes", old, {"clusterIdentifier": UNKNOWN}) == [
        Change(("clusterIdentifier",), "update")
    ]


def test_an_object_of_kubernetes_has_the_id_of_the_official_plugin() -> None:
    identity, made = made_up.outputs("kubernetes:core/v1:ConfigMap", URN.format("x"), MAP)
    assert identity == "team/web"
    assert sorted(made) == ["__fieldManager", "__initialApiVersion", "metadata"]


def test_a_resource_of_aws_has_an_id_and_an_arn() -> None:
    identity, made = made_up.outputs(BUCKET, URN.format(BUCKET), {"bucket": "models"})
    assert (identity, made["arn"]) == ("models", "arn:aws:s3:::models")


def test_resources_made_at_once_are_made_whole() -> None:
    tokens = ["aws:ec2/vpc:Vpc", "aws:ec2/eip:Eip", "aws:ec2/internetGateway:InternetGateway", BUCKET]
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE, *tokens],
        env={**os.environ, "PYTHONPATH": str(SUPPORT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, json.loads(done.stdout or "null")) == (0, []), done.stderr


def test_a_launch_template_counts_its_versions_and_a_preview_does_not_know_the_next() -> None:
    token = "aws:ec2/launchTemplate:LaunchTemplate"
    assert made_up.changed_by_update(token, {"latestVersion": 4}, preview=False) == {"latestVersion": 5}
    assert made_up.changed_by_update(token, {"latestVersion": 4}, preview=True) == {"latestVersion": UNKNOWN}
    assert made_up.changed_by_update(BUCKET, {}, preview=False) == {}
