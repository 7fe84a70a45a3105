"""A Kubernetes node on this machine: `start`, `apply_addons`, `stop`, `purge`, `status`."""

from mlops_local.node.lifecycle import purge, start, status, stop
from mlops_local.node.spec import Binaries, NodeAccess, NodeSpec, NodeStatus, ProcessState, ProcessStatus

__all__ = [
    "Binaries",
    "NodeAccess",
    "NodeSpec",
    "NodeStatus",
    "ProcessState",
    "ProcessStatus",
    "purge",
    "start",
    "status",
    "stop",
]
