from __future__ import annotations

import json

import pytest

from eks_samples import GROUND, KEY, created, named, previewed, production, sample, sample_options, tags
from mlops_stacks.recording import UNKNOWN

POLICIES = [
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEKSWorkerNodePolicy",
    "AmazonSSMManagedInstanceCore",
]


@pytest.mark.parametrize("suffix", ["system-node", "pool-node"])
def test_a_node_joins_pulls_and_is_reached_and_has_no_other_right(suffix: str) -> None:
    recording = sample()
    role = f"risk-eu-central-1-{suffix}"
    rights = {r.name: r.inputs for r in recording.resources if r.inputs.get("role") == role}
    profile = rights.pop("eks-pool-node-profile", None)
    assert (profile is None) == (suffix == "system-node")
    assert rights == {
        f"eks-{suffix}-{policy}": {"role": role, "policyArn": f"arn:aws:iam::aws:policy/{policy}"}
        for policy in POLICIES
    }


@pytest.mark.parametrize("suffix", ["system-node", "pool-node"])
def test_a_nodes_role_is_ec2s_alone(suffix: str) -> None:
    role = named(sample(), f"eks-{suffix}-role").inputs
    assert json.loads(role["assumeRolePolicy"])["Statement"] == [
        {
            "Sid": "Assume",
            "Effect": "Allow",
            "Principal": {"Service": ["ec2.amazonaws.com"]},
            "Action": ["sts:AssumeRole"],
        }
    ]


def test_the_group_starts_from_the_hardened_template() -> None:
    assert named(sample(), "eks-system-nodes").inputs == {
        "clusterName": "risk",
        "version": "1.36",
        "nodeRoleArn": UNKNOWN,
        "subnetIds": ["subnet-a", "subnet-b"],
        "launchTemplate": {"id": UNKNOWN, "version": UNKNOWN},
        "amiType": "BOTTLEROCKET_x86_64",
        "capacityType": "ON_DEMAND",
        "instanceTypes": ["m7i.large", "m6i.large", "m5.large"],
        "scalingConfig": {"minSize": 2, "desiredSize": 2, "maxSize": 3},
        "updateConfig": {"maxUnavailable": 1},
        "nodeRepairConfig": {"enabled": True},
        "labels": {"mlops.dev/nodes": "system"},
        "taints": [{"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}],
        "tags": tags("system-nodes"),
    }


def test_the_template_reaches_the_engine_whole() -> None:
    def disk(device: str, size: int) -> dict[str, object]:
        return {
            "deviceName": device,
            "ebs": {
                "volumeType": "gp3",
                "volumeSize": size,
                "encrypted": "true",
                "kmsKeyId": KEY,
                "deleteOnTermination": "true",
            },
        }

    assert named(sample(), "eks-system-template").inputs == {
        "updateDefaultVersion": True,
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
            "instanceMetadataTags": "disabled",
        },
        "blockDeviceMappings": [disk("/dev/xvda", 4), disk("/dev/xvdb", 50)],
        "tagSpecifications": [
            {"resourceType": kind, "tags": tags("system-node")}
            for kind in ("instance", "volume", "network-interface")
        ],
        "tags": tags("system-node"),
    }


def test_production_has_a_system_node_in_each_of_three_zones() -> None:
    scaling = named(previewed(production()), "eks-system-nodes").inputs["scalingConfig"]
    assert scaling == {"minSize": 3, "desiredSize": 3, "maxSize": 4}


def test_nodes_come_after_their_rights_and_daemons_and_are_drained_before_the_cluster_goes() -> None:
    group = named(sample(), "eks-system-nodes")
    assert group.dependencies == (
        "eks-cluster",
        "eks-eks-pod-identity-agent",
        "eks-kube-proxy",
        *(f"eks-system-node-{policy}" for policy in POLICIES),
        "eks-system-node-role",
        "eks-system-template",
        "eks-vpc-cni",
    )
    assert sample_options()["eks-system-nodes"].deleted_with == ""


def test_every_role_is_bounded_where_a_boundary_is_given() -> None:
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    recording = previewed(created(ground={**GROUND, "permissions_boundary_arn": boundary}))
    roles = [r for r in recording.resources if r.type.endswith(":Role")]
    assert len(roles) == 6
    assert {r.inputs["permissionsBoundary"] for r in roles} == {boundary}
