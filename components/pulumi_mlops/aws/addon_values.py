"""How each add-on of an EKS cluster is configured. Pure.

Source of the keys: the schema that `aws eks describe-addon-configuration` gives for each add-on.
"""

import json
from collections.abc import Mapping
from typing import Any

from pulumi_mlops.aws import system_nodes

BEFORE_NODES = ("eks-pod-identity-agent", "kube-proxy", "vpc-cni")
"""Add-ons of daemons only; a node is not ready without its network, and that not without its role."""

ROLES: Mapping[str, tuple[str, str]] = {
    "vpc-cni": ("aws-node", "AmazonEKS_CNI_Policy"),
    "aws-ebs-csi-driver": ("ebs-csi-controller-sa", "service-role/AmazonEBSCSIDriverPolicy"),
}
"""Service account and policy of the add-ons that call AWS, by name."""


def configuration(tags: Mapping[str, str]) -> dict[str, str]:
    """The configuration of each add-on that has one, as JSON that is the same from run to run.

    Args:
        tags: of every volume that is made for a claim.
    """
    on_system = {"nodeSelector": system_nodes.LABELS, "tolerations": [system_nodes.TOLERATION]}
    values: Mapping[str, Any] = {
        # Prefixes give a node some 110 pods where single addresses give a small one 29.
        "vpc-cni": {
            "enableNetworkPolicy": "true",
            "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
        },
        "coredns": on_system,
        "metrics-server": on_system,
        "aws-ebs-csi-driver": {
            "controller": {**on_system, "extraVolumeTags": dict(tags)},
            "node": {"tolerateAllTaints": True},
        },
    }
    return {name: json.dumps(value, sort_keys=True) for name, value in values.items()}
