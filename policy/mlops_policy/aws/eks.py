"""Clusters: endpoint, secrets, logs, administrators, and how long a version is supported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_policy.aws.frameworks import cis_eks, hub
from mlops_policy.aws.kinds import ACCESS, CLUSTER, EVERYWHERE, LOG_GROUP
from mlops_policy.building import field, needing, protected, some
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import ProductionConfig, Rule, Severity, Subject
from mlops_policy.views import UNKNOWN, shown
from mlops_policy.wanted import NO, TEXT, YES, equal, has

PUBLIC, NETWORKS = "vpcConfig.endpointPublicAccess", "vpcConfig.publicAccessCidrs"
LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
ADMINISTRATOR = "AmazonEKSClusterAdminPolicy"


def _public(subject: Subject, stack: Stack, settings: Any) -> Iterator[str]:
    """EKS makes an endpoint public unless it is told not to."""
    access, networks = subject.view.at(PUBLIC), subject.view.at(NETWORKS)
    if access.raw is not UNKNOWN and access.given and not access.true():
        return
    named = networks.texts()
    if named and not EVERYWHERE & set(named):
        return
    wanted = f"{PUBLIC} is {shown(access.known)} and must be false, or {NETWORKS} name networks"
    yield f"{wanted}; it names {', '.join(named) or 'none'}"


def _administrators(subject: Subject, stack: Stack) -> list[Resource]:
    def administers(entry: Resource) -> bool:
        return entry.view.at("policyArn").text().endswith(f"/{ADMINISTRATOR}")

    return some(stack.naming(subject.resource, ACCESS, "clusterName"), administers)


def _log_groups(subject: Subject, stack: Stack) -> list[Resource]:
    name = f"/aws/eks/{subject.view.at('name').text()}/cluster"

    def is_its(group: Resource) -> bool:
        made_of = group.references.get("name", ())
        return subject.resource.urn in made_of or group.view.at("name").text() == name

    return some(stack.of(LOG_GROUP), is_its)


RULES: tuple[Rule, ...] = (
    Rule(
        name="eks-endpoint",
        says="A cluster's API server has no public endpoint, or one for named networks alone.",
        remedy=f"Set {PUBLIC} to false, or {NETWORKS} to the networks that need it.",
        severity=Severity.HIGH,
        kinds=(CLUSTER,),
        judge=_public,
        path=PUBLIC,
        frameworks=(*hub("EKS.1"), *cis_eks("5.4.1")),
    ),
    field(
        "eks-endpoint-private",
        "Nodes reach a cluster's API server without leaving the VPC.",
        (CLUSTER,),
        "vpcConfig.endpointPrivateAccess",
        YES,
        fix=True,
        frameworks=cis_eks("5.4.2"),
    ),
    field(
        "eks-secrets-key",
        "A cluster's Secrets are sealed with a key of one's own.",
        (CLUSTER,),
        "encryptionConfig.provider.keyArn",
        TEXT,
        remedy="Set encryptionConfig.provider.keyArn to the ARN of a KMS key of one's own.",
        severity=Severity.MEDIUM,
        frameworks=(*hub("EKS.3"), *cis_eks("5.3.1")),
    ),
    field(
        "eks-secrets-sealed",
        "What a cluster's key seals is its Secrets.",
        (CLUSTER,),
        "encryptionConfig.resources",
        has({"secrets"}),
        severity=Severity.MEDIUM,
        frameworks=(*hub("EKS.3"), *cis_eks("5.3.1")),
    ),
    field(
        "eks-logs",
        "A cluster's control plane logs all that it can, its audit log among it.",
        (CLUSTER,),
        "enabledClusterLogTypes",
        has(LOGS),
        severity=Severity.MEDIUM,
        frameworks=(*hub("EKS.8"), *cis_eks("2.1.1")),
    ),
    field(
        "eks-authentication",
        "A cluster lets in by access entries alone, not by a ConfigMap that its users can write.",
        (CLUSTER,),
        "accessConfig.authenticationMode",
        equal("API"),
    ),
    field(
        "eks-creator",
        "Who makes a cluster does not become its administrator by that.",
        (CLUSTER,),
        "accessConfig.bootstrapClusterCreatorAdminPermissions",
        NO,
    ),
    needing(
        "eks-administrator",
        "A named role administers a cluster; with the creator's right off nobody else would.",
        CLUSTER,
        _administrators,
        f"no {ACCESS.rstrip(':')} names it in clusterName with the policy {ADMINISTRATOR}",
        remedy=f"Add an AccessPolicyAssociation of {ADMINISTRATOR} for a role of your administrators.",
        severity=Severity.MEDIUM,
    ),
    needing(
        "eks-log-group",
        "The group of a cluster's logs is made here; EKS would make one without a key and without an end.",
        CLUSTER,
        _log_groups,
        "no aws:cloudwatch/logGroup has the name /aws/eks/<name of the cluster>/cluster",
        remedy="Add a LogGroup of that name, and let the cluster depend on it.",
        severity=Severity.MEDIUM,
    ),
    field(
        "eks-version",
        "A cluster's version is named, so that it does not change by itself.",
        (CLUSTER,),
        "version",
        TEXT,
        remedy="Set version to one of Kubernetes that EKS supports.",
        severity=Severity.MEDIUM,
    ),
    field(
        "eks-support",
        "A cluster leaves a version when its standard support ends.",
        (CLUSTER,),
        "upgradePolicy.supportType",
        equal("STANDARD"),
        severity=Severity.MEDIUM,
        frameworks=hub("EKS.2"),
    ),
    field(
        "eks-deletion",
        "EKS refuses to delete a cluster of production.",
        (CLUSTER,),
        "deletionProtection",
        YES,
        fix=True,
        config=ProductionConfig,
    ),
    protected(
        "eks-protect",
        "The engine refuses to delete a cluster of production.",
        (CLUSTER,),
        config=ProductionConfig,
    ),
)
