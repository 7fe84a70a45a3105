"""Where in somebody else's code an exception came from, for messages and logs: lines, never values."""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path
from typing import Final

_OWN: Final = str(Path(__file__).parent)
_PYTHON: Final = sysconfig.get_path("stdlib")
_SHOWN: Final = 3


def place_of(error: BaseException) -> str:
    """The innermost calls as `file.py:4 in load > ...`, without the server's and Python's own; "" if none."""
    frames = [
        f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}"
        for frame in traceback.StackSummary.extract(
            traceback.walk_tb(error.__traceback__), lookup_lines=False
        )
        if _is_others(frame.filename)
    ]
    return " > ".join(frames[-_SHOWN:])


def _is_others(file: str) -> bool:
    inside_python = file.startswith(_PYTHON) and "-packages" not in file
    return not inside_python and not file.startswith((_OWN, "<frozen"))


def describe(error: BaseException) -> str:
    """Type, text and place of an exception in a line of bounded length."""
    place = place_of(error)
    text = f"{type(error).__name__}: {str(error)[:300]}"
    return f"{text} ({place})" if place else text
