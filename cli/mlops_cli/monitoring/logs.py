"""`mlops logs`: what all pods of an endpoint write, in the order of time."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator

from mlops_cli.errors import NotServing
from mlops_cli.monitoring.log_lines import Line
from mlops_cli.monitoring.log_merge import Merge
from mlops_cli.monitoring.log_pods import LogPods, Pod
from mlops_local.kubernetes_plugin.errors import PluginError

WINDOW_SECONDS = 0.5
POLL_SECONDS = 2.0
MOST_PODS = 40
"""That are read at a time: each holds a connection."""

Report = Callable[[str], None]


def read(pods: LogPods, since_seconds: int, report: Report) -> Iterator[Line]:
    """The lines of the last `since_seconds`, to the end of each pod's log.

    Raises:
        NotServing: there is no pod.
        PluginError: the API server does not answer, or refuses.
    """
    found = pods.pods()
    if not found:
        raise NotServing("no pod of the endpoint is there; `mlops status` says what the platform serves")
    return _Streams(pods, since_seconds, report, follow=False).lines(found)


def follow(pods: LogPods, since_seconds: int, report: Report) -> Iterator[Line]:
    """The same, then what is written from now on, until the caller stops; pods may come and go.

    Raises:
        PluginError: the API server does not answer, or refuses, at the start.
    """
    found = pods.pods()
    if not found:
        report("no pod yet; waiting for one")
    return _Streams(pods, since_seconds, report, follow=True).lines(found)


class _Streams:
    """One thread a pod reads its log; when following, one more looks for pods."""

    def __init__(self, pods: LogPods, since_seconds: int, report: Report, *, follow: bool) -> None:
        self._pods = pods
        self._since = since_seconds
        self._report = report
        self._follow = follow
        self._began = time.monotonic()
        self._merge = Merge(WINDOW_SECONDS if follow else math.inf)
        self._last: dict[str, int] = {}
        self._failures: list[PluginError] = []
        self._over = threading.Event()
        self._too_many = False

    def lines(self, found: list[Pod]) -> Iterator[Line]:
        """Until all is read or, when following, for ever."""
        self._open(found)
        if self._follow:
            threading.Thread(target=self._look, daemon=True).start()
        try:
            while self._follow or not self._merge.finished:
                line = self._merge.take(POLL_SECONDS)
                if line is not None:
                    yield line
                elif self._follow and not self._merge.open_sources():
                    self._over.wait(POLL_SECONDS / 10)
            if self._failures:
                raise self._failures[0]
        finally:
            self._over.set()
            self._merge.close()

    def _open(self, found: list[Pod]) -> None:
        """Read each pod that is not being read."""
        reading = self._merge.open_sources()
        for pod in found:
            if pod.name in reading:
                continue
            if len(reading) >= MOST_PODS:
                if not self._too_many:
                    self._report(f"there are {len(found)} pods; {MOST_PODS} of them are read")
                self._too_many = True
                return
            reading.add(pod.name)
            self._merge.open(pod.name)
            threading.Thread(target=self._read, args=(pod,), daemon=True).start()

    def _look(self) -> None:
        lost = False
        while not self._over.wait(POLL_SECONDS):
            try:
                found = self._pods.pods()
            except PluginError as error:
                if not lost:
                    self._report(f"{error} Trying again.")
                lost = True
                continue
            lost = False
            for gone in self._last.keys() - {pod.name for pod in found}:
                self._last.pop(gone)
            self._open(found)

    def _read(self, pod: Pod) -> None:
        try:
            for line in self._source(pod):
                self._last[pod.name] = line.time
                if not self._merge.put(pod.name, line):
                    return
        except PluginError as error:
            # When following, the next look at the pods opens the stream again.
            if not self._follow:
                self._failures.append(error)
        finally:
            self._merge.end(pod.name)

    def _source(self, pod: Pod) -> Iterator[Line]:
        last = self._last.get(pod.name, 0)
        since = self._since + int(time.monotonic() - self._began)
        if pod.restarts and not last:
            yield from self._pods.lines(pod.name, since, previous=True)
        yield from self._pods.lines(pod.name, since, last, follow=self._follow)
