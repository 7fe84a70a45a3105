"""The add-ons of an EKS cluster with the roles of those that call AWS, and its storage class."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi_kubernetes.storage.v1 import StorageClass

from pulumi_mlops.aws import addon_values, eks_policies, eks_site, iam_policy
from pulumi_mlops.aws.eks_site import MadeRole, Site

STORAGE_CLASS = "gp3"


def addons(
    site: Site,
    cluster: aws.eks.Cluster,
    versions: Mapping[str, str],
    which: Callable[[str], bool],
    after: list[pulumi.Resource],
) -> list[pulumi.Resource]:
    """Register those of `versions` that `which` picks, after what they need to become active."""
    configured = addon_values.configuration(site.ground["tags"])
    made: list[pulumi.Resource] = []
    for name, version in versions.items():
        if which(name):
            given: dict[str, Any] = {}
            rights: list[pulumi.Resource] = []
            if name in addon_values.ROLES:
                role = _role(site, name)
                rights += role.rights
                given["pod_identity_associations"] = [
                    {"role_arn": role.role.arn, "service_account": addon_values.ROLES[name][0]}
                ]
            if name in configured:
                given["configuration_values"] = configured[name]
            made.append(
                aws.eks.Addon(
                    site.child(name),
                    cluster_name=cluster.name,
                    addon_name=name,
                    addon_version=version,
                    resolve_conflicts_on_create="OVERWRITE",
                    resolve_conflicts_on_update="OVERWRITE",
                    tags=site.tags(name),
                    opts=site.options(deleted_with=cluster, depends_on=[*after, *rights]),
                    **given,
                )
            )
    return made


def before_nodes(name: str) -> bool:
    """Whether an add-on must be there before the first node."""
    return name in addon_values.BEFORE_NODES


def after_nodes(name: str) -> bool:
    """Whether an add-on is only active once it has nodes to run on."""
    return name not in addon_values.BEFORE_NODES


def storage_class(
    site: Site,
    cluster: aws.eks.Cluster,
    options: Callable[..., pulumi.ResourceOptions],
    driver: list[pulumi.Resource],
) -> StorageClass:
    """Register the default class: encrypted gp3 with the cluster's key, made in the zone of the pod.

    In production a volume outlives its claim; else it goes with it, while the driver still runs.
    """
    tags = {
        f"tagSpecification_{number}": f"{key}={value}"
        for number, (key, value) in enumerate(sorted(site.ground["tags"].items()), start=1)
    }
    return StorageClass(
        site.child("storage-class"),
        metadata={
            "name": STORAGE_CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        provisioner="ebs.csi.aws.com",
        parameters={"type": "gp3", "encrypted": "true", "kmsKeyId": site.key_arn, **tags},
        reclaim_policy="Retain" if site.production else "Delete",
        allow_volume_expansion=True,
        volume_binding_mode="WaitForFirstConsumer",
        opts=options(deleted_with=cluster, depends_on=driver),
    )


def _role(site: Site, name: str) -> MadeRole:
    policies = {}
    if name == "aws-ebs-csi-driver":
        region = site.ground["region"]
        policies["volumes-key"] = pulumi.Output.from_input(site.key_arn).apply(
            lambda key: eks_policies.volumes_key(key, region)
        )
    return eks_site.role(
        site,
        name,
        iam_policy.trust_pod_identity(),
        managed=[addon_values.ROLES[name][1]],
        policies=policies,
    )
