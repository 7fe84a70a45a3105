"""Waiting for the servers a pipeline needs: Jobs start in any order."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from mlops_pipelines.errors import Unreachable

WAIT_SECONDS = 180.0
POLL_SECONDS = 1.0


def wait_for(what: str, url: str, report: Callable[[str], None], seconds: float = WAIT_SECONDS) -> None:
    """Wait until a server answers HTTP with anything but a server error (5xx).

    Raises:
        Unreachable: not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    said = False
    while problem := _problem(url):
        if time.monotonic() > deadline:
            raise Unreachable(
                f"{what} at {url} did not answer within {seconds:.0f} s: {problem}; "
                "check that it runs and that the network lets this pod through"
            )
        if not said:
            report(f"waiting for {what} at {url}")
            said = True
        time.sleep(POLL_SECONDS)


def _problem(url: str) -> str:
    try:
        status = httpx.get(url, timeout=5).status_code
    except httpx.HTTPError as error:
        return str(error)
    return f"status {status}" if status >= httpx.codes.INTERNAL_SERVER_ERROR else ""
