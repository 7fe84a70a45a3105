"""The one thread that decides and acts, behind a bounded queue.

Before an action its record is written, so a receiver that dies in between knows of it afterwards; where
the store does not take the record, nothing is done.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from mlops_pipelines.errors import PipelineError
from mlops_pipelines.remediation import counters, decisions, records
from mlops_pipelines.remediation.counters import Counters
from mlops_pipelines.remediation.notifications import Incident
from mlops_pipelines.remediation.records import Outcome, Record
from mlops_pipelines.remediation.rollback import Result
from mlops_pipelines.remediation.settings import Action, Policy, Rule
from mlops_serving.errors import ServingError, StoreError
from mlops_serving.logs import log
from mlops_serving.store import Store

QUEUE = 16
"""Notifications that may wait; Alertmanager sends again what did not fit."""
RETRY_SECONDS = 2.0
SHORTEST = timedelta(microseconds=1)
Batch = tuple[Incident, ...]


class Act(Protocol):
    """Takes an action and says how it ended; raises `PipelineError` or `ServingError` if it failed."""

    def __call__(self, incident: Incident, rule: Rule, identity: str, /) -> Result: ...


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class Worker:
    """Takes batches from its queue and answers for each incident in them."""

    def __init__(
        self,
        policy: Policy,
        store: Store,
        actions: dict[Action, Act],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._policy, self._store, self._actions, self._clock = policy, store, actions, clock
        self._queue: queue.Queue[Batch | None] = queue.Queue(QUEUE)
        self._memory = decisions.Memory(policy.dry_run)
        self._last = datetime.min.replace(tzinfo=UTC)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="remediation", daemon=True)
        self.ready = False
        self.counters = Counters(policy.dry_run, self._queue.qsize)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Read back what was recorded, and then work."""
        self._thread.start()

    def offer(self, batch: Batch) -> bool:
        """Put a batch into the queue; False if it is full."""
        try:
            self._queue.put_nowait(batch)
        except queue.Full:
            return False
        return True

    def stop(self, seconds: float) -> None:
        """Finish what waits, for so long at most."""
        self._stopping.set()
        try:
            self._queue.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._recalled():
            if self._stopping.wait(RETRY_SECONDS):
                return
        self.ready = True
        while (batch := self._queue.get()) is not None:
            for incident in batch:
                try:
                    self.handle(incident)
                except Exception:
                    log.exception("an incident was not answered for a reason that is a bug")

    def _recalled(self) -> bool:
        try:
            found = records.read_back(self._store, self._policy.endpoints)
        except ServingError as error:
            log.error("what was done before cannot be read", extra={"fields": {"why": str(error)}})
            return False
        self._memory = decisions.recalled(found, self._policy.dry_run)
        return True

    def handle(self, incident: Incident) -> None:
        """Decide about one incident, and act."""
        rule = self._policy.rule_for(incident.alert, incident.endpoint)
        if rule is None:
            return
        now = self._now()
        decided = decisions.decide(incident, rule, self._policy, self._memory, now)
        record = self._record(incident, rule, decided.id, decided.outcome, decided.detail, now)
        if decided.outcome is Outcome.REPEAT:
            self._tell(record)
            return
        if not self._keep(record) or decided.outcome is not Outcome.BEGUN:
            return
        result = self._act(incident, rule, decided.id)
        self._keep(self._record(incident, rule, decided.id, result.outcome, result.detail, self._now()))

    def _act(self, incident: Incident, rule: Rule, identity: str) -> Result:
        try:
            return self._actions[rule.action](incident, rule, identity)
        except (PipelineError, ServingError) as error:
            return Result(Outcome.FAILED, str(error))
        except Exception as error:
            log.exception("an action failed for a reason that is a bug")
            return Result(Outcome.FAILED, f"a bug: {error!r}")

    def _keep(self, record: Record) -> bool:
        """Tell of a record, write it and remember it; False if the store did not take it.

        What was done is remembered in any case; what was not begun for want of a record is not.
        """
        self._tell(record)
        try:
            records.write(self._store, record)
        except StoreError as error:
            log.error(
                "a decision could not be recorded", extra={"fields": {"id": record.id, "why": str(error)}}
            )
            self.counters.add(counters.UNRECORDED)
            if record.outcome is Outcome.BEGUN:
                return False
            self._memory = decisions.remember(self._memory, record)
            return False
        self._memory = decisions.remember(self._memory, record)
        return True

    def _tell(self, record: Record) -> None:
        self.counters.add(counters.DECISIONS, record.action, record.outcome)
        level = 40 if record.outcome is Outcome.FAILED else 20
        fields = record.model_dump(mode="json", exclude={"schema_version", "at"})
        log.log(level, "remediation %s", record.outcome, extra={"fields": fields})

    def _record(
        self, incident: Incident, rule: Rule, identity: str, outcome: Outcome, detail: str, at: datetime
    ) -> Record:
        return Record(
            id=identity,
            at=at,
            alert=incident.alert,
            endpoint=incident.endpoint,
            labels=incident.labels,
            alerts=incident.alerts,
            action=rule.action,
            dry_run=self._policy.dry_run,
            outcome=outcome,
            detail=detail,
        )

    def _now(self) -> datetime:
        """The time, later than each time before: the records' order is that of the decisions."""
        self._last = max(self._clock(), self._last + SHORTEST)
        return self._last
