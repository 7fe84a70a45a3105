"""Whether to act on an incident: a fold over the records of what was done before. Pure.

The receiver's memory is `remember` over its records, one after the other, whether they were written just
now or read back after a restart; so both decide alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mlops_pipelines.remediation.notifications import Incident
from mlops_pipelines.remediation.records import Outcome, Record
from mlops_pipelines.remediation.settings import Policy, Rule

HOUR = timedelta(hours=1)
ID_DIGITS = 12
"""More than in the number that a CronJob gives its Jobs, so the two never meet."""


@dataclass(frozen=True)
class Attempt:
    """The last action about an alert of an endpoint; one not `finished` failed, or its end is not known."""

    id: str
    at: datetime
    finished: bool


@dataclass(frozen=True)
class Memory:
    """What counts of the past: the last attempt by (alert, endpoint), and when the last hour's began.

    A dry run remembers dry runs only, and an earnest receiver earnest actions only: what would have been
    done keeps nothing from being done.
    """

    dry_run: bool
    last: Mapping[tuple[str, str], Attempt] = field(default_factory=dict)
    recent: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Decision:
    """`outcome` is BEGUN where the action is to be taken, else why it is not; `detail` is for people."""

    outcome: Outcome
    id: str
    detail: str = ""


def decide(incident: Incident, rule: Rule, policy: Policy, memory: Memory, now: datetime) -> Decision:
    """What to do about an incident.

    An incident that began before the last action about its alert and endpoint was answered by it: it is a
    repetition, unless that action failed, which is then tried again under the same number. A later one
    waits for the cooldown. All together stay under the hourly maximum, dry runs too.
    """
    last = memory.last.get((incident.alert, incident.endpoint))
    answered = last is not None and incident.since <= last.at
    if last and answered and last.finished:
        return Decision(Outcome.REPEAT, last.id, f"answered at {last.at:%Y-%m-%d %H:%M:%S} UTC")
    if last and not answered:
        over = last.at + timedelta(seconds=rule.cooldown_seconds)
        if now < over:
            detail = f"the last action was {last.id}; the cooldown is over at {over:%Y-%m-%d %H:%M:%S} UTC"
            return Decision(Outcome.COOLDOWN, new_id(incident, rule), detail)
    identity = last.id if last and answered else new_id(incident, rule)
    if sum(now - at < HOUR for at in memory.recent) >= policy.max_actions_per_hour:
        detail = f"there were {policy.max_actions_per_hour} actions in the last hour, which is the most"
        return Decision(Outcome.LIMIT, identity, detail)
    return Decision(Outcome.DRY_RUN if policy.dry_run else Outcome.BEGUN, identity)


def remember(memory: Memory, record: Record) -> Memory:
    """The memory after one more record."""
    if record.dry_run != memory.dry_run:
        return memory
    key = (record.alert, record.endpoint)
    last = memory.last.get(key)
    if record.outcome in (Outcome.BEGUN, Outcome.DRY_RUN):
        attempt = Attempt(record.id, record.at, record.outcome is Outcome.DRY_RUN)
        recent = tuple(at for at in memory.recent if record.at - at < HOUR)
        return replace(memory, last={**memory.last, key: attempt}, recent=(*recent, record.at))
    if record.outcome in (Outcome.DONE, Outcome.REFUSED) and last and last.id == record.id:
        return replace(memory, last={**memory.last, key: replace(last, finished=True)})
    return memory


def recalled(records: Iterable[Record], dry_run: bool) -> Memory:
    """The memory that was there after these records, in whatever order they come."""
    memory = Memory(dry_run)
    for record in sorted(records, key=lambda one: one.at):
        memory = remember(memory, record)
    return memory


def new_id(incident: Incident, rule: Rule) -> str:
    """The number of an action, the same each time an incident is seen: digits, as names of Jobs end in."""
    text = "\n".join((incident.alert, incident.endpoint, rule.action, incident.since.isoformat()))
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % 10**ID_DIGITS
    return str(number).zfill(ID_DIGITS)
