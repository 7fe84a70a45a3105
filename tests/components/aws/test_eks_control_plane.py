from __future__ import annotations

import json
from typing import Any

from eks_samples import (
    AUDITOR,
    DEPLOYER,
    KEY,
    created,
    named,
    options,
    previewed,
    production,
    sample,
    sample_options,
    tags,
)
from mlops_stacks.recording import UNKNOWN
from pulumi_mlops.aws import eks_control_plane, eks_policies

CLUSTER: dict[str, Any] = {
    "name": "risk",
    "roleArn": UNKNOWN,
    "version": "1.36",
    "vpcConfig": {
        "subnetIds": ["subnet-a", "subnet-b"],
        "endpointPrivateAccess": True,
        "endpointPublicAccess": False,
    },
    "encryptionConfig": {"provider": {"keyArn": KEY}, "resources": ["secrets"]},
    "enabledClusterLogTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
    "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
    "bootstrapSelfManagedAddons": False,
    "upgradePolicy": {"supportType": "STANDARD"},
    "zonalShiftConfig": {"enabled": True},
    "deletionProtection": False,
    "tags": tags("cluster"),
}


def test_the_cluster_is_private_sealed_logged_and_opened_by_nobody_who_made_it() -> None:
    assert named(sample(), "eks-cluster").inputs == CLUSTER


def test_networks_that_are_named_reach_the_endpoint_and_no_others() -> None:
    recording = previewed(created(public_cidrs=["198.51.100.0/24", "203.0.113.7/32"]))
    assert named(recording, "eks-cluster").inputs["vpcConfig"] == {
        "subnetIds": ["subnet-a", "subnet-b"],
        "endpointPrivateAccess": True,
        "endpointPublicAccess": True,
        "publicAccessCidrs": ["198.51.100.0/24", "203.0.113.7/32"],
    }


def test_networks_inside_reach_the_api_server_on_its_port() -> None:
    recording = previewed(created(private_cidrs=["10.8.0.0/16"]))
    assert named(recording, "eks-api-from-0").inputs == {
        "securityGroupId": UNKNOWN,
        "description": "The API server from a network inside",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "cidrIpv4": "10.8.0.0/16",
        "tags": tags("api-from-0"),
    }
    assert sample().names_of("SecurityGroupIngressRule") == []


def test_the_log_group_is_there_before_the_cluster_with_key_and_end() -> None:
    recording = sample()
    assert named(recording, "eks-logs").inputs == {
        "name": "/aws/eks/risk/cluster",
        "retentionInDays": 90,
        "kmsKeyId": KEY,
        "deletionProtectionEnabled": False,
        "tags": tags("logs"),
    }
    assert named(recording, "eks-cluster").dependencies == (
        "eks-control-plane-AmazonEKSClusterPolicy",
        "eks-control-plane-role",
        "eks-control-plane-secrets-key",
        "eks-logs",
    )


def test_logs_are_kept_for_a_year_in_production_and_as_long_as_is_said() -> None:
    assert named(previewed(production()), "eks-logs").inputs["retentionInDays"] == 365
    assert named(previewed(created(log_retention_days=30)), "eks-logs").inputs["retentionInDays"] == 30


def test_production_is_deleted_by_no_slip() -> None:
    recording, found = previewed(production()), options(production())
    assert named(recording, "eks-cluster").inputs == {**CLUSTER, "deletionProtection": True}
    assert named(recording, "eks-logs").inputs["deletionProtectionEnabled"] is True
    assert sorted(name for name, resource in found.items() if resource.protect) == ["eks-cluster", "eks-logs"]
    assert [name for name, resource in sample_options().items() if resource.protect] == []


def test_the_control_planes_role_is_ekss_alone_and_uses_one_key() -> None:
    recording = sample()
    role = named(recording, "eks-control-plane-role").inputs
    assert {**role, "assumeRolePolicy": json.loads(role["assumeRolePolicy"])["Statement"]} == {
        "name": "risk-eu-central-1-control-plane",
        "assumeRolePolicy": [
            {
                "Sid": "Assume",
                "Effect": "Allow",
                "Principal": {"Service": ["eks.amazonaws.com"]},
                "Action": ["sts:AssumeRole"],
            }
        ],
        "description": "control-plane of the cluster risk",
        "tags": tags("control-plane"),
    }
    assert named(recording, "eks-control-plane-AmazonEKSClusterPolicy").inputs == {
        "role": "risk-eu-central-1-control-plane",
        "policyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
    }
    assert named(recording, "eks-control-plane-secrets-key").inputs == {
        "role": "risk-eu-central-1-control-plane",
        "policy": eks_policies.secrets_key(KEY),
    }


def test_named_roles_enter_as_admins_and_viewers_and_go_with_the_cluster() -> None:
    recording, found = sample(), sample_options()
    for name, arn, policy in (
        ("admin-deployer", DEPLOYER, "AmazonEKSClusterAdminPolicy"),
        ("viewer-auditor", AUDITOR, "AmazonEKSViewPolicy"),
    ):
        assert named(recording, f"eks-{name}-entry").inputs == {
            "clusterName": "risk",
            "principalArn": arn,
            "type": "STANDARD",
            "tags": tags(f"{name}-entry"),
        }
        assert named(recording, f"eks-{name}-access").inputs == {
            "clusterName": "risk",
            "principalArn": arn,
            "policyArn": f"arn:aws:eks::aws:cluster-access-policy/{policy}",
            "accessScope": {"type": "cluster"},
        }
        assert f"eks-{name}-entry" in named(recording, f"eks-{name}-access").dependencies
        for part in ("entry", "access"):
            assert found[f"eks-{name}-{part}"].deleted_with == found["eks-cluster"].urn
    assert recording.names_of("AccessPolicyAssociation") == [
        "eks-admin-deployer-access",
        "eks-viewer-auditor-access",
    ]


def test_a_certificate_is_none_until_the_cluster_tells_it() -> None:
    assert eks_control_plane.authority({"data": "LS0t"}) == "LS0t"
    assert eks_control_plane.authority(None) == ""
