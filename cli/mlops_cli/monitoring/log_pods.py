"""The pods of one endpoint and the streams of their logs.

API: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mlops_cli.monitoring.log_lines import NANO, Line, split, stamped
from mlops_local.kubernetes_plugin.client import ApiClient, api_error

CONTAINER = "server"
FOLLOW_READ_SECONDS = 60.0
"""A stream that is still for so long is opened again, in case the connection is dead."""
READ_SECONDS = 30.0


@dataclass(frozen=True)
class Pod:
    """A pod, and how often its server has been started again."""

    name: str
    restarts: int


class LogPods:
    """Reads the logs of the pods with some labels; used from one thread a pod."""

    def __init__(self, api: ApiClient, namespace: str, labels: Mapping[str, str]) -> None:
        self._api = api
        self._path = f"/api/v1/namespaces/{namespace}/pods"
        self._selector = ",".join(f"{name}={value}" for name, value in labels.items())

    def pods(self) -> list[Pod]:
        """The pods that there are now, by name.

        Raises:
            PluginError: the API server does not answer, or refuses.
        """
        found = self._api.list(self._path, {"labelSelector": self._selector})
        return sorted(
            (Pod(each["metadata"]["name"], _restarts(each)) for each in found), key=lambda p: p.name
        )

    def lines(
        self, pod: str, since_seconds: int, after: int = 0, *, follow: bool = False, previous: bool = False
    ) -> Iterator[Line]:
        """The lines of a pod's server: those later than `after` (Unix nanoseconds), else of `since_seconds`.

        Ends when the container does, and at once when it has not started or the pod has gone. `previous` is
        the container before its last start.

        Raises:
            PluginError: the connection was lost, or the API server refuses.
        """
        params = {"container": CONTAINER, "timestamps": "true"}
        if after:
            # The API server takes whole seconds, so what is not later than `after` is left out below.
            params["sinceTime"] = datetime.fromtimestamp(after // NANO, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        else:
            params["sinceSeconds"] = str(since_seconds)
        params |= {"follow": "true"} if follow else {}
        params |= {"previous": "true"} if previous else {}
        seconds = FOLLOW_READ_SECONDS if follow else READ_SECONDS
        with self._api.stream(f"{self._path}/{pod}/log", params, seconds) as response:
            if response.status_code in (400, 404):
                return
            if response.is_error:
                response.read()
                raise api_error(response)
            last = after
            for raw in split(response.iter_bytes()):
                line = stamped(raw, pod, last)
                if not after or line.time > after:
                    last = line.time
                    yield line


def _restarts(pod: Mapping[str, Any]) -> int:
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    return max(
        (int(each.get("restartCount", 0)) for each in statuses if each["name"] == CONTAINER), default=0
    )
