"""What the terminal shows: phases with their times, a live status line, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status
from rich.table import Table


class Ui:
    """Progress of one command; a terminal gets a spinner, anything else gets one line a step."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._status: Status | None = None
        self._phases: list[tuple[str, float]] = []

    def report(self, line: str) -> None:
        """Say what is going on now."""
        if self._status is not None:
            self._status.update(line)
        else:
            self.console.print(f"  {line}", markup=False)

    def line(self, text: str) -> None:
        """Print a line that stays."""
        self.console.print(text, markup=False)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Announce a phase, time it, and keep the time for `phase_table`."""
        started = time.monotonic()
        try:
            if self.console.is_terminal:
                with self.console.status(name) as self._status:
                    yield
            else:
                self.line(f"{name} ...")
                yield
        except KeyboardInterrupt:
            self.line(f"{name}: interrupted; run the same command again, it goes on from here")
            raise
        finally:
            self._status = None
        seconds = time.monotonic() - started
        self._phases.append((name, seconds))
        self.line(f"{name}: {seconds:.1f} s")

    def phase_table(self) -> Table:
        """Every finished phase with its seconds, and their sum."""
        table = Table("phase", "seconds", title="Where the time went", title_justify="left")
        table.columns[1].justify = "right"
        for name, seconds in self._phases:
            table.add_row(name, f"{seconds:.1f}")
        table.add_section()
        table.add_row("total", f"{sum(seconds for _, seconds in self._phases):.1f}")
        return table
