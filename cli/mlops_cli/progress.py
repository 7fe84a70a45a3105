"""Turn the engine's event stream into lines a person can follow, and keep what failed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping

from pulumi.automation import EngineEvent, OpType
from pulumi.automation.events import DiagnosticEvent, PolicyEvent, StepEventMetadata

from mlops_policy.judging import LATER

VERBS: Mapping[OpType, tuple[str, str]] = {
    OpType.CREATE: ("creating", "created"),
    OpType.UPDATE: ("updating", "updated"),
    OpType.DELETE: ("deleting", "deleted"),
    OpType.REPLACE: ("replacing", "replaced"),
    OpType.CREATE_REPLACEMENT: ("creating the replacement of", "created the replacement of"),
    OpType.DELETE_REPLACED: ("deleting the replaced", "deleted the replaced"),
    OpType.IMPORT: ("importing", "imported"),
}
COLOUR = re.compile(r"<\{%.*?%\}>")
"""The engine's marks for colours in what policies say."""
QUIET_TYPES = ("pulumi:pulumi:Stack", "pulumi:providers:")


def describe(urn: str) -> str:
    """A resource in words: kind and name, from `urn:pulumi:<stack>::<project>::<types>::<name>`."""
    _, _, types, name = urn.split("::", 3)
    kind = types.rsplit("$", 1)[-1].rsplit(":", 1)[-1]
    return f"{kind} {name}"


class StackProgress:
    """Receives engine events; `report` shows what is under way, `line` what is done."""

    def __init__(self, report: Callable[[str], None], line: Callable[[str], None]) -> None:
        self._report = report
        self._line = line
        self._started: dict[str, float] = {}
        self.changes = 0
        self.errors: list[str] = []

    def on_event(self, event: EngineEvent) -> None:
        """Handle one event; meant for the `on_event` of the Automation API."""
        if event.resource_pre_event:
            self._step_started(event.resource_pre_event.metadata)
        elif event.res_outputs_event:
            self._step_done(event.res_outputs_event.metadata)
        elif event.diagnostic_event:
            self._diagnostic(event.diagnostic_event)
        elif event.policy_event:
            self._policy(event.policy_event)

    def _step_started(self, step: StepEventMetadata) -> None:
        verbs = VERBS.get(step.op)
        if verbs and not step.type.startswith(QUIET_TYPES):
            self._started[step.urn] = time.monotonic()
            self._report(f"{verbs[0]} {describe(step.urn)}")

    def _step_done(self, step: StepEventMetadata) -> None:
        verbs = VERBS.get(step.op)
        started = self._started.pop(step.urn, None)
        if verbs is None or started is None:
            return
        self.changes += 1
        self._line(f"  {verbs[1]} {describe(step.urn)} ({time.monotonic() - started:.1f} s)")
        if self._started:
            self._report(f"waiting for {describe(next(iter(self._started)))}")

    def _policy(self, event: PolicyEvent) -> None:
        about = f"{describe(event.resource_urn)}: " if event.resource_urn else ""
        text = " ".join(line.strip() for line in COLOUR.sub("", event.message).splitlines())
        said = f"policy {event.policy_name}: {about}{text}"
        if event.enforcement_level == "mandatory":
            self.errors.append(said)
        elif LATER not in text:
            # What a preview cannot decide is in the engine's own report, a line for each value.
            self._line(f"  {said}")

    def _diagnostic(self, event: DiagnosticEvent) -> None:
        text = event.message.strip()
        if not text:
            return
        if event.ephemeral or event.severity == "info#err":
            self._report(text)
        elif event.severity in {"error", "warning"}:
            about = f"{describe(event.urn)}: " if event.urn else ""
            self._line(f"  {event.severity}: {about}{text}")
            if event.severity == "error":
                self.errors.append(f"{about}{text}")
