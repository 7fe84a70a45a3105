"""Settings that are read, compared and written one by one, so that any number of runs ends in the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """What became of a setting, or would."""

    UNCHANGED = "unchanged"
    CREATED = "created"
    MENDED = "mended"


@dataclass(frozen=True)
class Step:
    """One setting: what it is and what became of it; `before` is what was mended."""

    what: str
    state: State
    before: str = ""


@dataclass(frozen=True)
class Setting:
    """One setting: how it is read (None: it is not there), what it should be, how it is written."""

    what: str
    read: Callable[[], Any]
    wanted: Any
    write: Callable[[], Any]
    same: Callable[[Any, Any], bool] = lambda found, wanted: bool(found == wanted)

    def settle(self, *, check: bool) -> Step:
        """Write the setting unless it is right already, or this is only a check."""
        found = self.read()
        if found is not None and self.same(found, self.wanted):
            return Step(self.what, State.UNCHANGED)
        if not check:
            self.write()
        if found is None:
            return Step(self.what, State.CREATED)
        return Step(self.what, State.MENDED, str(found))
