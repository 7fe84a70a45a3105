from __future__ import annotations

from typing import Any

import pytest

from pulumi_mlops.aws import node_pools
from pulumi_mlops.aws.node_pools import Ground, Pool

GROUND = Ground("profile", "sg-1", [{"id": "subnet-a"}], "key", "v1.64.0", {"mlops:owner": "risk"})


def pool(kind: str = "cpu", **changes: Any) -> Pool:
    given: dict[str, Any] = {
        "name": "general",
        "kind": kind,
        "cpu_limit": 64,
        "memory_limit": "256Gi",
        "gpu_limit": None,
        "categories": ["c", "m"],
        "families": [],
        "architectures": ["amd64"],
        "zones": [],
        "disk_gib": 100,
        "expire_after": "720h",
        "consolidate_after": "5m",
        "drain_within": "30m",
        "budgets": [{"nodes": "10%"}],
    }
    return Pool(**{**given, **changes})


def disk(device: str, size: str) -> dict[str, Any]:
    return {
        "deviceName": device,
        "ebs": {
            "volumeType": "gp3",
            "volumeSize": size,
            "encrypted": True,
            "kmsKeyID": "key",
            "deleteOnTermination": True,
        },
    }


def one_of(key: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": list(values)}


def test_a_node_keeps_its_credentials_from_pods_and_has_no_public_address() -> None:
    assert node_pools.node_class(pool(), GROUND) == {
        "api_version": "karpenter.k8s.aws/v1",
        "kind": "EC2NodeClass",
        "metadata": {"name": "general"},
        "spec": {
            "amiFamily": "Bottlerocket",
            "amiSelectorTerms": [{"alias": "bottlerocket@v1.64.0"}],
            "instanceProfile": "profile",
            "subnetSelectorTerms": [{"id": "subnet-a"}],
            "securityGroupSelectorTerms": [{"id": "sg-1"}],
            "associatePublicIPAddress": False,
            "kubelet": {"maxPods": 110},
            "metadataOptions": {
                "httpEndpoint": "enabled",
                "httpProtocolIPv6": "disabled",
                "httpPutResponseHopLimit": 1,
                "httpTokens": "required",
            },
            "blockDeviceMappings": [disk("/dev/xvda", "4Gi"), disk("/dev/xvdb", "100Gi")],
            "tags": {"mlops:owner": "risk", "mlops:node-pool": "general"},
        },
    }


def test_a_pool_has_a_budget_and_lets_go_of_nodes_in_bounded_time() -> None:
    assert node_pools.node_pool(pool()) == {
        "api_version": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {
            "name": "general",
            "annotations": {"pulumi.com/deletionPropagationPolicy": "foreground"},
        },
        "spec": {
            "weight": 50,
            "limits": {"cpu": "64", "memory": "256Gi"},
            "disruption": {
                "consolidationPolicy": "WhenEmptyOrUnderutilized",
                "consolidateAfter": "5m",
                "budgets": [{"nodes": "10%"}],
            },
            "template": {
                "metadata": {"labels": {"mlops.dev/nodes": "cpu"}},
                "spec": {
                    "nodeClassRef": {
                        "group": "karpenter.k8s.aws",
                        "kind": "EC2NodeClass",
                        "name": "general",
                    },
                    "requirements": [
                        one_of("kubernetes.io/os", "linux"),
                        one_of("kubernetes.io/arch", "amd64"),
                        one_of("karpenter.sh/capacity-type", "on-demand"),
                        one_of("karpenter.k8s.aws/instance-hypervisor", "nitro"),
                        one_of("karpenter.k8s.aws/instance-category", "c", "m"),
                    ],
                    "expireAfter": "720h",
                    "terminationGracePeriod": "30m",
                },
            },
        },
    }


@pytest.mark.parametrize(
    ("kind", "capacity", "consolidation", "weight", "taints"),
    [
        ("cpu", "on-demand", "WhenEmptyOrUnderutilized", 50, None),
        ("memory", "on-demand", "WhenEmptyOrUnderutilized", 10, None),
        (
            "gpu",
            "on-demand",
            "WhenEmpty",
            10,
            [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}],
        ),
        (
            "spot",
            "spot",
            "WhenEmptyOrUnderutilized",
            10,
            [{"key": "mlops.dev/spot", "value": "true", "effect": "NoSchedule"}],
        ),
    ],
)
def test_a_kind_decides_price_patience_and_who_may_run_there(
    kind: str, capacity: str, consolidation: str, weight: int, taints: list[dict[str, str]] | None
) -> None:
    spec = node_pools.node_pool(pool(kind))["spec"]
    inside = spec["template"]["spec"]
    assert one_of("karpenter.sh/capacity-type", capacity) in inside["requirements"]
    assert spec["disruption"]["consolidationPolicy"] == consolidation
    assert spec["weight"] == weight
    assert inside.get("taints") == taints
    assert spec["template"]["metadata"]["labels"] == {"mlops.dev/nodes": kind}


def test_gpus_are_bounded_and_nvidias() -> None:
    spec = node_pools.node_pool(pool("gpu", gpu_limit=4))["spec"]
    assert spec["limits"] == {"cpu": "64", "memory": "256Gi", "nvidia.com/gpu": "4"}
    assert spec["template"]["spec"]["requirements"][-1] == one_of(
        "karpenter.k8s.aws/instance-gpu-manufacturer", "nvidia"
    )


def test_families_stand_in_place_of_categories_and_zones_narrow() -> None:
    inside = node_pools.node_pool(pool(families=["g6"], zones=["eu-central-1a"]))["spec"]["template"]["spec"]
    assert inside["requirements"][-2:] == [
        one_of("karpenter.k8s.aws/instance-family", "g6"),
        one_of("topology.kubernetes.io/zone", "eu-central-1a"),
    ]


def test_subnets_are_named_by_id() -> None:
    assert node_pools.subnet_terms(["subnet-a", "subnet-b"]) == [{"id": "subnet-a"}, {"id": "subnet-b"}]
