"""On what Prometheus 2.42 answered to the page's queries, over series put into it (recorded.json)."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlops_cli.dashboard import detail as details
from mlops_cli.dashboard import queries, views
from mlops_cli.dashboard.detail import Bin, Line
from mlops_cli.dashboard.queries import Now
from mlops_cli.dashboard.views import AlertRow, Answers, Candidate, Endpoint, Runbook, Totals, Version
from mlops_cli.monitoring.prometheus import Alert, Prometheus, Sample, Series

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())
EXPECTED = ("gone", "mortgage", "quiet")
AT: float = RECORDED["time"]


class Record:
    """Replays the answers: a query by the text that it has in `questions`."""

    where = "a record"

    def __init__(self, questions: Mapping[str, queries.Question], of: str) -> None:
        self._bodies = {each.promql: RECORDED["answers"][f"{of}/{name}"] for name, each in questions.items()}

    def get(self, path: str, params: dict[str, str], seconds: float) -> httpx.Response:
        """What was answered then."""
        body = RECORDED["alerts"] if path.endswith("alerts") else self._bodies[params["query"]]
        return httpx.Response(200, json=body)

    def close(self) -> None:
        """Nothing to close."""


def answered(questions: Mapping[str, queries.Question], of: str) -> tuple[Answers, list[Alert]]:
    prometheus = Prometheus(Record(questions, of))
    now: dict[str, list[Sample]] = {}
    over: dict[str, list[Series]] = {}
    for name, each in questions.items():
        if isinstance(each, Now):
            now[name] = prometheus.query(each.promql)
        else:
            over[name] = prometheus.query_range(each.promql, each.start, each.end, each.step)
    return Answers(now, over), prometheus.alerts()


def recorded_overview() -> views.Overview:
    answers, alerts = answered(queries.overview(EXPECTED, AT), "overview")
    return views.overview(answers, alerts, EXPECTED, {"endpoint-down.md"})


def recorded_detail() -> details.Detail:
    span = queries.Span(timedelta(minutes=2), timedelta(seconds=30))
    charts = queries.charts("mortgage", "mlops-models", span, AT)
    answers, _ = answered({**charts, **queries.drift("mortgage")}, "mortgage")
    return details.detail("mortgage", "15m", charts["requests"], answers, 100)


def test_an_endpoint_at_work() -> None:
    mortgage = recorded_overview().endpoints[1]
    assert mortgage == Endpoint(
        name="mortgage",
        namespace="mlops-models",
        state="starting",
        versions=(Version("mortgage", "12", "stable"), Version("mortgage", "13", "candidate")),
        candidate=Candidate("canary", 10.0),
        release=27,
        requests=41.2,
        errors=0.00497512,
        latency={"p50": 0.0042, "p95": 0.0322222, "p99": 0.05},
        in_flight=3.0,
        queue=8.0,
        wanted=3,
        ready=2,
        pages=0,
        tickets=0,
        spark=(41.2,) * len(mortgage.spark),
    )
    assert len(mortgage.spark) == 31


def test_an_endpoint_without_traffic_has_no_latency_and_no_errors() -> None:
    quiet = recorded_overview().endpoints[2]
    assert (quiet.state, quiet.requests, quiet.errors) == ("ok", 0.0, None)
    assert quiet.latency == {"p50": None, "p95": None, "p99": None}


def test_an_endpoint_of_the_settings_is_there_though_nothing_of_it_runs() -> None:
    gone = recorded_overview().endpoints[0]
    assert (gone.name, gone.state, gone.ready, gone.wanted, gone.pages) == ("gone", "down", 0, 2, 1)
    assert (gone.versions, gone.requests, gone.spark) == ((), None, ())


def test_totals_are_over_all_endpoints() -> None:
    assert recorded_overview().totals == Totals(
        requests=41.2, errors=0.00497512, endpoints=3, serving=2, pages=1, tickets=0, pending=1
    )


def test_firing_alerts_are_before_pending_ones_with_what_to_do() -> None:
    down, waits = recorded_overview().alerts
    since = datetime.fromisoformat(RECORDED["alerts"]["data"]["alerts"][0]["activeAt"]).timestamp()
    assert down == AlertRow(
        name="MlopsEndpointDown",
        state="firing",
        severity="page",
        endpoint="gone",
        since=since,
        summary="No pod of gone is ready",
        description="Nobody answers its clients.",
        owner="credit-risk",
        runbook=Runbook("endpoint-down.md", "/runbooks/endpoint-down.md"),
    )
    assert (waits.state, waits.severity, waits.description) == ("pending", "ticket", "")
    address = "https://docs.example.org/runbooks/requests-wait.md"
    assert waits.runbook == Runbook("requests-wait.md", address)


def test_of_alerts_that_fire_pages_are_first_and_of_these_the_oldest() -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)

    def one(name: str, severity: str, minutes: int) -> Alert:
        labels = {"alertname": name, "severity": severity}
        return Alert(labels, {}, "firing", at + timedelta(minutes=minutes))

    given = [one("newest", "ticket", 3), one("old", "page", 1), one("new", "page", 2)]
    nothing = Answers({name: [] for name in queries.overview((), 0)}, {"spark": []})
    shown = views.overview(nothing, given, (), ()).alerts
    assert [row.name for row in shown] == ["old", "new", "newest"]


def test_nothing_at_all_is_an_empty_page() -> None:
    nothing = Answers({name: [] for name in queries.overview((), 0)}, {"spark": []})
    assert views.overview(nothing, [], (), ()) == views.Overview(
        Totals(None, None, 0, 0, 0, 0, 0), endpoints=(), alerts=()
    )


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("", None),
        ("docs/runbooks/known.md", Runbook("known.md", "/runbooks/known.md")),
        ("docs/runbooks/other.md", Runbook("docs/runbooks/other.md", None)),
        ("javascript:alert(1)//known.md", Runbook("known.md", "/runbooks/known.md")),
        ("javascript:alert(1)", Runbook("javascript:alert(1)", None)),
        ("https://example.org/a b", Runbook("https://example.org/a b", None)),
        ("http://example.org/runbook", Runbook("runbook", "http://example.org/runbook")),
    ],
)
def test_a_runbook_leads_to_the_web_to_this_server_or_nowhere(url: str, shown: Runbook | None) -> None:
    assert views.runbook(url, {"known.md"}) == shown


@pytest.mark.parametrize(
    ("rates", "share"),
    [
        ({}, None),
        ({"200": 0.0}, None),
        ({"400": 5.0, "501": 1.0}, None),
        ({"200": 3.0, "500": 1.0}, 0.25),
        ({"200": 3.0, "400": 96.0, "501": 5.0, "503": 1.0}, 0.25),
        ({"200": math.nan, "500": 1.0}, 1.0),
    ],
)
def test_errors_count_as_the_alerts_count(rates: dict[str, float], share: float | None) -> None:
    assert views.error_share(Sample({"code": code}, 0, value) for code, value in rates.items()) == share


def test_the_lines_of_a_chart_stand_beside_its_times() -> None:
    charts = recorded_detail().charts
    assert charts["requests"].times == tuple(AT - 120 + 30 * number for number in range(5))
    assert charts["requests"].lines == (
        Line("200", (40.0,) * 5),
        Line("400", (1.0,) * 5),
        Line("500", (0.2,) * 5),
    ), "503 never came"
    assert charts["latency"].lines[0] == Line("p50", (0.0042,) * 5)
    assert charts["load"].lines == (Line("in flight", (3.0,) * 5), Line("rows waiting", (8.0,) * 5))
    assert charts["replicas"].lines == (Line("wanted", (3.0,) * 5), Line("ready", (2.0,) * 5))


def test_a_gap_in_a_series_is_a_gap_in_its_line() -> None:
    question = queries.over("up", queries.Span(timedelta(seconds=40), timedelta(seconds=10)), 1000)
    empty: dict[str, list[Series]] = {
        name: [] for name in ("p50", "p95", "p99", "queue", "wanted", "ready", "requests")
    }
    over = {**empty, "in_flight": [Series({}, ((960.0, 1.0), (980.0, math.nan), (1000.0, 3.0)))]}
    answers = Answers({name: [] for name in queries.drift("e")}, over)
    chart = details.detail("e", "15m", question, answers, 100).charts["load"]
    assert chart.lines == (
        Line("in flight", (1.0, None, None, None, 3.0)),
        Line("rows waiting", (None,) * 5),
    )


def test_drift_has_the_worst_feature_first_and_shares_in_the_order_of_bins() -> None:
    drift = recorded_detail().drift
    assert drift is not None
    assert [(each.feature, each.version, each.verdict) for each in drift.features] == [
        ("loan_amount", "12", "drifted"),
        ("married", "12", "no"),
        ("loan_amount", "13", "too few rows"),
    ]
    assert drift.left_out == 2
    worst = drift.features[0]
    assert (worst.rows, worst.index, worst.threshold) == (1020.0, 0.41, 0.1)
    assert worst.bins == (
        Bin("<90", 0.0980392, 0.287356),
        Bin("[90,150)", 0.294118, 0.359195),
        Bin(">=150", 0.588235, 0.353448),
        Bin("above", 0.0196078, 0.0),
    )
    unasked = drift.features[2]
    assert (unasked.rows, unasked.index) == (0.0, None)
    assert unasked.bins == (Bin("<1", None, 0.502874), Bin(">=1", None, 0.497126))


def test_an_hour_of_few_rows_is_not_judged() -> None:
    one = {"model": "m", "version": "1", "feature": "f"}
    now = {
        "bins": [Sample({**one, "bin": "a"}, 0, 99.0)],
        "reference": [Sample({**one, "bin": "a"}, 0, 5.0), Sample({**one, "bin": "b"}, 0, 5.0)],
        "index": [Sample(one, 0, 3.0)],
        "threshold": [Sample(one, 0, 0.1)],
        "left_out": [],
    }
    (feature,) = details.drift(now, 100).features
    assert feature.verdict == "too few rows"
    assert details.drift(now, 99).features[0].verdict == "drifted"


def test_without_a_reference_there_is_no_feature() -> None:
    now: dict[str, list[Sample]] = {name: [] for name in queries.drift("e")}
    assert details.drift(now, 100) == details.Drift((), 0, 100)


def test_all_of_it_is_json() -> None:
    for model in (recorded_overview(), recorded_detail(), details.unknown("x", "1h")):
        json.dumps(dataclasses.asdict(model), allow_nan=False)


STATES: list[tuple[dict[str, Any], str]] = [
    ({"loaded": True, "wanted": 2, "ready": 2}, "ok"),
    ({"loaded": True, "wanted": None, "ready": None}, "ok"),
    ({"loaded": True, "wanted": 2, "ready": 1}, "starting"),
    ({"loaded": True, "wanted": 2, "ready": 1, "tickets": 1}, "ticket"),
    ({"loaded": False, "wanted": 1, "ready": 1, "tickets": 1}, "no metrics"),
    ({"loaded": False, "wanted": 1, "ready": 1, "pages": 1}, "page"),
    ({"loaded": False, "wanted": 1, "ready": 0, "pages": 1}, "down"),
    ({"loaded": False, "wanted": 0, "ready": 0}, "scaled to zero"),
]


@pytest.mark.parametrize(("known", "state"), STATES)
def test_the_state_is_the_worst_that_is_known(known: dict[str, Any], state: str) -> None:
    facts = {"pages": 0, "tickets": 0, **known}
    assert views.state_of(**facts) == state
