"""The engine that a destroy needs, over the Automation API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi import automation as auto

from mlops_cli.progress import StackProgress
from mlops_cli.ui import Ui
from mlops_cli.up import engine_stops_first


class StackEngine:
    """One stack, as `destroy.DestroyEngine`."""

    def __init__(self, handle: auto.Stack, ui: Ui) -> None:
        self._handle = handle
        self._ui = ui

    def state(self) -> Mapping[str, Any]:
        """The exported state's `deployment`."""
        exported = self._handle.export_stack().deployment
        return exported if isinstance(exported, Mapping) else {}

    def destroy(self) -> Sequence[str]:
        """One `pulumi destroy`, which goes on past errors: what can go goes now, not at the next attempt."""
        progress = StackProgress(self._ui.report, self._ui.line)
        try:
            with engine_stops_first():
                self._handle.destroy(on_event=progress.on_event, continue_on_error=True)
        except auto.CommandError as error:
            return progress.errors or [str(error)]
        return []
