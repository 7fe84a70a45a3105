"""Karpenter's objects for one pool of nodes: an EC2NodeClass and a NodePool. Pure.

Source: Karpenter 1.14, "NodeClasses" and "NodePools" (karpenter.sh).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_mlops.aws import system_nodes
from pulumi_mlops.manifests import Object

CPU, MEMORY, GPU, SPOT = "cpu", "memory", "gpu", "spot"
GPU_TAINT = {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}
SPOT_TAINT = {"key": "mlops.dev/spot", "value": "true", "effect": "NoSchedule"}
PODS_PER_NODE = 110
"""Kubernetes' own limit for nodes that are not huge; prefixes give the addresses for it."""

FOREGROUND = {"pulumi.com/deletionPropagationPolicy": "foreground"}
"""A pool is gone when its nodes are, not before."""


@dataclass(frozen=True)
class Kind:
    """What pools of one kind have in common."""

    categories: tuple[str, ...]
    capacity: str
    consolidation: str
    consolidate_after: str
    disk_gib: int
    weight: int
    taints: tuple[Mapping[str, str], ...] = ()


KINDS: Mapping[str, Kind] = {
    CPU: Kind(("c", "m"), "on-demand", "WhenEmptyOrUnderutilized", "5m", 100, 50),
    MEMORY: Kind(("r",), "on-demand", "WhenEmptyOrUnderutilized", "5m", 100, 10),
    # A GPU node that is moved to a better place costs minutes of loading weights.
    GPU: Kind(("g",), "on-demand", "WhenEmpty", "10m", 200, 10, (GPU_TAINT,)),
    SPOT: Kind(("c", "m", "r"), "spot", "WhenEmptyOrUnderutilized", "5m", 100, 10, (SPOT_TAINT,)),
}


@dataclass(frozen=True)
class Pool:
    """One pool, with every choice made."""

    name: str
    kind: str
    cpu_limit: int
    memory_limit: str
    gpu_limit: int | None
    categories: Sequence[str]
    families: Sequence[str]
    architectures: Sequence[str]
    zones: Sequence[str]
    disk_gib: int
    expire_after: str
    consolidate_after: str
    drain_within: str
    budgets: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Ground:
    """What all pools of a cluster share; `Any` may be known later."""

    profile: Any
    security_group_id: Any
    subnet_terms: Any
    key_arn: Any
    image: str
    tags: Mapping[str, str]


def subnet_terms(subnet_ids: Sequence[str]) -> list[Object]:
    """How an EC2NodeClass names subnets."""
    return [{"id": subnet} for subnet in subnet_ids]


def node_class(pool: Pool, ground: Ground) -> Object:
    """The EC2NodeClass: how an instance of the pool starts."""
    return {
        "api_version": "karpenter.k8s.aws/v1",
        "kind": "EC2NodeClass",
        "metadata": {"name": pool.name},
        "spec": {
            "amiFamily": "Bottlerocket",
            "amiSelectorTerms": [{"alias": f"bottlerocket@{ground.image}"}],
            "instanceProfile": ground.profile,
            "subnetSelectorTerms": ground.subnet_terms,
            "securityGroupSelectorTerms": [{"id": ground.security_group_id}],
            "associatePublicIPAddress": False,
            "kubelet": {"maxPods": PODS_PER_NODE},
            "metadataOptions": {
                "httpEndpoint": "enabled",
                "httpProtocolIPv6": "disabled",
                "httpPutResponseHopLimit": 1,
                "httpTokens": "required",
            },
            "blockDeviceMappings": [
                _disk(system_nodes.OS_DISK, system_nodes.OS_DISK_GIB, ground.key_arn),
                _disk(system_nodes.DATA_DISK, pool.disk_gib, ground.key_arn),
            ],
            "tags": {**ground.tags, "mlops:node-pool": pool.name},
        },
    }


def node_pool(pool: Pool) -> Object:
    """The NodePool: which instances, how many at most, and when they go."""
    kind = KINDS[pool.kind]
    taints = [dict(taint) for taint in kind.taints]
    return {
        "api_version": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": pool.name, "annotations": dict(FOREGROUND)},
        "spec": {
            "weight": kind.weight,
            "limits": _limits(pool),
            "disruption": {
                "consolidationPolicy": kind.consolidation,
                "consolidateAfter": pool.consolidate_after,
                "budgets": [dict(budget) for budget in pool.budgets],
            },
            "template": {
                "metadata": {"labels": {system_nodes.LABEL: pool.kind}},
                "spec": {
                    "nodeClassRef": {
                        "group": "karpenter.k8s.aws",
                        "kind": "EC2NodeClass",
                        "name": pool.name,
                    },
                    "requirements": _requirements(pool, kind),
                    "expireAfter": pool.expire_after,
                    "terminationGracePeriod": pool.drain_within,
                    **({"taints": taints} if taints else {}),
                },
            },
        },
    }


def _limits(pool: Pool) -> Object:
    limits = {"cpu": str(pool.cpu_limit), "memory": pool.memory_limit}
    return limits if pool.gpu_limit is None else {**limits, "nvidia.com/gpu": str(pool.gpu_limit)}


def _requirements(pool: Pool, kind: Kind) -> list[Object]:
    def one_of(key: str, values: Sequence[str]) -> Object:
        return {"key": key, "operator": "In", "values": list(values)}

    found = [
        one_of("kubernetes.io/os", ["linux"]),
        one_of("kubernetes.io/arch", pool.architectures),
        one_of("karpenter.sh/capacity-type", [kind.capacity]),
        # Older generations are not on the Nitro system, whose disks encrypt without cost.
        {"key": "karpenter.k8s.aws/instance-hypervisor", "operator": "In", "values": ["nitro"]},
        one_of("karpenter.k8s.aws/instance-family", pool.families)
        if pool.families
        else one_of("karpenter.k8s.aws/instance-category", pool.categories),
    ]
    if pool.kind == GPU:
        found.append(one_of("karpenter.k8s.aws/instance-gpu-manufacturer", ["nvidia"]))
    if pool.zones:
        found.append(one_of("topology.kubernetes.io/zone", pool.zones))
    return found


def _disk(device: str, size_gib: int, key_arn: Any) -> Object:
    return {
        "deviceName": device,
        "ebs": {
            "volumeType": "gp3",
            "volumeSize": f"{size_gib}Gi",
            "encrypted": True,
            "kmsKeyID": key_arn,
            "deleteOnTermination": True,
        },
    }
