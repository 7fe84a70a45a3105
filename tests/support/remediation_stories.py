"""Alerts as Alertmanager tells of them, and the receiver's process that hears of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlops_pipelines.remediation.notifications import Incident
from mlops_pipelines.remediation.settings import Action, Policy, Rule
from mlops_serving import release
from mlops_serving.release import Release
from mlops_serving.store import Store
from serving_process import free_port, wait_until

TOKEN = "a-token-of-the-tests"
DEADLINE = 90.0
"""For what takes no time by itself, on a machine that is busy."""
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "approval-pipeline", "namespace": "models", "labels": {"of": "pipeline"}},
    "spec": {
        "backoffLimit": 2,
        "template": {"spec": {"containers": [{"name": "pipeline", "env": [{"name": "A", "value": "b"}]}]}},
    },
}


def rule(alert: str = "MlopsInputDrift", action: str = "retrain", **more: Any) -> Rule:
    return Rule(alert=alert, action=Action(action), **more)


def policy(*rules: Rule, dry_run: bool = False, **more: Any) -> Policy:
    return Policy(
        dry_run=dry_run, rules=rules or (rule(),), endpoints=more.pop("endpoints", ("mortgage",)), **more
    )


def incident(minutes: float = 0, alert: str = "MlopsInputDrift", endpoint: str = "mortgage") -> Incident:
    """One that began so many minutes after noon."""
    labels = {"alertname": alert, "endpoint": endpoint}
    return Incident(alert, endpoint, NOON + timedelta(minutes=minutes), labels)


def alert(
    name: str = "MlopsInputDrift",
    endpoint: str = "mortgage",
    status: str = "firing",
    since: datetime = NOON,
    **labels: str,
) -> dict[str, Any]:
    """One alert of a notification, with all that Alertmanager writes."""
    return {
        "status": status,
        "labels": {"alertname": name, "endpoint": endpoint, "severity": "ticket", **labels},
        "annotations": {"summary": "of the tests"},
        "startsAt": since.isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph",
        "fingerprint": "a" * 16,
    }


def notification(*alerts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": "4",
        "groupKey": '{}:{alertname="x"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "remediation",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": list(alerts),
    }


def released(store: Store, *versions: str, endpoint: str = "mortgage", **last: Any) -> None:
    """A log of stable releases of these versions; `last` changes the last one."""
    for number, version in enumerate(versions, start=1):
        more = last if number == len(versions) else {}
        release.append(store, record_of(number, version, endpoint=endpoint, **more))


def record_of(number: int, version: str, **changes: Any) -> Release:
    fields: dict[str, Any] = {
        "number": number,
        "endpoint": "mortgage",
        "model": "mortgage",
        "stable_version": version,
        "who": "a person",
        "when": NOON,
        "why": "because",
        "gates": {"of": version},
        "previous": number - 1 or None,
    }
    return Release(**fields | changes)


class Receiver:
    """`python3 -m mlops_pipelines remediate` on a port of its own."""

    def __init__(
        self, environ: Mapping[str, str], folder: Path, wanted: Policy, *, kubernetes: Any = None
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"receiver-{self.port}.log"
        jobs = folder / "jobs"
        jobs.mkdir(exist_ok=True)
        (jobs / "mortgage.json").write_text(json.dumps(JOB))
        base = {
            "PATH": os.environ["PATH"],
            "MLOPS_REMEDIATION": wanted.model_dump_json(),
            "MLOPS_REMEDIATION_HOST": "127.0.0.1",
            "MLOPS_REMEDIATION_JOBS": str(jobs),
            "MLOPS_REMEDIATION_PORT": str(self.port),
            "MLOPS_REMEDIATION_TOKEN": TOKEN,
        }
        if kubernetes:
            base |= {
                "MLOPS_KUBERNETES_FOLDER": str(kubernetes.folder),
                "MLOPS_KUBERNETES_URL": kubernetes.url,
            }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlops_pipelines", "remediate"], env=base | dict(environ), stderr=log
            )

    def send(self, body: Any, token: str = TOKEN) -> httpx.Response:
        """One notification, as JSON unless it is bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.post(
            f"{self.url}/alerts",
            content=content,
            headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
            timeout=DEADLINE,
        )

    def status(self, path: str = "/readyz") -> int:
        """Status of a path, 0 while nobody listens."""
        try:
            return httpx.get(self.url + path, timeout=DEADLINE).status_code
        except httpx.HTTPError:
            return 0

    def metric(self, line: str) -> float:
        """The number after a metric's name and labels, -1 if there is none."""
        text = httpx.get(f"{self.url}/metrics", timeout=DEADLINE).text
        found = [float(one.rsplit(" ", 1)[1]) for one in text.splitlines() if one.startswith(f"{line} ")]
        return found[0] if found else -1

    def decisions(self, outcome: str, action: str = "retrain") -> float:
        """How many decisions had this outcome."""
        return self.metric(f'mlops_remediation_decisions_total{{action="{action}",outcome="{outcome}"}}')

    def wait_for(self, outcome: str, count: int = 1, action: str = "retrain") -> None:
        """Wait until so many decisions had this outcome."""
        wait_until(lambda: self.decisions(outcome, action) >= count, DEADLINE)

    def wait_ready(self) -> Receiver:
        """Wait until it is ready."""
        wait_until(lambda: self.process.poll() is not None or self.status() == 200, DEADLINE)
        assert self.process.poll() is None, self.log.read_text()
        return self

    def logged(self) -> list[dict[str, Any]]:
        """The log's lines; each must be JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def terminate(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)

    def kill(self) -> None:
        """As a crash would."""
        self.process.kill()
        self.process.wait()


def outrun(monkeypatch: pytest.MonkeyPatch, faster: Release) -> None:
    """Somebody else appends `faster` just before the next record."""
    append, waiting = release.append, [faster]

    def slower(store: Store, wanted: Release) -> None:
        while waiting:
            append(store, waiting.pop())
        append(store, wanted)

    monkeypatch.setattr(release, "append", slower)
