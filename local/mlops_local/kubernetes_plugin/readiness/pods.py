"""What pods say of themselves: why one does not run, and whether it ever will.

Other kinds' rules ask here about the pods they made. Waiting reasons are the kubelet's:
https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-state-waiting
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlops_local.kubernetes_plugin.readiness.fields import (
    Object,
    because,
    condition,
    holds,
    name_of,
    spec_of,
    status_of,
)
from mlops_local.kubernetes_plugin.readiness.related import NOTHING, Related
from mlops_local.kubernetes_plugin.readiness.states import READY, Failed, State, Waiting

CRASHES = 3
IMAGE_SECONDS = 30.0
NO_IMAGE = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
STARTING = ("ContainerCreating", "PodInitializing", "")


def state_of_pod(obj: Object, _: Related = NOTHING) -> State:
    """Running and ready, or ended with success."""
    phase = status_of(obj).get("phase", "Pending")
    if phase == "Succeeded" or holds(obj, "Ready"):
        return READY
    if phase == "Failed":
        return Failed((note([obj]) or f"pod {name_of(obj)}: {because(status_of(obj)) or 'failed'}",))
    return hopeless([obj]) or Waiting(note([obj]) or f"pod {name_of(obj)}: {phase}")


def hopeless(pods: Iterable[Object]) -> Failed | None:
    """Pods that crash again and again, or whose image cannot be had."""
    crashing, imageless = [], []
    for pod in pods:
        for container in containers_of(pod):
            reason = waiting_reason(container)
            if reason in NO_IMAGE:
                imageless += problems(pod)
            elif reason == "CrashLoopBackOff" and container.get("restartCount", 0) >= CRASHES:
                crashing += problems(pod)
    if crashing:
        return Failed(tuple(dict.fromkeys(crashing)))
    return Failed(tuple(dict.fromkeys(imageless)), IMAGE_SECONDS) if imageless else None


def note(pods: Iterable[Object]) -> str:
    """One line on the first pod that is not ready; empty when there is none."""
    unready = [pod for pod in pods if not is_done(pod)]
    for pod in unready:
        for line in problems(pod):
            return line
    return next((f"pod {name_of(pod)}: {_progress(pod)}" for pod in unready), "")


def with_note(reason: str, pods: Iterable[Object]) -> str:
    """A reason and, behind it, the line on the first pod that is not ready."""
    return "; ".join(part for part in (reason, note(pods)) if part)


def is_done(pod: Object) -> bool:
    """True for a pod that is ready or has ended with success."""
    return holds(pod, "Ready") or status_of(pod).get("phase") == "Succeeded"


def problems(pod: Object) -> list[str]:
    """What keeps a pod from being ready, one line each; empty while it merely starts."""
    lines = []
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        lines.append(f"pod {name_of(pod)}: {because(scheduled)}")
    for container in containers_of(pod):
        if trouble := container_problem(container):
            lines.append(f"pod {name_of(pod)}, container {container['name']}: {trouble}")
    if not lines and status_of(pod).get("reason"):
        lines.append(f"pod {name_of(pod)}: {because(status_of(pod))}")
    return lines


def containers_of(pod: Object) -> Iterator[Mapping[str, Any]]:
    """Statuses of the init containers, then of the containers."""
    yield from status_of(pod).get("initContainerStatuses") or ()
    yield from status_of(pod).get("containerStatuses") or ()


def waiting_reason(container: Mapping[str, Any]) -> str:
    """Why a container is not running, in the kubelet's word; empty when it runs or has ended."""
    waiting = (container.get("state") or {}).get("waiting") or {}
    return str(waiting.get("reason") or "")


def container_problem(container: Mapping[str, Any]) -> str | None:
    """What is wrong with one container; None when nothing is, or it only starts."""
    state = container.get("state") or {}
    last = (container.get("lastState") or {}).get("terminated")
    if ended := state.get("terminated"):
        return None if ended.get("exitCode") == 0 else _ending(ended)
    if waiting_reason(container) not in STARTING:
        text = because(state["waiting"])
        return f"{text} ({_restarts(container, last)})" if last else text
    if last and last.get("exitCode") != 0 and not container.get("ready"):
        return _restarts(container, last)
    return None


def _restarts(container: Mapping[str, Any], last: Mapping[str, Any]) -> str:
    return f"restarted {container.get('restartCount', 0)} times, last: {_ending(last)}"


def _ending(ended: Mapping[str, Any]) -> str:
    text = f"{ended.get('reason') or 'Error'}, exit code {ended.get('exitCode')}"
    return f"{text}: {ended['message'].strip()}" if ended.get("message") else text


def _progress(pod: Object) -> str:
    started = list(containers_of(pod))
    reason = next((found for each in started if (found := waiting_reason(each))), "")
    if reason:
        return reason
    if any(not each.get("ready") and "running" in (each.get("state") or {}) for each in started):
        return "running, not ready yet"
    if not spec_of(pod).get("nodeName"):
        return "not scheduled yet"
    return str(status_of(pod).get("phase", "Pending"))
