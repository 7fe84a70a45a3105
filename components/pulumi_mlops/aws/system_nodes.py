"""What the nodes that EKS keeps are: their mark, launch template and size. Pure.

They run Bottlerocket: no shell, package manager or SSH to break in by, a root disk that is read-only and
verified, SELinux enforced, and in its GPU variant NVIDIA's driver and device plugin, so that no privileged
daemon of ours installs them.  Amazon Linux 2023 has none of these.
"""

from collections.abc import Mapping, Sequence
from typing import Any

LABEL = "mlops.dev/nodes"
"""Label that says what a node is for."""
LABELS = {LABEL: "system"}
TAINT = "CriticalAddonsOnly"
TOLERATION = {"key": TAINT, "operator": "Exists"}

OS_DISK, DATA_DISK = "/dev/xvda", "/dev/xvdb"
"""Bottlerocket's two disks: the system, and images and pods."""
OS_DISK_GIB = 4

TAGGED_AT_LAUNCH = ("instance", "volume", "network-interface")


def image_kind(architecture: str) -> str:
    """EKS's name for the image of nodes: `BOTTLEROCKET_x86_64`."""
    return {"amd64": "BOTTLEROCKET_x86_64", "arm64": "BOTTLEROCKET_ARM_64"}[architecture]


def launch_template(key_arn: Any, disk_gib: int, tags: Mapping[str, str]) -> dict[str, Any]:
    """Inputs of the launch template: how an instance starts, whatever its type.

    A hop limit of 1 keeps the instance's credentials from pods, whose answers take one hop more.
    """
    return {
        "update_default_version": True,
        "metadata_options": {
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
            "instance_metadata_tags": "disabled",
        },
        "block_device_mappings": [
            _disk(OS_DISK, OS_DISK_GIB, key_arn),
            _disk(DATA_DISK, disk_gib, key_arn),
        ],
        "tag_specifications": [{"resource_type": kind, "tags": dict(tags)} for kind in TAGGED_AT_LAUNCH],
        "tags": dict(tags),
    }


def node_group(instance_types: Sequence[str], architecture: str, least: int, most: int) -> dict[str, Any]:
    """Inputs of the node group that say what its nodes are; only pods that tolerate the taint run there."""
    return {
        "ami_type": image_kind(architecture),
        "capacity_type": "ON_DEMAND",
        "instance_types": list(instance_types),
        "scaling_config": {"min_size": least, "desired_size": least, "max_size": most},
        "update_config": {"max_unavailable": 1},
        "node_repair_config": {"enabled": True},
        "labels": dict(LABELS),
        "taints": [{"key": TAINT, "value": "true", "effect": "NO_SCHEDULE"}],
    }


def _disk(device: str, size_gib: int, key_arn: Any) -> dict[str, Any]:
    return {
        "device_name": device,
        "ebs": {
            "volume_type": "gp3",
            "volume_size": size_gib,
            "encrypted": "true",
            "kms_key_id": key_arn,
            "delete_on_termination": "true",
        },
    }
