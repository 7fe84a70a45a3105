"""500 alerts at once at a real Alertmanager that tells the receiver as the platform has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

import endpoint_stories
import real_alertmanager
from mlops_pipelines.remediation import records
from mlops_pipelines.remediation.records import Outcome
from mlops_serving.store import Store
from pulumi_mlops.alerts import render
from pulumi_mlops.alerts.rules import all_rules
from remediation_stories import TOKEN, Receiver, policy
from scripted_kubernetes import ScriptedKubernetes

pytestmark = pytest.mark.timeout(300)
Start = Callable[..., Receiver]
ALERTS = 500
(RULE,) = (
    rule
    for rule in all_rules(yaml.safe_load(render(endpoint_stories.ALERTS)))
    if rule.get("alert") == "MlopsInputDrift"
)


def drifted(number: int) -> dict[str, Any]:
    """As long as Prometheus tells it, with a version that is as long as the server lets one be."""
    return {
        "labels": {**RULE["labels"], "alertname": RULE["alert"], "version": f"{number}-".ljust(128, "x")},
        "annotations": RULE["annotations"],
        "generatorURL": f"http://prometheus-0:9090/graph?g0.expr={quote(RULE['expr'])}&g0.tab=1",
    }


def test_the_storm_is_one_message_that_is_taken_whole_and_one_decision(
    start: Start, cluster: ScriptedKubernetes, store: Store, binaries: Callable[[str], Path], tmp_path: Path
) -> None:
    receiver = start(policy())
    files = real_alertmanager.files(
        receivers=[
            {
                "name": "remediation",
                "kind": "webhook",
                "url": f"{receiver.url}/alerts",
                "bearer_token": TOKEN,
            }
        ],
        routes=None,
        pace={"group_wait": "2s"},
    )
    program = binaries("alertmanager") / "alertmanager"
    with real_alertmanager.running(program, tmp_path / "alertmanager", files) as manager:
        manager.tell([drifted(number) for number in range(ALERTS)])
        receiver.wait_for("done")
        failed = 'alertmanager_notification_requests_failed_total{integration="webhook"'
        assert manager.metric(failed) == 0
        assert manager.metric('alertmanager_notifications_total{integration="webhook"') == 1
    (begun, done) = records.read_back(store, ("mortgage",))
    assert (begun.alerts, done.alerts, done.outcome) == (ALERTS, ALERTS, Outcome.DONE)
    assert len(cluster.jobs) == 1
