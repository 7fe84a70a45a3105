"""The Alertmanager that the platform runs, with the files that Monitoring gives it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

import pulumi_mlops as mlops
from component_samples import make
from pulumi_mlops.monitoring_pods import ALERTMANAGER_FILES
from recording_engine import registered
from serving_process import free_port, wait_until

STARTS_WITHIN = 60.0
PACE = {"group_wait": "1s", "group_interval": "1s", "repeat_interval": "1h"}


@dataclass(frozen=True)
class Alertmanager:
    """One that runs."""

    url: str
    process: subprocess.Popen[bytes]

    def tell(self, alerts: Sequence[Mapping[str, Any]]) -> None:
        """What Prometheus does while alerts fire."""
        httpx.post(f"{self.url}/api/v2/alerts", json=list(alerts), timeout=30).raise_for_status()

    def alerts(self) -> list[dict[str, Any]]:
        """Every alert, with its receivers and its state."""
        return self._got("/api/v2/alerts")

    def receivers(self) -> list[str]:
        """Their names."""
        return [each["name"] for each in self._got("/api/v2/receivers")]

    def is_ready(self) -> bool:
        """Whether it says so."""
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def metric(self, line: str) -> float:
        """The sum of its own metrics whose names and labels begin with `line`."""
        text = httpx.get(f"{self.url}/metrics", timeout=5).text
        return sum(float(one.rsplit(" ", 1)[1]) for one in text.splitlines() if one.startswith(line))

    def resident_bytes(self) -> int:
        """Of its process."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * 4096

    def _got(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = httpx.get(f"{self.url}{path}", timeout=30).raise_for_status().json()
        return found


def files(**changes: Any) -> dict[str, str]:
    """Its files by name, as Monitoring with these arguments writes them."""
    recording = registered(lambda: make(mlops.Monitoring, "mon", **changes))
    found: dict[str, str] = recording.of("Secret", "mon-alertmanager-config").secrets["stringData"]
    return found


@contextmanager
def running(program: Path, folder: Path, given: Mapping[str, str]) -> Iterator[Alertmanager]:
    """One with these files, which are in `folder` instead of the pod's."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in given.items():
        (folder / name).write_text(text.replace(ALERTMANAGER_FILES, str(folder)))
    port = free_port()
    command = [
        str(program),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--storage.path={folder / 'data'}",
        "--cluster.listen-address=",
    ]
    log = folder / "alertmanager.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    made = Alertmanager(f"http://127.0.0.1:{port}", process)
    try:
        wait_until(lambda: process.poll() is not None or made.is_ready(), STARTS_WITHIN)
        assert process.poll() is None, log.read_text()
        yield made
    finally:
        process.terminate()
        process.wait(timeout=30)


def alert(name: str, severity: str = "ticket", **labels: str) -> dict[str, Any]:
    """An alert as Prometheus tells it."""
    return {
        "labels": {"alertname": name, "severity": severity, **labels},
        "annotations": {
            "summary": f"{name} of the tests",
            "description": "Something is wrong.",
            "runbook_url": "https://runbooks.example.org/it.md",
        },
        "generatorURL": "http://prometheus-0:9090/graph?g0.expr=x",
    }
