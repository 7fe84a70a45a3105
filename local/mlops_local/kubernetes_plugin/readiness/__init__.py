"""Waiting until an object works: `waiting.wait_ready` asks, `kinds` says which rule applies.

Each rule is a pure function `state_of_<kind>(object, related) -> Ready | Waiting | Failed`; `related`
reads what a rule needs besides the object, and `diagnosis` explains a wait that failed.
"""

from mlops_local.kubernetes_plugin.readiness.annotations import default_timeout, skips, timeout_seconds
from mlops_local.kubernetes_plugin.readiness.errors import NotReady, WaitCancelled
from mlops_local.kubernetes_plugin.readiness.waiting import wait_ready

__all__ = ["NotReady", "WaitCancelled", "default_timeout", "skips", "timeout_seconds", "wait_ready"]
