"""A client of no cluster: answers readiness asks for, in a fixed order, on a clock of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlops_local.kubernetes_plugin.readiness.waiting import Clock

Object = dict[str, Any]


class ScriptedClient:
    """`answers` are what `get` gives for the awaited object, one each time, the last for ever.

    `documents` are other paths of `get`, `collections` those of `list` (an exception is raised),
    `logs` the logs by container name. `asked` records every list request.
    """

    def __init__(
        self,
        answers: Sequence[Object | Exception | None] = (),
        collections: Mapping[str, Sequence[Object] | Exception] | None = None,
        documents: Mapping[str, Object] | None = None,
        logs: Mapping[str, str] | None = None,
    ) -> None:
        self._answers = list(answers)
        self._collections = dict(collections or {})
        self._documents = dict(documents or {})
        self._logs = dict(logs or {})
        self.asked: list[tuple[str, dict[str, str]]] = []

    def get(self, path: str) -> Object | None:
        if path != "/awaited":
            return self._documents.get(path)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def list(self, path: str, params: Mapping[str, str] | None = None) -> list[Object]:
        self.asked.append((path, dict(params or {})))
        found = self._collections.get(path, ())
        if isinstance(found, Exception):
            raise found
        uid = (params or {}).get("fieldSelector", "").partition("involvedObject.uid=")[2].partition(",")[0]
        return [each for each in found if not uid or each["involvedObject"]["uid"] == uid]

    def log_tail(self, namespace: str, pod: str, container: str, lines: int) -> str:
        return "\n".join(self._logs.get(container, "").splitlines()[-lines:])

    def path_of(self, target: Mapping[str, Any]) -> str:
        return "/awaited"


class Hours:
    """A clock on which sleeping is the only thing that takes time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.clock = Clock(now=lambda: self.seconds, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        assert seconds > 0, "a sleep of nothing would spin"
        self.seconds += seconds


def made(api_version: str, kind: str, name: str = "web", **parts: Any) -> Object:
    """A live object with uid `uid-<name>` in namespace `ns`; `metadata` in `parts` is merged."""
    metadata = {"name": name, "namespace": "ns", "uid": f"uid-{name}", "generation": 1}
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {**metadata, **parts.pop("metadata", {})},
        **parts,
    }


def condition(kind: str, status: str = "True", reason: str = "", message: str = "") -> Object:
    """An entry of `status.conditions`."""
    return {"type": kind, "status": status, "reason": reason, "message": message}


def pod(name: str = "web-1", owner: str | None = None, **parts: Any) -> Object:
    """A pod; `containers`, `conditions`, `phase` go to its status, `labels` to its metadata."""
    metadata: Object = {"labels": parts.pop("labels", {})}
    if owner:
        metadata["ownerReferences"] = [{"uid": f"uid-{owner}"}]
    metadata |= parts.pop("metadata", {})
    status = {"phase": parts.pop("phase", "Pending"), "conditions": parts.pop("conditions", [])}
    status["containerStatuses"] = parts.pop("containers", [])
    return made("v1", "Pod", name, metadata=metadata, spec=parts.pop("spec", {}), status=status | parts)


def ready_pod(name: str = "web-1", owner: str | None = None, **parts: Any) -> Object:
    """A pod that runs and is ready."""
    return pod(name, owner, phase="Running", conditions=[condition("Ready")], **parts)


def waiting(reason: str, message: str = "", restarts: int = 0, exit_code: int | None = None) -> Object:
    """The status of container `app` that the kubelet does not run now; `exit_code` is of its last run."""
    last = {} if exit_code is None else {"terminated": {"reason": "Error", "exitCode": exit_code}}
    state = {"waiting": {"reason": reason, "message": message}}
    return {"name": "app", "state": state, "lastState": last, "restartCount": restarts, "ready": False}


def warning(about: Object, reason: str, message: str, count: int = 1, last: str = "2026-01-01") -> Object:
    """A warning event."""
    involved = {"uid": about["metadata"]["uid"], "kind": about["kind"], "name": about["metadata"]["name"]}
    return {
        "involvedObject": involved,
        "reason": reason,
        "message": message,
        "count": count,
        "lastTimestamp": last,
    }
