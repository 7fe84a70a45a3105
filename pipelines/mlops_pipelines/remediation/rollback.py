"""Rolling an endpoint back: the next record of its release log names the version before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from mlops_pipelines.release_log import append_anew
from mlops_pipelines.remediation.notifications import Incident
from mlops_pipelines.remediation.records import Outcome
from mlops_serving import release
from mlops_serving.release import Release
from mlops_serving.store import Store

WHO = "remediation"
LOOK_BACK = 50
"""Records in which another version is looked for."""


class Result(NamedTuple):
    """How an action ended: DONE, FAILED (may be tried again) or REFUSED (makes no sense), and why."""

    outcome: Outcome
    detail: str


def roll_back(store: Store, incident: Incident, identity: str, within: timedelta) -> Result:
    """Append the release that goes back, unless this remediation has done so already.

    Raises:
        ServingError: the store failed, or somebody else releases all the time.
    """

    def wanted(now: Release | None) -> Release | Result:
        if now is None:
            return Result(Outcome.REFUSED, "the endpoint has no release")
        return decide(now, partial(release.record, store, incident.endpoint), incident, identity, within)

    made = append_anew(store, incident.endpoint, wanted)
    return _done(made) if isinstance(made, Release) else made


def decide(
    now: Release,
    earlier: Callable[[int], Release],
    incident: Incident,
    identity: str,
    within: timedelta,
) -> Release | Result:
    """The record that goes back from `now`, or why there is none. `earlier` gives a record by its number.

    A candidate that is being tried goes, and stable stays. Otherwise the newest earlier release of another
    stable version is gone back to. A rollback is never rolled back: that would bring back what failed.
    Nor is a release that was older than `within` when the alert began: it is not the cause.
    """
    if now.who == WHO:
        if _mark(identity) in now.why:
            return _done(now)
        return Result(
            Outcome.REFUSED,
            f"release {now.number} was a rollback already; what to serve is for a person to decide",
        )
    if incident.since - now.when > within:
        return Result(
            Outcome.REFUSED,
            f"release {now.number} was more than {within.total_seconds():.0f} s old when the alert began; "
            "what to serve is for a person to decide",
        )
    if now.mode != "stable":
        return _back(now, now, f"the {now.mode} of version {now.candidate_version}", incident, identity)
    for number in range(now.number - 1, max(0, now.number - 1 - LOOK_BACK), -1):
        before = earlier(number)
        if before.stable_version != now.stable_version:
            return _back(now, before, f"version {now.stable_version}", incident, identity)
    return Result(Outcome.REFUSED, "there is no earlier release of another version")


def _back(now: Release, to: Release, what: str, incident: Incident, identity: str) -> Release:
    return Release(
        number=now.number + 1,
        endpoint=now.endpoint,
        model=to.model,
        stable_version=to.stable_version,
        who=WHO,
        when=datetime.now(UTC),
        why=f"rolled back from {what} (release {now.number}) for alert {incident.alert}, {_mark(identity)}",
        gates=to.gates,
        previous=now.number,
    )


def _mark(identity: str) -> str:
    return f"remediation {identity}"


def _done(made: Release) -> Result:
    return Result(Outcome.DONE, f"release {made.number} serves version {made.stable_version} again")
