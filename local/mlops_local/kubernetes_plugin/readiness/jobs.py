"""When a Job is done. Its pods' failures are its own to count, up to `backoffLimit`.

https://kubernetes.io/docs/concepts/workloads/controllers/job/
"""

from __future__ import annotations

from mlops_local.kubernetes_plugin.readiness.fields import (
    Object,
    because,
    condition,
    holds,
    spec_of,
    status_of,
)
from mlops_local.kubernetes_plugin.readiness.pods import (
    NO_IMAGE,
    containers_of,
    hopeless,
    waiting_reason,
    with_note,
)
from mlops_local.kubernetes_plugin.readiness.refusals import refused_by_event
from mlops_local.kubernetes_plugin.readiness.related import NOTHING, Related
from mlops_local.kubernetes_plugin.readiness.states import READY, Failed, State, Waiting


def state_of_job(obj: Object, related: Related = NOTHING) -> State:
    """Complete; a suspended one is ready as it is."""
    if holds(obj, "Complete"):
        return READY
    if holds(obj, "Failed"):
        return Failed((f"the Job failed: {because(condition(obj, 'Failed'))}".rstrip(": "),))
    if spec_of(obj).get("suspend"):
        return READY
    failed = hopeless(_without_image(related)) or (None if _has_run(obj) else refused_by_event(obj, related))
    return failed or Waiting(with_note(_counts(obj), related.pods))


def _without_image(related: Related) -> list[Object]:
    return [
        pod
        for pod in related.pods
        if any(waiting_reason(container) in NO_IMAGE for container in containers_of(pod))
    ]


def _has_run(obj: Object) -> bool:
    status = status_of(obj)
    return any(status.get(count, 0) for count in ("active", "succeeded", "failed"))


def _counts(obj: Object) -> str:
    spec, status = spec_of(obj), status_of(obj)
    text = f"{status.get('succeeded', 0)} of {spec.get('completions', 1)} pods completed"
    text += f", {status.get('active', 0)} active"
    if failures := status.get("failed", 0):
        text += f", {failures} failed (of {spec.get('backoffLimit', 6)} retries)"
    return text
