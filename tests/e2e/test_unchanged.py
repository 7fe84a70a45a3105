"""How long the commands take that change nothing on a platform that is up."""

from __future__ import annotations

import logging
import time

import pytest

from running_platform import ROOT, Platform, mlops
from scaled_platform import NAME

FIGURES = logging.getLogger("figures")
BAR_SECONDS = 3.0
SECOND_UP_SECONDS = 25.0
RUNS = 3

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600), pytest.mark.quiet]


def seconds(platform: Platform, *options: str) -> float:
    """The shortest of a few previews: what else the machine does only adds."""
    found = []
    for _ in range(RUNS):
        start = time.monotonic()
        platform.pulumi("preview", "--expect-no-changes", "--non-interactive", *options)
        found.append(time.monotonic() - start)
    return min(found)


def test_the_pack_adds_less_than_three_seconds_to_a_preview(scaled: Platform) -> None:
    alone, judged = seconds(scaled), seconds(scaled, "--policy-pack", str(ROOT / "policy"))
    FIGURES.info(f"preview: {alone:.1f} s, with the pack: {judged:.1f} s")
    assert judged - alone < BAR_SECONDS


def test_a_second_up_is_quick(scaled: Platform) -> None:
    start = time.monotonic()
    again = mlops("up", NAME, environment=NAME)
    took = time.monotonic() - start
    FIGURES.info(f"second up: {took:.1f} s")
    assert "  no change" in again.stdout.splitlines()
    assert took < SECOND_UP_SECONDS
