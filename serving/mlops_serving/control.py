"""What the supervisor tells its workers: one JSON object a line, `{"action": ..., "model": ...}`."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

import orjson


class Action(Enum):
    """Of the model repository extension of the V2 protocol."""

    LOAD = "load"
    UNLOAD = "unload"


class Command(NamedTuple):
    """An action on one model."""

    action: Action
    model: str

    def line(self) -> bytes:
        """As it is sent."""
        return orjson.dumps({"action": self.action.value, "model": self.model}) + b"\n"


def parse_command(line: str) -> Command:
    """The command in a line that `Command.line` wrote."""
    document = orjson.loads(line)
    return Command(Action(document["action"]), document["model"])
