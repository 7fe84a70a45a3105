from __future__ import annotations

import json

import pytest

from eks_samples import KEY, TAGS, created, named, previewed, production, sample, sample_options, tags
from mlops_stacks.recording import UNKNOWN
from pulumi_mlops.aws import addon_values, eks_policies, eks_versions

ADDONS = [
    "aws-ebs-csi-driver",
    "coredns",
    "eks-pod-identity-agent",
    "kube-proxy",
    "metrics-server",
    "vpc-cni",
]
ACCOUNTS = {"vpc-cni": "aws-node", "aws-ebs-csi-driver": "ebs-csi-controller-sa"}
CONFIGURED = ["aws-ebs-csi-driver", "coredns", "metrics-server", "vpc-cni"]


def test_the_cluster_has_these_addons_and_no_others() -> None:
    assert sample().names_of("Addon") == [f"eks-{name}" for name in ADDONS]


@pytest.mark.parametrize("name", ADDONS)
def test_an_addon_is_pinned_configured_and_has_a_role_of_its_own_if_it_calls_aws(name: str) -> None:
    expected = {
        "clusterName": "risk",
        "addonName": name,
        "addonVersion": eks_versions.addons("1.36", {})[name],
        "resolveConflictsOnCreate": "OVERWRITE",
        "resolveConflictsOnUpdate": "OVERWRITE",
        "tags": tags(name),
    }
    if name in ACCOUNTS:
        expected["podIdentityAssociations"] = [{"roleArn": UNKNOWN, "serviceAccount": ACCOUNTS[name]}]
    if name in CONFIGURED:
        expected["configurationValues"] = addon_values.configuration(TAGS)[name]
    assert named(sample(), f"eks-{name}").inputs == expected


def test_a_chosen_version_is_registered() -> None:
    recording = previewed(created(addons={"vpc-cni": "v1.23.1-eksbuild.1"}))
    assert named(recording, "eks-vpc-cni").inputs["addonVersion"] == "v1.23.1-eksbuild.1"


@pytest.mark.parametrize(
    ("name", "policies"),
    [
        ("vpc-cni", {"AmazonEKS_CNI_Policy": "AmazonEKS_CNI_Policy"}),
        (
            "aws-ebs-csi-driver",
            {"AmazonEBSCSIDriverPolicy": "service-role/AmazonEBSCSIDriverPolicy"},
        ),
    ],
)
def test_an_addons_role_is_for_its_pods_and_has_ekss_policy(name: str, policies: dict[str, str]) -> None:
    recording = sample()
    role = named(recording, f"eks-{name}-role").inputs
    assert json.loads(role["assumeRolePolicy"])["Statement"] == [
        {
            "Sid": "PodIdentity",
            "Effect": "Allow",
            "Principal": {"Service": ["pods.eks.amazonaws.com"]},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ]
    attached = {
        r.name: r.inputs
        for r in recording.resources
        if r.type.endswith(":RolePolicyAttachment") and r.inputs["role"] == role["name"]
    }
    assert attached == {
        f"eks-{name}-{suffix}": {"role": role["name"], "policyArn": f"arn:aws:iam::aws:policy/{path}"}
        for suffix, path in policies.items()
    }


def test_the_driver_of_volumes_may_use_their_key_and_the_network_no_key() -> None:
    recording = sample()
    assert named(recording, "eks-aws-ebs-csi-driver-volumes-key").inputs == {
        "role": "risk-eu-central-1-aws-ebs-csi-driver",
        "policy": eks_policies.volumes_key(KEY, "eu-central-1"),
    }
    of_network = [
        r.name
        for r in recording.resources
        if r.type.endswith(":RolePolicy") and r.inputs["role"] == "risk-eu-central-1-vpc-cni"
    ]
    assert of_network == []


def test_daemons_come_before_nodes_and_the_rest_after() -> None:
    recording = sample()
    after = [name for name in ADDONS if "eks-system-nodes" in named(recording, f"eks-{name}").dependencies]
    assert after == ["aws-ebs-csi-driver", "coredns", "metrics-server"]


def test_addons_own_nothing_outside_and_go_with_the_cluster() -> None:
    found = sample_options()
    for name in [*(f"eks-{addon}" for addon in ADDONS), "eks-storage-class"]:
        assert found[name].deleted_with == found["eks-cluster"].urn


def test_volumes_are_encrypted_with_the_key_tagged_and_made_where_the_pod_is() -> None:
    recording = sample()
    storage_class = named(recording, "eks-storage-class")
    assert storage_class.inputs == {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "gp3",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "ebs.csi.aws.com",
        "parameters": {
            "type": "gp3",
            "encrypted": "true",
            "kmsKeyId": KEY,
            "tagSpecification_1": "mlops:environment=test",
            "tagSpecification_2": "mlops:owner=risk",
        },
        "reclaimPolicy": "Delete",
        "allowVolumeExpansion": True,
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    assert storage_class.provider == "eks-foundation"
    assert "eks-aws-ebs-csi-driver" in storage_class.dependencies


def test_in_production_a_volume_outlives_its_claim() -> None:
    assert named(previewed(production()), "eks-storage-class").inputs["reclaimPolicy"] == "Retain"
