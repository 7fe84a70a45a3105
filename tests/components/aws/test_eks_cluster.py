from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
import yaml

from eks_samples import (
    ACCOUNT,
    AUDITOR,
    DEPLOYER,
    GROUND,
    KEY,
    POOL,
    TAGS,
    adopted,
    created,
    named,
    previewed,
    sample,
)
from mlops_stacks.recording import UNKNOWN
from pulumi_mlops.aws import eks_kubeconfig
from pulumi_mlops.aws.eks_args import EksSource, NodeKind
from pulumi_mlops.aws.eks_cluster import EksCluster
from recording_engine import registered, unknown

ENDPOINT = "https://0123.gr7.eu-central-1.eks.amazonaws.com"
UNTAGGABLE = {
    "AccessPolicyAssociation",
    "EventTarget",
    "QueuePolicy",
    "RolePolicy",
    "RolePolicyAttachment",
}


def test_a_created_cluster_tells_its_contract() -> None:
    assert sample().outputs["eks"] == {
        "name": "risk",
        "arn": f"arn:aws:eks:eu-central-1:{ACCOUNT}:cluster/risk",
        "kubeconfig": UNKNOWN,
        "security_group_id": UNKNOWN,
        "node_role_arn": f"arn:aws:iam::{ACCOUNT}:role/risk-eu-central-1-pool-node",
        "version": "1.36",
        "storage_class": "gp3",
    }


def test_all_children_belong_to_the_component_and_carry_its_name() -> None:
    children = [r for r in sample().resources if r.name != "eks"]
    assert {r.parent for r in children} == {"eks"}
    assert [r.name for r in children if not r.name.startswith("eks-")] == []


def test_every_resource_that_can_carries_the_tags_and_a_name() -> None:
    for resource in previewed(created(private_cidrs=["10.8.0.0/16"])).resources:
        if resource.type.startswith("aws:") and resource.type.split(":")[-1] not in UNTAGGABLE:
            assert {**TAGS, "Name": resource.inputs["tags"]["Name"]} == resource.inputs["tags"], resource.name


def test_what_runs_in_the_cluster_comes_after_its_nodes_and_goes_before_them() -> None:
    assert named(sample(), "eks-kubernetes").dependencies == (
        "eks-admin-deployer-access",
        "eks-admin-deployer-entry",
        "eks-aws-ebs-csi-driver",
        "eks-cluster",
        "eks-coredns",
        "eks-eks-pod-identity-agent",
        "eks-general-pool",
        "eks-karpenter",
        "eks-kube-proxy",
        "eks-metrics-server",
        "eks-storage-class",
        "eks-system-nodes",
        "eks-viewer-auditor-access",
        "eks-viewer-auditor-entry",
        "eks-vpc-cni",
    )


def test_a_provider_that_others_make_of_the_kubeconfig_waits_as_long() -> None:
    def program() -> None:
        cluster = EksCluster("eks", created())
        kubernetes.Provider("another", kubeconfig=cluster.kubeconfig)

    recording = registered(program, preview=True)
    assert named(recording, "another").dependencies == named(recording, "eks-kubernetes").dependencies


@pytest.mark.parametrize(
    ("output", "waits_for"),
    [
        ("name", "eks-cluster"),
        ("arn", "eks-cluster"),
        ("version", "eks-cluster"),
        ("security_group_id", "eks-cluster"),
        ("node_role_arn", "eks-pool-node-role"),
        ("storage_class", "eks-storage-class"),
    ],
)
def test_an_output_waits_for_what_it_names_though_it_is_known_before(output: str, waits_for: str) -> None:
    def program() -> None:
        cluster = EksCluster("eks", created())
        kubernetes.Provider("another", namespace=getattr(cluster, output))

    assert waits_for in named(registered(program, preview=True), "another").dependencies


def test_objects_that_the_cluster_needs_first_have_a_provider_of_their_own() -> None:
    recording = sample()
    users = sorted(r.name for r in recording.resources if r.provider == "eks-foundation")
    assert users == [
        "eks-general-class",
        "eks-general-pool",
        "eks-karpenter",
        "eks-karpenter-crd",
        "eks-storage-class",
    ]
    foundation = named(recording, "eks-foundation")
    assert "eks-admin-deployer-access" in foundation.dependencies
    assert "eks-system-nodes" not in foundation.dependencies


def test_the_provider_is_there_for_programs() -> None:
    seen: list[pulumi.ProviderResource] = []
    registered(lambda: seen.append(EksCluster("eks", created()).provider), preview=True)
    assert [provider._name for provider in seen] == ["eks-kubernetes"]


def test_an_adopted_cluster_is_described_and_nothing_of_it_registered() -> None:
    recording = previewed(adopted())
    assert [(r.type, r.name) for r in recording.resources] == [
        ("pulumi:providers:kubernetes", "eks-kubernetes"),
        ("mlops:index:EksCluster", "eks"),
    ]
    assert recording.outputs["eks"] == {
        "name": "theirs",
        "arn": f"arn:aws:eks:eu-central-1:{ACCOUNT}:cluster/theirs",
        "kubeconfig": eks_kubeconfig.text("theirs", ENDPOINT, "LS0t", "eu-central-1"),
        "security_group_id": "sg-theirs",
        "node_role_arn": f"arn:aws:iam::{ACCOUNT}:role/their-nodes",
        "version": "1.30",
        "storage_class": "gp3",
    }
    assert named(recording, "eks-kubernetes").inputs == {
        "kubeconfig": recording.outputs["eks"]["kubeconfig"],
        "enableServerSideApply": "true",
    }


def test_the_kubeconfig_asks_as_the_deployer_and_is_the_same_from_run_to_run() -> None:
    args = adopted(deployer="ci", admins={"ci": DEPLOYER})
    first = previewed(args).outputs["eks"]["kubeconfig"]
    assert first == previewed(args).outputs["eks"]["kubeconfig"]
    assert yaml.safe_load(first)["users"][0]["user"]["exec"]["args"][-2:] == ["--role-arn", DEPLOYER]


@pytest.mark.parametrize("key", ["key_arn", "private_subnet_ids"])
def test_what_a_preview_does_not_know_changes_nothing_registered(key: str) -> None:
    known = sample().urns
    found = registered(lambda: EksCluster("eks", created(**{key: unknown()})), preview=True)
    assert found.urns == known


def test_an_account_id_may_be_known_later() -> None:
    found = registered(
        lambda: EksCluster("eks", created(ground={**GROUND, "account_id": unknown()})),
        preview=True,
    )
    assert named(found, "eks-karpenter-nodes").inputs["policy"] is UNKNOWN


def test_two_clusters_live_in_one_stack() -> None:
    def program() -> None:
        for name in ("one", "two"):
            EksCluster(name, created(cluster_name=name))

    recording = registered(program, preview=True)
    roles = [r.inputs["name"] for r in recording.resources if r.type.endswith(":Role")]
    assert len(roles) == len(set(roles)) == 12


def test_values_of_other_languages_are_taken() -> None:
    args = created(
        source="create",
        log_retention_days=30.0,
        pools={"general": {"kind": "cpu", "cpu_limit": 64.0, "memory_limit": "256Gi"}},
    )
    assert named(previewed(args), "eks-logs").inputs["retentionInDays"] == 30


REFUSED: list[tuple[Callable[..., dict[str, Any]], dict[str, Any], str, str]] = [
    (created, {"source": None}, "source", "required"),
    (created, {"cluster_name": "no name"}, "cluster_name", "no name for a cluster"),
    (created, {"version": "1.33"}, "version", "ended on 2026-07-29"),
    (created, {"version": "1.99"}, "version", "no Kubernetes version"),
    (created, {"checked_on": "today"}, "checked_on", "one looks like 2026-11-28"),
    (created, {"checked_on": "2027-08-03"}, "version", "ended on 2027-08-02"),
    (created, {"admins": None}, "admins", "no access by that"),
    (created, {"admins": {}}, "admins", "no access by that"),
    (created, {"admins": {"me": "arn:aws:iam::123456789012:user/me"}}, "admins.me", "no ARN of a role"),
    (created, {"admins": {"No Name": DEPLOYER}}, "admins", "not a name"),
    (created, {"viewers": {"d": DEPLOYER}}, "admins", "name each role once"),
    (created, {"deployer": "nobody"}, "deployer", "'nobody' is no admin"),
    (created, {"public_cidrs": ["0.0.0.0/0"]}, "public_cidrs[0]", "opens the API server"),
    (created, {"public_cidrs": ["198.51.100.0/24", "here"]}, "public_cidrs[1]", "no block"),
    (created, {"private_cidrs": ["0.0.0.0/0"]}, "private_cidrs[0]", "opens the API server"),
    (created, {"private_subnet_ids": None}, "private_subnet_ids", "required"),
    (created, {"private_subnet_ids": ["subnet-a"]}, "private_subnet_ids", "two zones"),
    (created, {"key_arn": None}, "key_arn", "required"),
    (created, {"key_arn": "alias/key"}, "key_arn", "no ARN"),
    (created, {"log_retention_days": 100}, "log_retention_days", "logs cannot be kept"),
    (created, {"pools": None}, "pools", "required"),
    (created, {"pools": {}}, "pools", "add a pool of kind cpu"),
    (created, {"pools": {"a": {"kind": NodeKind.CPU}}}, "pools.a.cpu_limit", "no bound on its cost"),
    (created, {"node_image": "latest"}, "node_image", "no release of Bottlerocket"),
    (created, {"karpenter": {"version": "1.x"}}, "karpenter.version", "no version of a chart"),
    (created, {"addons": {"coredns": "latest"}}, "addons", "no version of the add-on"),
    (created, {"existing": {"endpoint": ENDPOINT}}, "existing", "source create is chosen"),
    (created, {"source": EksSource.ADOPT}, "viewers", "source adopt is chosen"),
    (adopted, {"pools": {"a": POOL}}, "pools", "source adopt is chosen"),
    (adopted, {"key_arn": KEY}, "key_arn", "source adopt is chosen"),
    (adopted, {"existing": None}, "existing", "required"),
    (adopted, {"existing": {"endpoint": "0123"}}, "existing.endpoint", "no endpoint"),
    (adopted, {"existing": {"endpoint": ENDPOINT}}, "existing.certificate_authority", "required"),
    (adopted, {"deployer": "ci", "admins": {"a": AUDITOR}}, "deployer", "'ci' is no admin"),
]


@pytest.mark.parametrize(
    ("args", "changes", "path", "reason"), REFUSED, ids=[f"{path}-{reason}" for _, _, path, reason in REFUSED]
)
def test_what_cannot_be_is_refused_at_its_path_before_the_first_resource(
    args: Callable[..., dict[str, Any]], changes: dict[str, Any], path: str, reason: str
) -> None:
    made: list[str] = []

    def program() -> None:
        pulumi.runtime.register_stack_transformation(lambda given: made.append(given.type_))
        EksCluster("eks", args(**changes))

    with pytest.raises(pulumi.InputPropertyError) as caught:
        registered(program, preview=True)
    assert caught.value.property_path == path
    assert reason in caught.value.reason
    assert [kind for kind in made if not kind.startswith("mlops:")] == []
