from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import endpoint_stories
import platform_stories
import watched_platform
from mlops_cli.environment import Environment
from mlops_cli.errors import NoMonitoring
from mlops_cli.main import app
from mlops_cli.monitoring import alerts
from mlops_cli.monitoring.alertmanager import Routed, Silence, alertmanager_of
from mlops_cli.monitoring.prometheus import Alert
from mlops_cli.monitoring.terminal import age
from scripted_api import Answer, ScriptedApi, status

MANAGER = "mlops-system/alertmanager:9093"
SILENCE = "a03e0f9a-8068-48fc-ae7b-7df90dc58826"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def held(labels: dict[str, str], silenced: list[str], inhibited: list[str]) -> dict[str, Any]:
    """An alert as Alertmanager 0.25 gave it, what is not read left out; `cluster` is an external label."""
    suppressed = bool(silenced or inhibited)
    state = {"inhibitedBy": inhibited, "silencedBy": silenced}
    return {
        "startsAt": "2026-11-28T11:41:19.617Z",
        "status": {**state, "state": "suppressed" if suppressed else "active"},
        "labels": {**labels, "cluster": "test"},
    }


def manager(*found: dict[str, Any]) -> Callable[[str], Answer]:
    silence = {
        "id": SILENCE,
        "status": {"state": "active"},
        "comment": "known",
        "createdBy": "anna",
        "endsAt": "2026-11-28T13:41:18.863Z",
    }
    lists: dict[str, Any] = {"/api/v2/alerts?": list(found), "/api/v2/silences?": [silence]}
    return lambda path: (200, json.dumps(lists[path]).encode())


def quiet(*rules: str) -> Answer:
    """What a Prometheus with these rules says while nothing fires, whatever it is asked."""
    groups = [{"name": "g", "rules": [{"name": name, "type": "alerting"} for name in rules]}]
    return 200, json.dumps({"status": "success", "data": {"alerts": [], "groups": groups}}).encode()


TELLS = manager(
    held({"alertname": "TestPage", "severity": "page", "endpoint": "mortgage"}, [], []),
    held({"alertname": "TestSilenced", "severity": "page"}, [SILENCE], []),
    held({"alertname": "TestInhibited", "severity": "ticket"}, [], ["1b1f9efa473170ca"]),
)


@pytest.fixture
def run(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command in the environment's workspace, as a script sees it."""
    monkeypatch.chdir(environment.paths.workspace)
    for name, value in {"NO_COLOR": "1", "COLUMNS": "250"}.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(app, ["alerts", "test", *arguments])


def test_what_fires_comes_first_with_its_runbook_and_a_page_is_exit_code_11(
    run: Callable[..., Result], proxied: ScriptedApi
) -> None:
    proxied.services[MANAGER] = TELLS
    result = run()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.stdout.splitlines()[3:-1]]
    found = [(row[0], row[1], row[2], row[4], row[5], row[6]) for row in rows if row[1].startswith("Test")]
    assert found[0] == ("page", "TestPage", "mortgage", "It burns", "docs/runbooks/burns.md", "firing")
    assert found[1][1::4] == ("TestSilenced", "firing, silenced by anna until 2026-11-28 13:41 UTC")
    assert {row[1]: row[5] for row in found[2:]} == {
        "TestHostile": "firing",
        "TestInhibited": "firing, inhibited",
        "TestPending": "pending",
    }
    assert found[-1][:2] == ("page", "TestPending")
    assert (result.exit_code, result.stderr) == (11, "")


def test_json_has_every_alert_with_its_labels(run: Callable[..., Result], proxied: ScriptedApi) -> None:
    proxied.services[MANAGER] = TELLS
    result = run("--json")
    document = json.loads(result.stdout)
    found = {entry["alert"]: entry for entry in document["alerts"]}
    assert document["note"] is None
    until = "2026-11-28T13:41:18.863000+00:00"
    assert found["TestSilenced"]["silenced"] == [{"by": "anna", "until": until, "comment": "known"}]
    assert [found["TestInhibited"][key] for key in ("silenced", "inhibited")] == [[], True]
    assert [found["TestPending"][key] for key in ("state", "silenced", "inhibited")] == [
        "pending",
        None,
        None,
    ]
    assert found["TestPage"]["runbook"] == "docs/runbooks/burns.md"
    assert found["TestHostile"]["endpoint"] == "[red]\x1b[31mx[/red]"
    assert result.exit_code == 11


def test_a_hostile_label_reaches_the_terminal_as_text(
    run: Callable[..., Result], proxied: ScriptedApi
) -> None:
    proxied.services[MANAGER] = TELLS
    output = run().stdout
    assert "[red]\N{REPLACEMENT CHARACTER}[31mx[/red]" in output
    assert "two lines" in output
    assert "\x1b" not in output


def test_an_alertmanager_that_is_away_leaves_silences_unknown(
    run: Callable[..., Result], proxied: ScriptedApi
) -> None:
    proxied.services[MANAGER] = status(503, "ServiceUnavailable", "no endpoints available")
    result = run()
    assert "Silences are not known: Alertmanager" in result.stderr
    assert "TestSilenced" in result.stdout
    assert result.exit_code == 11


@pytest.mark.parametrize("answer", [(200, b"{}"), (200, b"<html>"), (503, b"[]")])
def test_what_is_no_list_of_alertmanager_is_refused(
    api: ScriptedApi, environment: Environment, answer: Answer
) -> None:
    api.services[MANAGER] = answer
    api.services["mlops-system/prometheus:9090"] = quiet("MlopsInputDrift")
    assert "no list" in alerts.gather(environment).note


def test_nothing_that_fires_is_exit_code_0(run: Callable[..., Result], api: ScriptedApi) -> None:
    api.services["mlops-system/prometheus:9090"] = quiet("MlopsInputDrift")
    api.services[MANAGER] = manager()
    result = run()
    assert (result.exit_code, result.stdout) == (0, "no alert fires, none is pending\n")
    assert result.stderr == ""


@pytest.mark.parametrize("rules", [(), ("Watchdog",)])
def test_that_nothing_fires_without_a_rule_is_told_as_no_good_news(
    run: Callable[..., Result], api: ScriptedApi, rules: tuple[str, ...]
) -> None:
    api.services["mlops-system/prometheus:9090"] = quiet(*rules)
    api.services[MANAGER] = manager()
    result = run()
    assert (result.exit_code, result.stderr.strip()) == (0, alerts.WITHOUT_RULES)
    assert json.loads(run("--json").stdout)["note"] == alerts.WITHOUT_RULES


def test_every_alert_of_a_platform_is_known_by_its_name() -> None:
    stories = [*endpoint_stories.STORIES, *platform_stories.STORIES]
    assert [story.alert for story in stories if not story.alert.startswith(alerts.OURS)] == []


def test_without_a_prometheus_the_error_says_how_to_get_one(environment: Environment) -> None:
    with pytest.raises(NoMonitoring, match="then `mlops up test`") as caught:
        alerts.gather(environment)
    assert caught.value.exit_code == 12


def test_no_alertmanager_belongs_to_somebody_elses_prometheus(tmp_path: Path, api: ScriptedApi) -> None:
    given = watched_platform.adopted("https://metrics.example.org")
    assert alertmanager_of(watched_platform.environment(tmp_path, api, monitoring=given)) is None


def row(state: Any, severity: str, *, silenced: bool = False, inhibited: bool = False) -> alerts.Row:
    alert = Alert({"alertname": "A", "severity": severity}, {}, state, NOW)
    return alerts.Row(alert, Routed({}, (Silence("anna", NOW, ""),) if silenced else (), inhibited))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("firing", "page")], True),
        ([row("firing", "page", silenced=True)], False),
        ([row("firing", "page", inhibited=True)], False),
        ([row("pending", "page"), row("firing", "ticket"), row("firing", "")], False),
    ],
)
def test_only_a_page_that_somebody_is_told_of_counts(rows: list[alerts.Row], expected: bool) -> None:
    assert alerts.page_fires(alerts.Report(tuple(rows))) is expected


def test_what_is_pending_or_quiet_is_dimmed() -> None:
    report = alerts.Report(
        (row("firing", "page"), row("pending", "page"), row("firing", "page", silenced=True))
    )
    assert [each.style for each in alerts.table(report, NOW).rows] == ["", "dim", "dim"]


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(seconds=-3), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(minutes=1), "1m"),
        (timedelta(hours=3, minutes=5, seconds=9), "3h 5m"),
        (timedelta(days=2), "2d"),
        (timedelta(days=2, minutes=7), "2d"),
        (timedelta(days=2, hours=4, minutes=7), "2d 4h"),
    ],
)
def test_an_age_is_told_in_its_largest_units(length: timedelta, text: str) -> None:
    assert age(length.total_seconds()) == text
