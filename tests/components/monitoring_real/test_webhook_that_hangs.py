"""A webhook that takes the connection and never answers, told by a real Alertmanager."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

import pytest

import real_alertmanager
from alert_receivers import Hook
from pulumi_mlops.receivers import WEBHOOK_SECONDS, Pace
from real_alertmanager import Alertmanager, alert
from serving_process import wait_until

pytestmark = pytest.mark.timeout(300)
Run = Callable[[Mapping[str, str]], AbstractContextManager[Alertmanager]]
SOON = 10.0
"""Seconds for what takes one, on a machine that is busy."""


def test_it_delays_no_other_receiver_and_is_asked_again_long_before_the_next_message(run: Run) -> None:
    with Hook(hanging=1_000).serving() as stuck, Hook(hanging=1).serving() as late, Hook().serving() as fine:
        hooks = {"stuck": stuck, "late": late, "fine": fine}
        files = real_alertmanager.files(
            receivers=[{"name": name, "kind": "webhook", "url": hook.url} for name, hook in hooks.items()],
            routes=None,
            pace={"group_wait": "1s"},
        )
        with run(files) as manager:
            begun = time.monotonic()
            manager.tell([alert("MlopsInputDrift", endpoint="mortgage")])
            wait_until(lambda: stuck.asked == late.asked == len(fine.told) == 1)
            manager.tell([alert("MlopsInputDrift", endpoint="other")])
            wait_until(lambda: len(fine.told) == 2 and stuck.asked == 2)
            assert fine.times[-1] - begun < SOON
            assert stuck.told == []
            assert manager.is_ready()

            wait_until(lambda: len(late.told) == 2, WEBHOOK_SECONDS + SOON)
            assert {labels["endpoint"] for labels in late.labels()} == {"mortgage", "other"}
            wait_until(lambda: stuck.asked > 2)
            assert time.monotonic() - begun < seconds_of(Pace().group_interval) / 2
            assert manager.is_ready()


def test_more_of_the_same_is_told_to_others_while_it_hangs(run: Run) -> None:
    with Hook(hanging=1_000).serving() as stuck, Hook().serving() as fine:
        files = real_alertmanager.files(
            receivers=[
                {"name": "stuck", "kind": "webhook", "url": stuck.url},
                {"name": "fine", "kind": "webhook", "url": fine.url},
            ],
            routes=None,
            pace=real_alertmanager.PACE,
        )
        with run(files) as manager:
            manager.tell([alert("MlopsInputDrift", endpoint="mortgage", feature="age")])
            wait_until(lambda: stuck.asked == len(fine.told) == 1)
            manager.tell([alert("MlopsInputDrift", endpoint="mortgage", feature="income")])
            wait_until(lambda: len(fine.told) == 2, SOON)
            assert stuck.told == []
            assert {labels["feature"] for labels in fine.labels()} == {"age", "income"}


def seconds_of(duration: str) -> float:
    return {"s": 1, "m": 60}[duration[-1]] * float(duration[:-1])
