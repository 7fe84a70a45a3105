"""Which thread goes first where cores are few: the event loop, then models, then all that can wait.

    event loop, HTTP server ─▶ models (10 nicer) ─▶ shadow, drift, request log (15 nicer)

A model computes for long; whoever reads, refuses and answers needs the core for moments, but at once.
"""

from __future__ import annotations

import os
import threading
from typing import Final

MODEL: Final = 10
BACKGROUND: Final = 15
_NICEST: Final = 19


def lower_priority(by: int = BACKGROUND) -> None:
    """Make the calling thread nicer than the one that started it: on Linux each has a niceness of its own."""
    own = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, own, min(_NICEST, os.getpriority(os.PRIO_PROCESS, own) + by))
