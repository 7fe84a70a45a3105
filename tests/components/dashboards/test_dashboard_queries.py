"""Every query of every dashboard, on Prometheus' own engine and over series with no label too many."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

import dashboard_series
from pulumi_mlops import InvalidValue, dashboards
from pulumi_mlops.dashboards import Needs, Query
from pulumi_mlops.dashboards.parts import CLUSTER_STEP, ENDPOINT_STEP, RATE_WINDOWS
from rule_stories import run

QUERIES = dashboards.queries()
_STRINGS = re.compile(r'"[^"]*"')
_NO_METRICS = re.compile(
    r"\b(?:by|on|ignoring|group_left|group_right)\s*\([^)]*\)|\{[^}]*\}|\[[^\]]*\]|(?<![\w:])\d[\w.]*"
)
_WORDS = {"or", "and", "on", "by", "bool", "unless"}


def metrics_of(expr: str) -> set[str]:
    """The names of metrics in a query."""
    plain = _NO_METRICS.sub(" ", _STRINGS.sub('""', expr))
    return {name for name in re.findall(r"[a-zA-Z_:][\w:]*\b(?!\s*\()", plain) if name not in _WORDS}


def answered(promtool: Path, folder: Path, series: Mapping[str, str], expressions: list[str]) -> set[str]:
    """Those that have an answer after an hour: promtool reports what it did not expect."""
    tests = [{"expr": one, "eval_time": "1h", "exp_samples": []} for one in expressions]
    case = {
        "interval": "30s",
        "input_series": [{"series": key, "values": values} for key, values in series.items()],
        "promql_expr_test": tests,
    }
    _, printed = run(promtool, folder, dashboard_series.RULES, [case])
    assert "parse error" not in printed, printed
    told = re.findall(r'expr: "(.*)", time: 1h,\s+exp: nil\s+got: (.*)', printed)
    # Grafana draws nothing for what is no number, such as a quantile of no requests.
    reported = {expr for expr, got in told if re.search(r"\} (?!NaN)", got)}
    return {one for one in expressions if one.replace('"', '\\"') in reported}


def unanswered(answers: set[str], asked: Mapping[str, Query]) -> list[tuple[str, str]]:
    return sorted({(query.panel, expr) for expr, query in asked.items() if expr not in answers})


def test_every_metric_is_one_that_somebody_has() -> None:
    known = dashboard_series.names()
    assert {name for query in QUERIES for name in metrics_of(query.expr)} - known == set()
    assert metrics_of('sum by (a) (rate(x{b="c"}[5m])) / on (a) group_left () y:z{d="e"} > bool 1') == {
        "x",
        "y:z",
    }


def test_every_variable_is_asked_of_a_metric_that_somebody_has() -> None:
    asked = {one.series.split("{")[0] for board in dashboards.BOARDS for one in board.variables if one.label}
    assert asked - dashboard_series.names() == set()


def test_promtool_can_read_every_query(promtool: Path, tmp_path: Path) -> None:
    rules = [
        {"record": f"query:{number}", "expr": dashboards.filled(query)}
        for number, query in enumerate(QUERIES)
    ]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}, width=10_000))
    done = subprocess.run(
        [str(promtool), "check", "rules", str(file)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"SUCCESS: {len(QUERIES)} rules found" in done.stdout


@pytest.mark.parametrize(
    "chosen",
    [{}, {"namespace": "mlops-models", "endpoint": "(mortgage)", "version": "1"}],
    ids=["all", "one"],
)
def test_every_query_has_an_answer_on_a_platform_in_use(
    chosen: dict[str, str], promtool: Path, tmp_path: Path
) -> None:
    asked = {}
    for query in QUERIES:
        # Servers are in another namespace than endpoints, and the platform's own board knows no endpoint.
        given = {} if query.dashboard == "mlops-platform" else chosen
        asked[dashboards.filled(query, **given)] = query
    answers = answered(promtool, tmp_path, dashboard_series.in_use(), list(asked))
    assert unanswered(answers, asked) == []


def test_only_what_says_what_it_needs_is_empty_before_anybody_asks_anything(
    promtool: Path, tmp_path: Path
) -> None:
    asked = {dashboards.filled(query): query for query in QUERIES}
    answers = answered(promtool, tmp_path, dashboard_series.at_first(), list(asked))
    assert unanswered(answers, {expr: query for expr, query in asked.items() if query.needs is None}) == []
    needless = {query.needs for expr, query in asked.items() if query.needs and expr in answers}
    # That nothing is known about volumes is an alert.
    assert needless == {Needs.ALERTS}


def test_each_need_is_said_somewhere() -> None:
    assert {query.needs for query in QUERIES} == {None, *Needs}


def test_a_rate_looks_over_four_scrapes_at_least() -> None:
    assert RATE_WINDOWS == {ENDPOINT_STEP: "1m", CLUSTER_STEP: "4m"}
    windows = Counter(window for query in QUERIES for window in re.findall(r"\[([^\]]*)\]", query.expr))
    assert set(windows) == {"$__rate_interval", "1h"}
    steps = {"mlops-endpoint": {ENDPOINT_STEP, CLUSTER_STEP}, "mlops-drift": {ENDPOINT_STEP}}
    for board in dashboards.BOARDS:
        allowed = steps.get(board.uid, {CLUSTER_STEP})
        assert {query.step for query in QUERIES if query.dashboard == board.uid} == allowed


def test_variables_are_filled_in_and_others_are_refused() -> None:
    query = Query(
        "mlops-endpoint", "p", 'rate(a{b=~"$endpoint",c=~"$version"}[$__rate_interval])', "15s", None
    )
    assert dashboards.filled(query, endpoint="x") == 'rate(a{b=~"x",c=~".*"}[1m])'
    with pytest.raises(
        InvalidValue, match="mlops-endpoint has no variable 'endpont'; it has endpoint, names"
    ):
        dashboards.filled(query, endpont="x")
