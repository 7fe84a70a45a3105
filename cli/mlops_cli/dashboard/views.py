"""Prometheus' answers as what the page shows of all endpoints and alerts. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mlops_cli.dashboard.queries import QUANTILES
from mlops_cli.monitoring.alerts import weight
from mlops_cli.monitoring.prometheus import Alert, Labels, Sample, Series

State = Literal["page", "down", "ticket", "starting", "no metrics", "scaled to zero", "ok"]
_DIGITS = 6
_RUNBOOK = re.compile(r"(?:.*/)?([a-z0-9-]+\.md)")


@dataclass(frozen=True)
class Answers:
    """What Prometheus said, by the names of `queries`."""

    now: Mapping[str, Sequence[Sample]]
    over: Mapping[str, Sequence[Series]]


@dataclass(frozen=True)
class Version:
    """A version in memory, and whether it is `stable` or `candidate`."""

    model: str
    version: str
    role: str


@dataclass(frozen=True)
class Candidate:
    """How much the candidate gets, in percent of the requests."""

    mode: str
    percent: float


@dataclass(frozen=True)
class Endpoint:
    """One endpoint now; None is what Prometheus has no figure of.

    `requests` and `failures` are per second, `errors` is failures' share of the requests that count,
    `latency` in seconds by quantile, `queue` in rows, `spark` requests per second over 15 minutes.
    """

    name: str
    namespace: str
    state: State
    versions: tuple[Version, ...]
    candidate: Candidate | None
    release: int | None
    requests: float | None
    errors: float | None
    latency: Mapping[str, float | None]
    in_flight: float | None
    queue: float | None
    wanted: int | None
    ready: int | None
    pages: int
    tickets: int
    spark: tuple[float | None, ...]


@dataclass(frozen=True)
class Runbook:
    """What to do: `href` is an http(s) address or a path of this server; None when it is neither."""

    text: str
    href: str | None


@dataclass(frozen=True)
class AlertRow:
    """One alert; `since` in Unix seconds, `endpoint` is empty for the platform's own."""

    name: str
    state: str
    severity: str
    endpoint: str
    since: float
    summary: str
    description: str
    owner: str
    runbook: Runbook | None


@dataclass(frozen=True)
class Totals:
    """Over all endpoints; `requests` per second, `errors` a share."""

    requests: float | None
    errors: float | None
    endpoints: int
    serving: int
    pages: int
    tickets: int
    pending: int


@dataclass(frozen=True)
class Overview:
    """The first view, and the alerts."""

    totals: Totals
    endpoints: tuple[Endpoint, ...]
    alerts: tuple[AlertRow, ...]


def overview(
    answers: Answers, alerts: Sequence[Alert], expected: Collection[str], runbooks: Collection[str]
) -> Overview:
    """All endpoints that have metrics, had some an hour ago or are in the settings (`expected`).

    `runbooks` are the file names of those that this server has.
    """
    rows = tuple(alert_row(each, runbooks) for each in sorted(alerts, key=weight))
    namespaces = {_endpoint(each.labels): each.labels.get("namespace", "") for each in answers.now["seen"]}
    names = sorted(set(expected) | (set(namespaces) - {""}))
    endpoints = tuple(_endpoint_now(name, namespaces.get(name, ""), answers, rows) for name in names)
    rates = answers.now["requests"]
    firing = [row.severity for row in rows if row.state == "firing"]
    totals = Totals(
        requests=_sum(sample.value for sample in rates),
        errors=error_share(rates),
        endpoints=len(endpoints),
        serving=sum(1 for each in endpoints if each.ready),
        pages=firing.count("page"),
        tickets=len(firing) - firing.count("page"),
        pending=sum(1 for row in rows if row.state == "pending"),
    )
    return Overview(totals, endpoints, rows)


def error_share(rates: Iterable[Sample]) -> float | None:
    """Failures' share of requests per second by `code`, counted as the alerts count: not 4xx and 501.

    None when no request counts.
    """
    counted = [(s.labels.get("code", ""), s.value) for s in rates if math.isfinite(s.value)]
    counted = [(code, value) for code, value in counted if not (code.startswith("4") or code == "501")]
    all_of_them = sum(value for _, value in counted)
    if all_of_them <= 0:
        return None
    return rounded(sum(value for code, value in counted if code.startswith("5")) / all_of_them)


def alert_row(alert: Alert, runbooks: Collection[str]) -> AlertRow:
    """One alert, whose labels may hold anything."""
    annotations = alert.annotations
    return AlertRow(
        name=alert.name,
        state=alert.state,
        severity=alert.labels.get("severity", ""),
        endpoint=alert.labels.get("endpoint", ""),
        since=alert.since.timestamp(),
        summary=annotations.get("summary", ""),
        description=annotations.get("description", ""),
        owner=alert.labels.get("owner", ""),
        runbook=runbook(annotations.get("runbook_url", ""), runbooks),
    )


def runbook(url: str, runbooks: Collection[str]) -> Runbook | None:
    """Where an alert's runbook is read: on the web, on this server, or nowhere (text only)."""
    if not url:
        return None
    if re.match(r"https?://[^\s]+$", url):
        return Runbook(url.rsplit("/", 1)[-1] or url, url)
    found = _RUNBOOK.fullmatch(url)
    if found and found[1] in runbooks:
        return Runbook(found[1], f"/runbooks/{found[1]}")
    return Runbook(url, None)


def rounded(value: float) -> float | None:
    """To six digits, which is more than anybody sees; None for what JSON has no number for."""
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def _endpoint_now(name: str, namespace: str, answers: Answers, alerts: Sequence[AlertRow]) -> Endpoint:
    now = answers.now
    rates = [sample for sample in now["requests"] if _endpoint(sample.labels) == name]
    wanted, ready = (_replicas(now[which], name, namespace) for which in ("wanted", "ready"))
    firing = [row.severity for row in alerts if row.endpoint == name and row.state == "firing"]
    versions = sorted(
        (_version(each.labels) for each in now["models"] if _endpoint(each.labels) == name),
        key=lambda each: (each.role != "stable", each.model, len(each.version), each.version),
    )
    weight = next((each for each in now["candidate"] if _endpoint(each.labels) == name), None)
    spark = next((each for each in answers.over["spark"] if _endpoint(each.labels) == name), None)
    pages = firing.count("page")
    return Endpoint(
        name=name,
        namespace=namespace,
        state=state_of(bool(versions), wanted, ready, pages, len(firing) - pages),
        versions=tuple(versions),
        candidate=Candidate(weight.labels.get("mode", ""), weight.value) if weight else None,
        release=_whole(_value(now["release"], name)),
        requests=_sum(sample.value for sample in rates),
        errors=error_share(rates),
        latency={quantile: _value(now[quantile], name) for quantile in QUANTILES},
        in_flight=_value(now["in_flight"], name),
        queue=_value(now["queue"], name),
        wanted=wanted,
        ready=ready,
        pages=pages,
        tickets=len(firing) - pages,
        spark=tuple(rounded(value) for _, value in spark.points) if spark else (),
    )


def state_of(loaded: bool, wanted: int | None, ready: int | None, pages: int, tickets: int) -> State:
    """The worst that is known of an endpoint."""
    states: list[tuple[bool, State]] = [
        (wanted == 0, "scaled to zero"),
        (ready == 0, "down"),
        (pages > 0, "page"),
        (not loaded, "no metrics"),
        (tickets > 0, "ticket"),
        (ready is not None and wanted is not None and ready < wanted, "starting"),
    ]
    return next((state for holds, state in states if holds), "ok")


def _replicas(samples: Iterable[Sample], name: str, namespace: str) -> int | None:
    for sample in samples:
        labels = sample.labels
        if labels.get("deployment") == name and namespace in ("", labels.get("namespace")):
            return _whole(sample.value)
    return None


def _value(samples: Iterable[Sample], name: str) -> float | None:
    return next((rounded(sample.value) for sample in samples if _endpoint(sample.labels) == name), None)


def _sum(values: Iterable[float]) -> float | None:
    known = [value for value in values if math.isfinite(value)]
    return rounded(sum(known)) if known else None


def _whole(value: float | None) -> int | None:
    return None if value is None or not math.isfinite(value) else round(value)


def _endpoint(labels: Labels) -> str:
    return labels.get("endpoint", "")


def _version(labels: Labels) -> Version:
    return Version(*(labels.get(name, "") for name in ("model", "version", "role")))
