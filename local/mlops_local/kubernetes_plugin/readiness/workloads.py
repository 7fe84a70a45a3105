"""When a Deployment, StatefulSet or DaemonSet is rolled out.

The counts are read as `kubectl rollout status` reads them:
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status
"""

from __future__ import annotations

from mlops_local.kubernetes_plugin.readiness.fields import (
    Object,
    condition,
    is_observed,
    labels_of,
    spec_of,
    status_of,
)
from mlops_local.kubernetes_plugin.readiness.pods import hopeless, with_note
from mlops_local.kubernetes_plugin.readiness.refusals import refused_by_condition, refused_by_event
from mlops_local.kubernetes_plugin.readiness.related import NOTHING, Related
from mlops_local.kubernetes_plugin.readiness.states import READY, Failed, State, Waiting

REVISION_LABEL = "controller-revision-hash"


def state_of_deployment(obj: Object, related: Related = NOTHING) -> State:
    """Every replica is of the newest template and available, and no older one is left."""
    if not is_observed(obj):
        return Waiting("the Deployment controller has not seen this version yet")
    if spec_of(obj).get("paused"):
        return READY
    reason = _deployment_lacks(obj)
    if reason is None:
        return READY
    progressing = condition(obj, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        message = str(progressing.get("message") or "its pods did not become available in time")
        return Failed((f"ProgressDeadlineExceeded: {message}",))
    failed = hopeless(related.pods) or refused_by_condition(obj, related)
    return failed or Waiting(with_note(reason, related.pods))


def _deployment_lacks(obj: Object) -> str | None:
    wanted, status = spec_of(obj).get("replicas", 1), status_of(obj)
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if updated < wanted:
        return f"{updated} of {wanted} pods updated"
    if available < wanted:
        return f"{available} of {wanted} pods available"
    old = status.get("replicas", 0) - updated
    return f"{old} old pods still to go" if old > 0 else None


def state_of_stateful_set(obj: Object, related: Related = NOTHING) -> State:
    """Every replica is ready and, down to the partition, of the newest revision."""
    if not is_observed(obj):
        return Waiting("the StatefulSet controller has not seen this version yet")
    reason = _stateful_set_lacks(obj)
    if reason is None:
        return READY
    newest = status_of(obj).get("updateRevision")
    pods = [pod for pod in related.pods if labels_of(pod).get(REVISION_LABEL) == newest]
    failed = hopeless(pods) or refused_by_event(obj, related)
    return failed or Waiting(with_note(reason, related.pods))


def _stateful_set_lacks(obj: Object) -> str | None:
    spec, status = spec_of(obj), status_of(obj)
    wanted, strategy = spec.get("replicas", 1), spec.get("updateStrategy") or {}
    available = status.get("availableReplicas", status.get("readyReplicas", 0))
    if strategy.get("type") != "OnDelete" and status.get("updateRevision") != status.get("currentRevision"):
        target = max(wanted - (strategy.get("rollingUpdate") or {}).get("partition", 0), 0)
        updated = status.get("updatedReplicas", 0)
        if updated < target:
            return f"{updated} of {target} pods updated"
    if available < wanted:
        return f"{available} of {wanted} pods available"
    old = status.get("replicas", 0) - wanted
    return f"{old} pods too many" if old > 0 else None


def state_of_daemon_set(obj: Object, related: Related = NOTHING) -> State:
    """Every node that should run the pod runs the newest one, available."""
    if not is_observed(obj):
        return Waiting("the DaemonSet controller has not seen this version yet")
    reason = _daemon_set_lacks(obj)
    if reason is None:
        return READY
    failed = hopeless(related.pods) or refused_by_event(obj, related)
    return failed or Waiting(with_note(reason, related.pods))


def _daemon_set_lacks(obj: Object) -> str | None:
    status = status_of(obj)
    wanted = status.get("desiredNumberScheduled", 0)
    strategy = spec_of(obj).get("updateStrategy") or {}
    if strategy.get("type") != "OnDelete":
        updated = status.get("updatedNumberScheduled", 0)
        if updated < wanted:
            return f"{updated} of {wanted} pods updated"
    available = status.get("numberAvailable", 0)
    return f"{available} of {wanted} pods available" if available < wanted else None
