"""Pods that the API server refuses to make: quota, Pod Security, admission.

A controller tries again for as long as it lives, so a refusal counts once it has lasted a while.
"""

from __future__ import annotations

from mlops_local.kubernetes_plugin.readiness.fields import Object, condition, title_of
from mlops_local.kubernetes_plugin.readiness.related import Related
from mlops_local.kubernetes_plugin.readiness.states import Failed

REFUSED_SECONDS = 30.0
WORDS = ("forbidden", "denied the request", "exceeded quota", "is invalid")


def refused_by_condition(obj: Object, related: Related) -> Failed | None:
    """The condition `ReplicaFailure` of a Deployment's current ReplicaSet.

    The Deployment's own copy may be of an older ReplicaSet; it serves when no other can be read.
    """
    for maker in related.makers or (obj,):
        found = condition(maker, "ReplicaFailure")
        if found.get("status") == "True" and found.get("reason") == "FailedCreate":
            message = str(found.get("message", ""))
            if is_refusal(message):
                return _failed(obj, message)
    return None


def refused_by_event(obj: Object, related: Related) -> Failed | None:
    """The newest `FailedCreate` event of an object that has no pod at all.

    Events outlive their cause by an hour; with a pod there, an old one proves nothing.
    """
    if related.pods:
        return None
    for event in reversed(related.events):
        message = str(event.get("message", ""))
        if event.get("reason") == "FailedCreate" and is_refusal(message):
            return _failed(obj, message)
    return None


def is_refusal(message: str) -> bool:
    """True when trying again will not help unless something else is changed."""
    return any(word in message for word in WORDS)


def _failed(obj: Object, message: str) -> Failed:
    return Failed((f"{title_of(obj)} may not make its pods: {message}",), REFUSED_SECONDS)
