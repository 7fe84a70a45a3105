"""Waiting for what no event tells: processes, groups and devices that go, add-ons that come up."""

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Whether `condition` came to hold within `seconds`; it is asked at least once, then every `pause`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
