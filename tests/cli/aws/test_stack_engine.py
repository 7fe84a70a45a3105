"""The engine of a destroy over a stack of the Automation API."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pulumi import automation as auto
from pulumi.automation import EngineEvent
from pulumi.automation.events import DiagnosticEvent

from mlops_cli.aws.stack_engine import StackEngine
from mlops_cli.ui import Ui


class Handle:
    """Stands for `auto.Stack`: says `errors` as events, then fails if there are any."""

    def __init__(self, errors: list[str], fails: bool) -> None:
        self.errors, self.fails = errors, fails
        self.options: dict[str, Any] = {}

    def export_stack(self) -> Any:
        return SimpleNamespace(deployment={"resources": [{"urn": "x"}]})

    def destroy(self, on_event: Any, **options: Any) -> None:
        self.options = options
        for text in self.errors:
            message = DiagnosticEvent(message=text, color="never", severity="error")
            on_event(EngineEvent(sequence=1, timestamp=1, diagnostic_event=message))
        if self.fails:
            raise auto.CommandError(auto.CommandResult(stdout="", stderr="the end", code=255))


def test_the_state_is_the_exported_deployment() -> None:
    assert StackEngine(Handle([], False), Ui()).state() == {"resources": [{"urn": "x"}]}  # type: ignore[arg-type]


def test_errors_of_the_engine_are_returned_and_the_rest_is_deleted_too() -> None:
    handle = Handle(["DependencyViolation: x", "update failed"], True)
    assert StackEngine(handle, Ui()).destroy() == ["DependencyViolation: x", "update failed"]  # type: ignore[arg-type]
    assert handle.options == {"continue_on_error": True}


def test_a_failure_without_events_is_told_by_what_the_engine_printed() -> None:
    (only,) = StackEngine(Handle([], True), Ui()).destroy()  # type: ignore[arg-type]
    assert "the end" in only


def test_no_failure_is_no_error_whatever_was_warned_of() -> None:
    assert StackEngine(Handle(["x"], False), Ui()).destroy() == []  # type: ignore[arg-type]
