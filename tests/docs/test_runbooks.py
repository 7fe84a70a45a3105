from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import endpoint_stories
import platform_stories
from mlops_cli.main import app
from mlops_serving.gate import admin as gate
from mlops_serving.metrics import catalog
from pulumi_mlops.alerts import metrics, render, render_platform, runbook
from pulumi_mlops.alerts.rules import all_rules

DOCS = Path(__file__).parents[2] / "docs"
RUNBOOKS = DOCS / "runbooks"
RULES = [
    rule
    for text in (render(endpoint_stories.ALERTS), render_platform(platform_stories.ALERTS))
    for rule in all_rules(yaml.safe_load(text))
]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
SECTIONS = ["First look", "Likely causes", "What to do", "Over when"]
PAGES = sorted(RUNBOOKS.glob("*.md"))


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert {path.name for path in PAGES} - {"README.md"} == {runbook(alert) for alert in ALERTS}
    links = {alert: rule["annotations"]["runbook_url"].rsplit("/", 1)[1] for alert, rule in ALERTS.items()}
    assert links == {alert: runbook(alert) for alert in ALERTS}


@pytest.mark.parametrize("alert", ALERTS)
def test_a_runbook_has_its_sections_and_says_how_urgent_it_is(alert: str) -> None:
    text = (RUNBOOKS / runbook(alert)).read_text()
    assert text.startswith(f"# {alert}\n\nSeverity: {ALERTS[alert]['labels']['severity']}.\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS


def test_the_list_of_runbooks_links_all_with_their_severity() -> None:
    rows = re.findall(
        r"^\| \[(\w+)\]\((.+)\) \| (\w+) \|$", (RUNBOOKS / "README.md").read_text(), re.MULTILINE
    )
    assert sorted(rows) == sorted(
        (alert, runbook(alert), rule["labels"]["severity"]) for alert, rule in ALERTS.items()
    )
    assert "](runbooks/README.md)" in (DOCS / "alerts.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_pages_and_queries_ask_for_metrics_that_exist(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert (RUNBOOKS / target).is_file(), target
    recorded = frozenset(rule["record"] for rule in RULES if "record" in rule)
    served = frozenset(spec.name for spec in catalog.SPECS) | gate.NAMES.keys()
    for query in re.findall(r"In Prometheus:\n\n    (.+)\n", text):
        metrics.refuse_unknown(query, recorded | served)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"commands of {page.name}")
def test_the_commands_that_a_runbook_names_exist(page: Path) -> None:
    known = {
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    }
    named = set(re.findall(r"^    (?:[^\n]*/)?mlops (\w+)", page.read_text(), re.MULTILINE))
    assert named - known == set()
