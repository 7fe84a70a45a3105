"""What watches the platform, on the running `e2e` environment: collected, judged, told, acted on, kept."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest

from mlops_pipelines import mortgage
from monitored_platform import SYSTEM, alerts, empty_queries, instant, rules, targets, tell, told
from platform_releases import copy_version, open_store, release
from pulumi_mlops import dashboards
from running_platform import ROOT, VARIABLES, Platform, eventually, mlops

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]

Rows = npt.NDArray[np.float32]
MOST_BYTES = 2**30
DRIFTED_ROWS = 1000
RETRAINING = "mortgage-approval-pipeline-[0-9]+"
TRACE = secrets.token_hex(16)


def asked_predictions(platform: Platform, rows: Rows, **headers: str) -> None:
    """Real applications, as a client sends them."""
    url = f"{platform.endpoint['url']}/v2/models/mortgage/infer"
    httpx.post(url, json=mortgage.request(rows), headers=headers, timeout=30).raise_for_status()


@pytest.fixture(scope="module")
def rows() -> Rows:
    """The features of every application of the reference data."""
    return mortgage.clean(mortgage.load()).features


@pytest.fixture(scope="module")
def acting(platform: Platform) -> Iterator[None]:
    """The receiver of alerts does what its rules say, where it only records it in the environment's file."""
    in_earnest(platform, "false")
    yield
    in_earnest(platform, "true")


def in_earnest(platform: Platform, dry: str) -> None:
    platform.pulumi("config", "set", "--path", "mlops:remediation.dryRun", dry)
    platform.pulumi("up", "--yes", "--non-interactive")


def decisions(platform: Platform) -> list[tuple[str, bool]]:
    """How each recorded decision ended, and whether it was a dry run; the oldest first."""
    store, folder = open_store(platform), "remediations/mortgage"
    records = [json.loads(store.get(f"{folder}/{name}").data) for name in store.list(folder)]
    return [(record["outcome"], record["dry_run"]) for record in records]


def test_every_part_is_collected_without_hand_work(platform: Platform) -> None:
    wanted = [
        "alertmanager",
        "kube-state-metrics",
        "kubelet",
        "model-endpoint",
        "node-exporter",
        "otel-collector",
        "prometheus",
        "remediation",
    ]
    eventually(
        lambda: (
            sorted({target["labels"]["job"] for target in targets(platform)}) == wanted
            and {target["health"] for target in targets(platform)} == {"up"}
        ),
        120,
        "all parts are up",
    )


def test_every_rule_is_evaluated_without_an_error(platform: Platform) -> None:
    eventually(lambda: {rule["health"] for rule in rules(platform)} == {"ok"}, 120, "every rule is evaluated")
    assert len(rules(platform)) > 29


def test_the_whole_of_monitoring_uses_less_than_a_gibibyte(platform: Platform) -> None:
    used = (
        f'sum(container_memory_working_set_bytes{{namespace="{SYSTEM}",container!="",'
        'pod=~"(prometheus|alertmanager|kube-state-metrics|node-exporter|otel-collector|remediation)-.*"})'
    )
    eventually(lambda: bool(instant(platform, used)), 120, "the kubelet gives figures of containers")
    assert float(instant(platform, used)[0]["value"][1]) < MOST_BYTES


def test_every_query_of_every_dashboard_has_data(platform: Platform, rows: Rows) -> None:
    store = open_store(platform)
    copy_version(store, "1", "60")
    release(store, "1", "show it requests", candidate_version="60", mode="shadow", weight=100)
    absent = {dashboards.Needs.ALERTS, dashboards.Needs.KEDA, dashboards.Needs.SCHEDULE}
    wanted = [query for query in dashboards.queries() if query.needs not in absent]

    def empty() -> list[str]:
        asked_predictions(platform, rows[:50])
        return empty_queries(platform, wanted, 3600)

    try:
        eventually(lambda: not empty(), 180, "every query has data")
    finally:
        release(store, "1", "it was shown requests")
        assert empty() == []


def test_a_request_is_found_by_its_trace_in_the_log_and_in_the_collector(
    platform: Platform, rows: Rows
) -> None:
    asked_predictions(platform, rows[:1], traceparent=f"00-{TRACE}-{secrets.token_hex(8)}-01")
    line = mlops("logs", "mortgage", "--env", "e2e", "--request", TRACE, "--json").stdout.splitlines()
    assert [json.loads(text)["trace_id"] for text in line] == [TRACE]

    def spans() -> set[str]:
        log = platform.kubectl("logs", "-n", SYSTEM, "deployment/otel-collector", "--since=5m")
        return {text.split(TRACE)[0].split()[-1] for text in log.splitlines() if TRACE in text}

    eventually(lambda: len(spans()) >= 4, 60, "request, queue, batch and prediction are collected")


def test_alertmanager_keeps_tickets_of_an_endpoint_that_is_down_to_itself(platform: Platform) -> None:
    common = {"endpoint": "elsewhere", "owner": "nobody"}
    tell(
        platform,
        [
            {"labels": {"alertname": "MlopsEndpointDown", "severity": "page", **common}},
            {"labels": {"alertname": "MlopsPodsNotReady", "severity": "ticket", **common}},
        ],
    )

    def states() -> list[str]:
        tickets = told(platform, "alertname=MlopsPodsNotReady", "endpoint=elsewhere")
        return [ticket["status"]["state"] for ticket in tickets]

    eventually(lambda: states() == ["suppressed"], 30, "the ticket is inhibited")


def test_a_storm_of_500_alerts_is_survived(platform: Platform) -> None:
    storm = [
        {"labels": {"alertname": "MlopsInputDrift", "severity": "ticket", "endpoint": f"unknown-{number}"}}
        for number in range(500)
    ]
    tell(platform, storm)
    eventually(lambda: len(told(platform, "endpoint=~unknown-.*")) == 500, 30, "all are taken")
    ready = platform.get("pods", "-n", SYSTEM, "-l", "app.kubernetes.io/name=remediation")["items"]
    assert [sum(c["restartCount"] for c in pod["status"]["containerStatuses"]) for pod in ready] == [0]


def told_of_drift() -> set[tuple[str, str]]:
    """Version and feature of what `mlops drift` says has drifted."""
    features = json.loads(mlops("drift", "mortgage", "--env", "e2e", "--json").stdout)["features"]
    return {(each["version"], each["feature"]) for each in features if each["verdict"] == "drifted"}


def drifted(platform: Platform) -> set[tuple[str, str]]:
    """The same by the condition of the alert."""
    condition = "mlops:drift_psi:1h > mlops:drift_threshold:1h and mlops:drift_rows:1h >= 100"
    found = [series["metric"] for series in instant(platform, condition)]
    return {(labels["version"], labels["feature"]) for labels in found}


def begun(platform: Platform) -> dict[str, str]:
    """Since when (UTC, in whole seconds as Prometheus keeps it) the alert fires on which version's inputs."""
    firing = [alert for alert in alerts(platform, "MlopsInputDrift") if alert["state"] == "firing"]
    return {alert["labels"]["version"]: alert["activeAt"][:19] for alert in firing}


def test_real_applications_of_another_kind_alert_and_the_model_is_trained_anew(
    platform: Platform, acting: None, rows: Rows
) -> None:
    denied = rows[mortgage.clean(mortgage.load()).labels == 0]
    for _ in range(0, DRIFTED_ROWS, len(denied)):
        asked_predictions(platform, denied)
    eventually(
        lambda: any(alert["state"] == "firing" for alert in alerts(platform, "MlopsInputDrift")),
        300,
        "the drift alerts",
    )
    assert "MlopsInputDrift" in mlops("alerts", "e2e", check=False).stdout
    eventually(lambda: told_of_drift() == drifted(platform) != set(), 60, "the command decides as the alert")

    def retraining() -> list[dict[str, Any]]:
        jobs = platform.get("jobs", "-n", "mlops-models")["items"]
        return [job for job in jobs if re.fullmatch(RETRAINING, job["metadata"]["name"])]

    eventually(lambda: len(retraining()) == 1, 120, "the receiver starts the pipeline")
    eventually(
        lambda: retraining()[0]["status"].get("succeeded") == 1, 300, "the pipeline has run to its end"
    )
    assert [outcome for outcome, dry in decisions(platform) if not dry] == ["begun", "done"]


def test_the_page_shows_the_drifted_endpoint(platform: Platform) -> None:
    program = str(Path(sys.executable).parent / "mlops")
    environment = {**os.environ, **VARIABLES, "PYTHONUNBUFFERED": "1"}
    command = [program, "dashboard", "e2e", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as page:
        assert page.stdout is not None
        try:
            origin = page.stdout.readline().split()[0]
            asked = {"endpoint": "mortgage", "span": "15m"}
            with httpx.stream("GET", f"{origin}/events", params=asked, timeout=60) as answer:
                event = next(line for line in answer.iter_lines() if line.startswith("data: "))
        finally:
            page.send_signal(signal.SIGINT)
    shown = json.loads(event.removeprefix("data: "))
    assert shown["problem"] is None
    assert [(each["name"], each["wanted"]) for each in shown["overview"]["endpoints"]] == [("mortgage", 1)]
    assert "MlopsInputDrift" in [alert["name"] for alert in shown["overview"]["alerts"]]
    assert all(chart["times"] for chart in shown["detail"]["charts"].values())
    assert shown["detail"]["drift"]["features"][0]["verdict"] == "drifted"


def test_a_killed_prometheus_keeps_history_and_alerts(platform: Platform) -> None:
    before = begun(platform)
    assert before
    then = datetime.now(UTC).timestamp()
    series = 'process_start_time_seconds{job="prometheus"}'
    started = instant(platform, series)[0]["value"][1]
    platform.kubectl("delete", "pod", "prometheus-0", "-n", SYSTEM, "--grace-period=0", "--force")
    eventually(
        lambda: any(s["value"][1] != started for s in instant(platform, series)),
        180,
        "another Prometheus collects itself",
    )
    assert instant(platform, series, time=f"{then}")[0]["value"][1] == started
    eventually(
        lambda: before.items() <= begun(platform).items(), 180, "the alerts are known since when they were"
    )
