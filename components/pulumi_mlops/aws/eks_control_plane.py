"""The control plane of an EKS cluster: its logs, role, the cluster itself, and who may enter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from pulumi_mlops.aws import eks_policies, eks_site, iam_policy
from pulumi_mlops.aws.eks_site import Site

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""All that EKS can log of a control plane."""
ADMIN, VIEWER = "AmazonEKSClusterAdminPolicy", "AmazonEKSViewPolicy"
"""EKS's access policies: everything, and looking at all but Secrets."""


@dataclass(frozen=True)
class Entry:
    """One role that may enter, and the access policy it gets."""

    name: str
    role_arn: Any
    policy: str


@dataclass(frozen=True)
class Wanted:
    """What was decided of a control plane."""

    version: str
    subnet_ids: Any
    public_cidrs: Sequence[str]
    private_cidrs: Sequence[str]
    log_retention_days: Any


def control_plane(site: Site, wanted: Wanted) -> aws.eks.Cluster:
    """Register the cluster after its log group, which EKS would else make without key or end."""
    log_group = aws.cloudwatch.LogGroup(
        site.child("logs"),
        name=f"/aws/eks/{site.cluster_name}/cluster",
        retention_in_days=wanted.log_retention_days,
        kms_key_id=site.key_arn,
        deletion_protection_enabled=site.production,
        tags=site.tags("logs"),
        opts=site.options(protect=site.production),
    )
    made = eks_site.role(
        site,
        "control-plane",
        iam_policy.trust_service("eks.amazonaws.com"),
        managed=["AmazonEKSClusterPolicy"],
        policies={"secrets-key": pulumi.Output.from_input(site.key_arn).apply(eks_policies.secrets_key)},
    )
    cluster = aws.eks.Cluster(
        site.child("cluster"),
        name=site.cluster_name,
        role_arn=made.role.arn,
        version=wanted.version,
        vpc_config=_endpoints(wanted),
        encryption_config={"provider": {"key_arn": site.key_arn}, "resources": ["secrets"]},
        enabled_cluster_log_types=list(LOGS),
        access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
        bootstrap_self_managed_addons=False,
        upgrade_policy={"support_type": "STANDARD"},
        zonal_shift_config={"enabled": True},
        deletion_protection=site.production,
        tags=site.tags("cluster"),
        opts=site.options(protect=site.production, depends_on=[log_group, *made.rights]),
    )
    _open_inside(site, cluster, wanted.private_cidrs)
    return cluster


def entries(site: Site, cluster: aws.eks.Cluster, wanted: Sequence[Entry]) -> list[pulumi.Resource]:
    """Register who may enter; entries go with the cluster, so that a destroy does not lock itself out."""
    made: list[pulumi.Resource] = []
    for entry in wanted:
        opened = aws.eks.AccessEntry(
            site.child(f"{entry.name}-entry"),
            cluster_name=cluster.name,
            principal_arn=entry.role_arn,
            type="STANDARD",
            tags=site.tags(f"{entry.name}-entry"),
            opts=site.options(deleted_with=cluster),
        )
        allowed = aws.eks.AccessPolicyAssociation(
            site.child(f"{entry.name}-access"),
            cluster_name=cluster.name,
            principal_arn=entry.role_arn,
            policy_arn=f"arn:{site.partition}:eks::aws:cluster-access-policy/{entry.policy}",
            access_scope={"type": "cluster"},
            opts=site.options(deleted_with=cluster, depends_on=[opened]),
        )
        made += [opened, allowed]
    return made


def authority(found: Mapping[str, Any] | None) -> str:
    """The certificate among what the cluster tells of its authority; "" while there is none."""
    return (found or {}).get("data") or ""


def _endpoints(wanted: Wanted) -> dict[str, Any]:
    endpoints = {
        "subnet_ids": wanted.subnet_ids,
        "endpoint_private_access": True,
        "endpoint_public_access": bool(wanted.public_cidrs),
    }
    return (
        {**endpoints, "public_access_cidrs": list(wanted.public_cidrs)} if wanted.public_cidrs else endpoints
    )


def _open_inside(site: Site, cluster: aws.eks.Cluster, cidrs: Sequence[str]) -> None:
    for number, cidr in enumerate(cidrs):
        aws.vpc.SecurityGroupIngressRule(
            site.child(f"api-from-{number}"),
            security_group_id=security_group(cluster),
            description="The API server from a network inside",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            cidr_ipv4=cidr,
            tags=site.tags(f"api-from-{number}"),
            opts=site.options(),
        )


def security_group(cluster: aws.eks.Cluster) -> pulumi.Output[str]:
    """The group that EKS makes for the control plane and all nodes; known as soon as the cluster's id is."""
    found: pulumi.Output[str] = cluster.id.apply(lambda _: cluster.vpc_config.cluster_security_group_id)
    return found
