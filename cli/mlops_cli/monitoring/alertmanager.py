"""An environment's Alertmanager: which alerts nobody is told of, and why.

API: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from mlops_cli.environment import Environment
from mlops_cli.errors import MonitoringUnreachable
from mlops_cli.monitoring.prometheus import QUERY_SECONDS, Labels, foreign_url
from mlops_cli.monitoring.reach import SYSTEM, Reach, reach


@dataclass(frozen=True)
class Silence:
    """Who keeps an alert quiet, until when and why."""

    by: str
    until: datetime
    comment: str


@dataclass(frozen=True)
class Routed:
    """An alert as Alertmanager holds it; `inhibited` says that another alert stands for it."""

    labels: Labels
    silences: tuple[Silence, ...]
    inhibited: bool

    def is_of(self, labels: Labels) -> bool:
        """True for the alert that Prometheus knows by `labels`, to which it adds its external ones."""
        return labels.items() <= self.labels.items()


class Alertmanager:
    """Asks one Alertmanager; each request waits `seconds` at most and raises `MonitoringError`."""

    def __init__(self, way: Reach, seconds: float = QUERY_SECONDS) -> None:
        self._way = way
        self._seconds = seconds

    def alerts(self) -> list[Routed]:
        """Every alert that it was sent and that has not ended."""
        silences = {each["id"]: _silence(each) for each in self._list("/api/v2/silences")}
        return [_routed(each, silences) for each in self._list("/api/v2/alerts")]

    def close(self) -> None:
        """Close the connections."""
        self._way.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _list(self, path: str) -> list[dict[str, Any]]:
        response = self._way.get(path, {}, self._seconds)
        try:
            body = response.json()
        except ValueError:
            body = None
        if response.is_error or not isinstance(body, list):
            raise MonitoringUnreachable(
                f"{self._way.where} answered with status {response.status_code} and no list; is it ready?"
            )
        return body


def alertmanager_of(environment: Environment) -> Alertmanager | None:
    """The Alertmanager that the platform runs; None where Prometheus is somebody else's."""
    if foreign_url(environment) is not None:
        return None
    return Alertmanager(reach(environment, "Alertmanager", f"http://alertmanager.{SYSTEM}.svc:9093"))


def _silence(given: Mapping[str, Any]) -> Silence:
    return Silence(given["createdBy"], datetime.fromisoformat(given["endsAt"]), given["comment"])


def _routed(given: Mapping[str, Any], silences: Mapping[str, Silence]) -> Routed:
    status = given["status"]
    return Routed(
        given["labels"],
        tuple(silences[one] for one in status["silencedBy"] if one in silences),
        bool(status["inhibitedBy"]),
    )
