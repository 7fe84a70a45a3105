"""500 alerts at once, at a real Alertmanager with the configuration of Monitoring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import pytest

import pulumi_mlops as mlops
import real_alertmanager
from alert_receivers import Hook
from component_samples import make
from pulumi_mlops import checks
from real_alertmanager import Alertmanager, alert
from recording_engine import registered
from serving_process import wait_until

pytestmark = pytest.mark.timeout(300)
Run = Callable[[Mapping[str, str]], AbstractContextManager[Alertmanager]]
ALERTS = 500
GROWTH = 48 << 20
"""Bytes, of which Go keeps most after it has freed them."""


@pytest.fixture(scope="module")
def limit() -> int:
    """The most memory that the pod may use."""
    recording = registered(lambda: make(mlops.Monitoring, "mon"))
    spec = recording.of("StatefulSet", "mon-alertmanager").inputs["spec"]["template"]["spec"]
    return checks.bytes_of(spec["containers"][0]["resources"]["limits"]["memory"])


@pytest.mark.parametrize(
    ("endpoints", "most_messages"),
    [
        # A message when the time to wait is over, and one for what came after.
        (2, 2 * 2),
        (ALERTS, ALERTS),
    ],
    ids=["of two endpoints", "each of its own endpoint"],
)
def test_each_alert_is_told_and_each_endpoint_is_a_message(
    endpoints: int, most_messages: int, limit: int, run: Run
) -> None:
    storm = [
        alert(
            "MlopsInputDrift",
            endpoint=f"endpoint-{number % endpoints}",
            feature=f"feature-{number}",
            hostile=f"{number}" * 60,
        )
        for number in range(ALERTS)
    ]
    with Hook().serving() as hook:
        with run(configured(hook)) as manager:
            before = manager.resident_bytes()
            manager.tell(storm)
            wait_until(lambda: len({each["feature"] for each in hook.labels()}) == ALERTS, 60)
            assert manager.is_ready()
            assert len(manager.alerts()) == ALERTS
            after = manager.resident_bytes()
        assert endpoints <= len(hook.told) <= most_messages
        assert all(message["truncatedAlerts"] == 0 for message in hook.told)
    assert after - before < GROWTH
    assert after < limit


def configured(hook: Hook) -> dict[str, Any]:
    """With a second to wait, and a minute between messages about the same."""
    return real_alertmanager.files(
        receivers=[{"name": "hook", "kind": "webhook", "url": hook.url}],
        routes=None,
        pace={"group_wait": "1s", "group_interval": "1m"},
    )
