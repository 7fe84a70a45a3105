"""The loop around the rules: ask, judge, say what changed, sleep, until the object is ready.

Called after every create and update that was not a preview.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlops_local.kubernetes_plugin.errors import ApiError, ClusterUnreachableError
from mlops_local.kubernetes_plugin.readiness.diagnosis import explained
from mlops_local.kubernetes_plugin.readiness.errors import NotReady, WaitCancelled
from mlops_local.kubernetes_plugin.readiness.fields import Object, spec_of
from mlops_local.kubernetes_plugin.readiness.kinds import Rule, rule_of
from mlops_local.kubernetes_plugin.readiness.related import NOTHING, Client, Related
from mlops_local.kubernetes_plugin.readiness.states import UNKNOWN, Failed, Ready, State, Waiting

POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Clock:
    """Seconds that only grow, and how to let them pass; tests bring their own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


REAL_CLOCK = Clock()


@dataclass
class _Watch:
    """The object as last seen, what else its rule looked at, and the verdict."""

    client: Client
    rule: Rule
    path: str
    live: Object
    related: Related = NOTHING
    state: State = UNKNOWN
    failing_since: float | None = None

    def judge(self, now: float) -> None:
        """Judge the object as last seen; an API server that does not answer may be restarting."""
        try:
            self.related = self.rule.read(self.client, self.live)
            self.state = self.rule.judge(self.live, self.related)
        except (ApiError, ClusterUnreachableError) as error:
            self._outage(error)
        if not isinstance(self.state, Failed):
            self.failing_since = None
        elif self.failing_since is None:
            self.failing_since = now

    def look(self) -> bool:
        """Ask for the object again; False when the API server did not answer."""
        try:
            found = self.client.get(self.path)
        except (ApiError, ClusterUnreachableError) as error:
            self._outage(error)
            return False
        if found is None:
            raise NotReady(self.live, [gone(self.live)])
        self.live = found
        return True

    def _outage(self, error: ApiError | ClusterUnreachableError) -> None:
        if isinstance(error, ApiError) and error.code < 500 and error.code != 429:
            raise error
        self.state, self.failing_since = Waiting(str(error)), None

    def has_failed(self, now: float) -> bool:
        """True when the failure has lasted as long as it must to count."""
        if not isinstance(self.state, Failed) or self.failing_since is None:
            return False
        return now - self.failing_since >= self.state.after_seconds

    def reasons(self) -> tuple[str, ...]:
        """What the verdict says, line by line."""
        match self.state:
            case Failed(reasons):
                return reasons
            case Waiting(reason):
                return (reason,)
            case Ready():
                return ()

    def explained(self, first: str | None = None) -> list[str]:
        """All that helps to see why, below an opening line."""
        opening = () if first is None else (first,)
        return explained(self.client, self.live, self.related, (*opening, *self.reasons()))


def gone(live: Object) -> str:
    """What to do about an object that was deleted during the wait."""
    if "ttlSecondsAfterFinished" in spec_of(live):
        return "it was deleted before its end was seen; set ttlSecondsAfterFinished to 5 or more"
    return "it was deleted by somebody else while this waited; run again"


def wait_ready(
    client: Client,
    live: Mapping[str, Any],
    timeout_seconds: float,
    log: Callable[[str], None],
    cancelled: Callable[[], bool],
    clock: Clock = REAL_CLOCK,
) -> dict[str, Any]:
    """Ask until the object is ready; returns it as it then is.

    `log` gets one line whenever what is waited for changes.

    Raises:
        NotReady: failed for good, deleted, or not ready after `timeout_seconds`.
        WaitCancelled: `cancelled` became true.
        PluginError: the annotation `pulumi.com/waitFor` cannot be read.
    """
    watch = _Watch(client, rule_of(live), client.path_of(live), live)
    deadline, said = clock.now() + timeout_seconds, ""
    watch.judge(clock.now())
    while not isinstance(watch.state, Ready):
        _end_if_hopeless(watch, clock.now(), deadline, timeout_seconds, cancelled)
        text = f"waiting: {watch.reasons()[0]}"
        if text != said:
            log(text)
            said = text
        clock.sleep(min(POLL_SECONDS, max(deadline - clock.now(), 0.0)))
        if watch.look():
            watch.judge(clock.now())
    return dict(watch.live)


def _end_if_hopeless(
    watch: _Watch, now: float, deadline: float, timeout: float, cancelled: Callable[[], bool]
) -> None:
    if watch.has_failed(now):
        raise NotReady(watch.live, watch.explained())
    if cancelled():
        raise WaitCancelled(watch.live, ["cancelled while waiting", *watch.reasons()])
    if now >= deadline:
        raise NotReady(watch.live, watch.explained(f"not ready after {timeout:g} s"))
