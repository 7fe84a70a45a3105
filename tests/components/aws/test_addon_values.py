from __future__ import annotations

import json

from pulumi_mlops.aws import addon_values

ON_SYSTEM = {
    "nodeSelector": {"mlops.dev/nodes": "system"},
    "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],
}


def test_each_addon_is_configured_so() -> None:
    found = addon_values.configuration({"mlops:owner": "risk"})
    assert {name: json.loads(text) for name, text in found.items()} == {
        "vpc-cni": {
            "enableNetworkPolicy": "true",
            "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
        },
        "coredns": ON_SYSTEM,
        "metrics-server": ON_SYSTEM,
        "aws-ebs-csi-driver": {
            "controller": {**ON_SYSTEM, "extraVolumeTags": {"mlops:owner": "risk"}},
            "node": {"tolerateAllTaints": True},
        },
    }


def test_the_order_of_tags_changes_no_byte() -> None:
    one = addon_values.configuration({"a": "1", "b": "2"})
    assert one == addon_values.configuration({"b": "2", "a": "1"})


def test_two_addons_call_aws() -> None:
    assert addon_values.ROLES == {
        "vpc-cni": ("aws-node", "AmazonEKS_CNI_Policy"),
        "aws-ebs-csi-driver": ("ebs-csi-controller-sa", "service-role/AmazonEBSCSIDriverPolicy"),
    }
