"""An environment's Prometheus, typed. API: https://prometheus.io/docs/prometheus/latest/querying/api/

with prometheus_of(environment) as prometheus:
    prometheus.query(f"sum by (endpoint) (rate(mlops_requests_total{matching(endpoint=name)}[5m]))")
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self

import httpx

from mlops_cli.environment import Environment
from mlops_cli.errors import BadQuery, MonitoringTimeout, MonitoringUnreachable, NoMonitoring
from mlops_cli.monitoring.reach import HOW_TO_GET_ONE, SYSTEM, Reach, reach

QUERY_SECONDS = 10.0
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Sample:
    """One series' value at one time; `time` is in Unix seconds, a scalar has no labels."""

    labels: Labels
    time: float
    value: float


@dataclass(frozen=True)
class Series:
    """One series' values over time: (Unix seconds, value), ascending."""

    labels: Labels
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Alert:
    """An alert that fires, or that will if its condition holds on; `since` is when that began to hold."""

    labels: Labels
    annotations: Labels
    state: Literal["firing", "pending"]
    since: datetime

    @property
    def name(self) -> str:
        """Which alert."""
        return self.labels.get("alertname", "")


@dataclass(frozen=True)
class Target:
    """Something that Prometheus scrapes; `error` is empty when the last scrape worked."""

    labels: Labels
    url: str
    health: Literal["up", "down", "unknown"]
    error: str
    last_scrape: datetime


class Prometheus:
    """Asks one Prometheus; each request waits `seconds` at most.

    Every method raises `MonitoringError`: `NoMonitoring`, `MonitoringUnreachable` or `MonitoringTimeout`.
    """

    def __init__(self, way: Reach, seconds: float = QUERY_SECONDS) -> None:
        self._way = way
        self._seconds = seconds

    @property
    def where(self) -> str:
        """Which one, for a message."""
        return self._way.where

    def query(self, promql: str, at: datetime | None = None) -> list[Sample]:
        """The vector or scalar that `promql` is at `at`, by default now.

        Raises:
            BadQuery: Prometheus cannot parse or evaluate it, or its result is no vector and no scalar.
        """
        params = {"query": promql} | ({} if at is None else {"time": str(at.timestamp())})
        kind, result = self._result("/api/v1/query", params)
        if kind == "scalar":
            return [Sample({}, float(result[0]), float(result[1]))]
        if kind != "vector":
            raise BadQuery(f"the query gives a {kind}, not one value a series: {promql}")
        return [Sample(each["metric"], float(each["value"][0]), float(each["value"][1])) for each in result]

    def query_range(self, promql: str, start: datetime, end: datetime, step: timedelta) -> list[Series]:
        """The values of `promql` from `start` to `end`, one each `step`; 11,000 each series at most.

        Raises:
            BadQuery: Prometheus cannot parse or evaluate it, or it would give more values.
        """
        params = {
            "query": promql,
            "start": str(start.timestamp()),
            "end": str(end.timestamp()),
            "step": f"{step.total_seconds():g}",
        }
        _, result = self._result("/api/v1/query_range", params)
        return [Series(each["metric"], _points(each["values"])) for each in result]

    def alerts(self) -> list[Alert]:
        """Every alert that fires or is pending."""
        return [
            Alert(each["labels"], each["annotations"], each["state"], _time(each["activeAt"]))
            for each in self._data("/api/v1/alerts", {})["alerts"]
        ]

    def alert_names(self) -> set[str]:
        """The names of the rules that alert."""
        groups = self._data("/api/v1/rules", {"type": "alert"})["groups"]
        return {rule["name"] for group in groups for rule in group["rules"]}

    def targets(self) -> list[Target]:
        """Every target that is scraped."""
        return [
            Target(
                each["labels"],
                each["scrapeUrl"],
                each["health"],
                each["lastError"],
                _time(each["lastScrape"]),
            )
            for each in self._data("/api/v1/targets", {"state": "active"})["activeTargets"]
        ]

    def close(self) -> None:
        """Close the connections."""
        self._way.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _result(self, path: str, params: dict[str, str]) -> tuple[str, Any]:
        # The server gives up first, so that a slow query does not go on after nobody waits for it.
        limit = {"timeout": f"{max(self._seconds - 1, 0.5):g}s"}
        data = self._data(path, params | limit)
        return data["resultType"], data["result"]

    def _data(self, path: str, params: dict[str, str]) -> Any:
        response = self._way.get(path, params, self._seconds)
        return answered(response, self._way.where, params.get("query", ""))


def answered(response: httpx.Response, where: str, query: str) -> Any:
    """The `data` of Prometheus' answer. Pure.

    Raises:
        BadQuery: it refuses the query.
        MonitoringTimeout: it gave the query up.
        MonitoringUnreachable: it is not ready, or this is no answer of a Prometheus.
    """
    try:
        body = response.json()
        if body["status"] == "success":
            return body["data"]
        kind, message = str(body["errorType"]), str(body["error"])
    except (ValueError, KeyError, TypeError):
        text = " ".join(response.text.split())[:200] or "nothing"
        raise MonitoringUnreachable(
            f"{where} answered with status {response.status_code} and no Prometheus reply: {text}. "
            "Is that its address, is it ready, and does it want credentials?"
        ) from None
    if kind in ("timeout", "canceled"):
        raise MonitoringTimeout(
            f"{where} gave the query up: {message}. Ask for less, or a shorter time: {query}"
        )
    if kind in ("bad_data", "execution"):
        raise BadQuery(f"{where} refuses the query: {message}. The query was: {query}")
    raise MonitoringUnreachable(f"{where} cannot answer now ({kind}): {message}. Try again in a minute.")


def prometheus_of(environment: Environment) -> Prometheus:
    """The Prometheus of `environment`: the one its settings name, else that of its system namespace.

    Raises:
        NoMonitoring: the settings say that there is none.
        StackFailed: the environment is not up.
    """
    url = foreign_url(environment)
    if url is None and environment.settings.monitoring.mode == "none":
        how = HOW_TO_GET_ONE.format(name=environment.name)
        raise NoMonitoring(f"mlops:monitoring.mode of {environment.name!r} is none: no Prometheus. {how}.")
    return Prometheus(reach(environment, "Prometheus", url or f"http://prometheus.{SYSTEM}.svc:9090"))


def foreign_url(environment: Environment) -> str | None:
    """The address of a Prometheus that the platform does not run; None where it may run its own."""
    settings = environment.settings
    if settings.monitoring.mode == "run":
        return None
    return settings.monitoring.prometheus_url or settings.keda.prometheus_url


def quoted(value: str) -> str:
    """A PromQL string of any text, so that a label's value stays a value."""
    return json.dumps(value.encode(errors="replace").decode(), ensure_ascii=False)


def matching(**labels: str) -> str:
    """A selector of series whose labels have exactly these values: `{endpoint="mortgage"}`."""
    return "{" + ",".join(f"{name}={quoted(value)}" for name, value in labels.items()) + "}"


def _points(values: list[Any]) -> tuple[tuple[float, float], ...]:
    return tuple((float(time), float(value)) for time, value in values)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
