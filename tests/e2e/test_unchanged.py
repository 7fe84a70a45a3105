"""How long the commands take that change nothing on a platform that is up."""

from __future__ import annotations

import logging
import time

import pytest

from running_platform import ROOT, Platform, eventually, mlops
from scaled_platform import NAME, SELDOM, pods, servers

FIGURES = logging.getLogger("figures")
BAR_SECONDS = 3.0
UP_IN_PREVIEWS = 4
"""It previews and updates, each with a run of the program, and looks at the node, images and endpoints."""
RUNS = 5

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600), pytest.mark.quiet]


def seconds(platform: Platform, *options: str) -> float:
    """What one preview takes."""
    start = time.monotonic()
    platform.pulumi("preview", "--expect-no-changes", "--non-interactive", *options)
    return time.monotonic() - start


@pytest.fixture(scope="module")
def previews(scaled: Platform) -> tuple[float, float]:
    """Seconds of a preview alone, and of one that the pack judges: the shortest of some.

    What else a machine does only adds, and may for a minute; so each is measured beside the other.
    """
    pack = ("--policy-pack", str(ROOT / "policy"))
    alone, judged = zip(*((seconds(scaled), seconds(scaled, *pack)) for _ in range(RUNS)), strict=True)
    return min(alone), min(judged)


def test_the_pack_adds_less_than_three_seconds_to_a_preview(previews: tuple[float, float]) -> None:
    alone, judged = previews
    FIGURES.info(f"preview: {alone:.1f} s, with the pack: {judged:.1f} s")
    assert judged - alone < BAR_SECONDS


def test_a_second_up_takes_no_longer_than_four_previews(previews: tuple[float, float]) -> None:
    _, judged = previews
    start = time.monotonic()
    again = mlops("up", NAME, environment=NAME)
    took = time.monotonic() - start
    FIGURES.info(f"second up: {took:.1f} s, a preview: {judged:.1f} s")
    assert "  no change" in again.stdout.splitlines()
    assert took < UP_IN_PREVIEWS * judged


def test_up_wakes_no_endpoint_that_nobody_asks(scaled: Platform) -> None:
    eventually(lambda: pods(scaled, SELDOM) == (0, 0) and not servers(scaled, SELDOM), 240, "no pods")
    said = mlops("up", NAME, environment=NAME).stdout
    assert "not asked, as it has no pod: a request starts one" in said.splitlines()
    assert pods(scaled, SELDOM) == (0, 0)
