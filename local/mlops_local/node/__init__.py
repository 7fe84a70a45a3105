"""A Kubernetes node on this machine: `start`, `apply_addons`, `stop`, `purge`, `status`."""

from mlops_local.node.addons import ADDON_IMAGES, STORAGE_CLASS, apply_addons
from mlops_local.node.lifecycle import purge, start, status, stop
from mlops_local.node.spec import Binaries, NodeAccess, NodeSpec, NodeStatus, ProcessState, ProcessStatus

__all__ = [
    "ADDON_IMAGES",
    "STORAGE_CLASS",
    "Binaries",
    "NodeAccess",
    "NodeSpec",
    "NodeStatus",
    "ProcessState",
    "ProcessStatus",
    "apply_addons",
    "purge",
    "start",
    "status",
    "stop",
]
