from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import yaml
from typer.testing import CliRunner, Result

from mlops_cli.environment import Environment
from mlops_cli.errors import NotServing, UnknownFeature
from mlops_cli.main import app
from mlops_cli.monitoring import drift, drift_tables
from mlops_cli.monitoring.prometheus import Prometheus, Sample
from pulumi_mlops.alerts import Drift, render
from pulumi_mlops.alerts.rules import all_rules
from scripted_api import ScriptedApi
from watched_platform import ALERTS, HOSTILE

RULES = {rule["alert"]: rule["expr"] for rule in all_rules(yaml.safe_load(render(ALERTS))) if "alert" in rule}


@pytest.fixture
def run(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command in the environment's workspace."""
    monkeypatch.chdir(environment.paths.workspace)
    for name, value in {"NO_COLOR": "1", "COLUMNS": "200"}.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(app, ["drift", *arguments, "--env", "test"])


def asked(prometheus: Prometheus, environment: Environment, feature: str | None = None) -> drift.Report:
    return drift.ask(prometheus, environment.settings.endpoints[0], datetime.now(UTC), feature)


def test_verdicts_are_those_of_the_alerts_in_a_real_prometheus(
    prometheus: Prometheus, environment: Environment
) -> None:
    report = asked(prometheus, environment)
    for alert, kind in (("MlopsInputDrift", "input"), ("MlopsPredictionDrift", "prediction")):
        inside = re.fullmatch(r"count by \(.*?\) \((.*)\)", RULES[alert].strip(), re.DOTALL)
        assert inside
        fires = {(each.labels["version"], each.labels["feature"]) for each in prometheus.query(inside[1])}
        told = {(f.version, f.feature) for f in report.features if f.verdict == "drifted" and f.kind == kind}
        assert told == fires != set()


def test_features_are_in_order_with_their_figures(prometheus: Prometheus, environment: Environment) -> None:
    report = asked(prometheus, environment)
    found = [(f.version, f.kind, f.feature, round(f.rows), f.verdict) for f in report.features]
    assert found == [
        ("1", "input", "income", 400, "drifted"),
        ("1", "input", "rare", 50, "too few rows"),
        ("1", "input", "small", 20_000, "no"),
        ("1", "input", "age", 400, "no"),
        ("1", "input", "idle", 0, "too few rows"),
        ("1", "prediction", "label", 400, "drifted"),
        ("2", "input", HOSTILE, 400, "drifted"),
    ]
    by_name = {f.feature: f for f in report.features}
    assert (by_name["idle"].index, by_name["idle"].threshold) == (None, None)
    assert by_name["small"].threshold == 0.1
    small = by_name["small"].index
    assert small is not None
    assert 0.02 < small < 0.1, "more than chance, less than the least effect"
    assert dict(report.left_out) == {"2": 3}


def test_the_bins_add_up_to_the_index(prometheus: Prometheus, environment: Environment) -> None:
    for feature in ("income", HOSTILE):
        report = asked(prometheus, environment, feature)
        (bins,) = report.bins.values()
        index = next(f.index for f in report.features if f.feature == feature)
        assert sum(one.adds for one in bins) == pytest.approx(index, abs=1e-9)
        assert sum(one.training for one in bins) == pytest.approx(1)
        assert sum(one.observed or 0 for one in bins) == pytest.approx(1)


def test_bins_without_rows_have_no_observed_share(prometheus: Prometheus, environment: Environment) -> None:
    report = asked(prometheus, environment, "idle")
    assert [(one.label, one.training, one.observed, one.adds) for one in report.bins["1"]] == [
        ("<5", 0.5, None, 0.0),
        (">=5", 0.5, None, 0.0),
    ]


def test_the_command_shows_versions_kinds_and_the_bins(
    run: Callable[..., Result], proxied: ScriptedApi
) -> None:
    result = run("mortgage", "--feature", "income")
    assert result.exit_code == 0, result.output
    titles = [line for line in result.stdout.splitlines() if re.match("version|bins of", line)]
    assert [title.strip() for title in titles] == [
        "version 1, inputs",
        "version 1, predictions",
        "version 2, inputs",
        "bins of income, version 1",
    ]
    assert re.search(r"│ income +│ 1\.311 │ +0\.100 │ +400 │ yes", result.stdout)
    assert re.search(r"│ idle +│ +- │ +- │ +0 │ too few rows", result.stdout)
    assert re.search(r"│ <1 +│ +50\.0% █{8} +│ +94\.8% █{16} +│ +0\.\d{3} │", result.stdout)
    assert "3 features of version 2 are not counted" in result.stdout
    assert "Fewer than 150 rows in the last hour are not judged." in result.stdout
    assert 'a"b\\c d{e="f"} [bold]é' in result.stdout


def test_json_has_the_same(run: Callable[..., Result], proxied: ScriptedApi) -> None:
    document = json.loads(run("mortgage", "--json", "--feature", "label").stdout)
    assert [document[key] for key in ("endpoint", "leastRows", "leftOut")] == ["mortgage", 150, {"2": 3}]
    label = next(entry for entry in document["features"] if entry["feature"] == "label")
    assert (label["kind"], label["rows"], label["verdict"]) == ("prediction", 400, "drifted")
    assert [one["bin"] for one in document["bins"]["1"]] == ["no", "yes"]


def test_an_endpoint_without_figures_says_why(run: Callable[..., Result], api: ScriptedApi) -> None:
    empty = b'{"status":"success","data":{"resultType":"vector","result":[]}}'
    api.services["mlops-system/prometheus:9090"] = 200, empty
    result = run("mortgage")
    assert result.exit_code == 0
    assert "no version of mortgage has figures of drift: its model has no reference bins" in result.stdout
    assert len({path.split("&time=")[1] for path in api.asked}) == 1, "all figures are of one time"


def test_an_unknown_endpoint_or_feature_is_answered_with_the_known_ones(
    prometheus: Prometheus, environment: Environment
) -> None:
    with pytest.raises(NotServing, match="no endpoint 'other'; it has: mortgage"):
        drift.gather(environment, "other")
    with pytest.raises(UnknownFeature, match="age, idle, income, label, rare, small"):
        asked(prometheus, environment, "wage")


@pytest.mark.parametrize(
    ("index", "threshold", "rows", "expected"),
    [
        (0.2, 0.1, 100, "drifted"),
        (0.2, 0.1, 99.5, "too few rows"),
        (0.1, 0.1, 100, "no"),
        (None, None, 100, "no"),
        (None, None, 0, "too few rows"),
    ],
)
def test_a_verdict_is_the_alerts_condition(
    index: float | None, threshold: float | None, rows: float, expected: str
) -> None:
    assert drift.verdict(index, threshold, rows, 100) == expected


def test_without_outputs_every_feature_is_an_input() -> None:
    watched = [Sample({"version": "1", "feature": name}, 0, 2) for name in ("label", "s")]
    found = drift.judged(Drift(outputs=()), watched, [], [], [])
    assert [each.kind for each in found] == ["input", "input"]


def test_versions_are_in_the_order_of_their_numbers() -> None:
    watched = [Sample({"version": version, "feature": "a"}, 0, 2) for version in ("10", "9", "2")]
    assert [each.version for each in drift.judged(Drift(), watched, [], [], [])] == ["2", "9", "10"]


def test_bins_of_numbers_ascend_and_those_apart_are_outside() -> None:
    labels = ["missing", "above", ">=2e+06", "[-1.5,3)", "below", "<-1.5", "[3,2e+06)", "unknown"]
    assert sorted(labels, key=drift.place) == [
        *("below", "<-1.5", "[-1.5,3)", "[3,2e+06)", ">=2e+06"),
        *("above", "missing", "unknown"),
    ]
    assert sorted(["b", "[x", "<e", "a"], key=drift.place)[-2:] == ["a", "b"]


def test_a_bar_is_as_long_as_its_share() -> None:
    assert [len(drift_tables.bar(share, 0.5)) for share in (0.5, 0.25, 0.0)] == [16, 8, 0]
    assert drift_tables.bar(0.0001, 0.5) == "▏"
    assert drift_tables.bar(0, 0) == ""
