"""Every rule there is, family by family."""

from __future__ import annotations

from mlops_policy.aws import ecr, eks, identity, keys_and_logs, nodes, rds, s3
from mlops_policy.aws import network as aws_network
from mlops_policy.cost import machines, spending, tags
from mlops_policy.kubernetes import (
    availability,
    containers,
    images,
    namespaces,
    network,
    pod_habits,
    pods,
    rbac,
    releases,
)
from mlops_policy.mlops import serving, watching
from mlops_policy.rules import Rule
from mlops_policy.stackwide import reach, secrets

KUBERNETES: dict[str, tuple[Rule, ...]] = {
    "kubernetes pods": pods.RULES,
    "kubernetes pod habits": pod_habits.RULES,
    "kubernetes images": images.RULES,
    "kubernetes containers": containers.RULES,
    "kubernetes availability": availability.RULES,
    "kubernetes network": network.RULES,
    "kubernetes namespaces": namespaces.RULES,
    "kubernetes rbac": rbac.RULES,
    "helm releases": releases.RULES,
}
"""Families about objects of Kubernetes, whoever makes them and whatever they are for."""
FAMILIES: dict[str, tuple[Rule, ...]] = {
    **KUBERNETES,
    "aws eks": eks.RULES,
    "aws nodes": nodes.RULES,
    "aws identity": identity.RULES,
    "aws s3": s3.RULES,
    "aws ecr": ecr.RULES,
    "aws rds": rds.RULES,
    "aws keys and logs": keys_and_logs.RULES,
    "aws network": aws_network.RULES,
    "cost": (*tags.RULES, *machines.RULES, *spending.RULES),
    "mlops": (*serving.RULES, *watching.RULES),
    "stack": (*reach.RULES, *secrets.RULES),
}
"""Rules by the family that they are of."""
RULES: tuple[Rule, ...] = tuple(rule for rules in FAMILIES.values() for rule in rules)
"""All of them."""
