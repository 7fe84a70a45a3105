"""Who is told of what, and what keeps quiet, as a real Alertmanager decides by Monitoring's configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import pytest

import endpoint_stories
import platform_stories
import real_alertmanager
from alert_receivers import Hook
from pulumi_mlops import receivers
from real_alertmanager import Alertmanager, alert
from serving_process import wait_until

pytestmark = pytest.mark.timeout(300)
Run = Callable[[Mapping[str, str]], AbstractContextManager[Alertmanager]]
SEVERITIES = {story.alert: story.severity for story in endpoint_stories.STORIES}
NOT_OF_ENDPOINTS = {story.alert: story.severity for story in platform_stories.STORIES}
HERE, ELSEWHERE = "mortgage", "other"
SILENT: dict[str, Any] = {"pace": {"group_wait": "1h", "group_interval": "1h", "repeat_interval": "1h"}}
"""Nobody is told, which is not asked here."""


def named(name: str, endpoint: str, **labels: str) -> dict[str, Any]:
    return alert(name, SEVERITIES[name], endpoint=endpoint, **labels)


def suppressed(manager: Alertmanager) -> set[tuple[str, str | None]]:
    """Name and endpoint of what is inhibited."""
    return {
        (one["labels"]["alertname"], one["labels"].get("endpoint"))
        for one in manager.alerts()
        if one["status"]["state"] == "suppressed" and one["status"]["inhibitedBy"]
    }


MARK = [
    alert("MlopsEndpointDown", "page", endpoint="mark"),
    alert("MlopsInputDrift", "ticket", endpoint="mark"),
]


def decided(manager: Alertmanager) -> set[tuple[str, str | None]]:
    """What is inhibited of all that was told before: alerts are looked at in the order they were told."""
    mark = ("MlopsInputDrift", "mark")
    manager.tell(MARK)
    wait_until(lambda: mark in suppressed(manager))
    return suppressed(manager) - {mark}


@pytest.mark.parametrize("page", sorted(name for name, kind in SEVERITIES.items() if kind == "page"))
def test_a_page_of_an_endpoint_keeps_its_tickets_quiet_and_nothing_else(page: str, run: Run) -> None:
    tickets = {name for name, severity in SEVERITIES.items() if severity == "ticket"}
    with run(real_alertmanager.files(**SILENT)) as manager:
        manager.tell([named(page, HERE), *(named(name, HERE) for name in tickets)])
        manager.tell([named(name, ELSEWHERE) for name in tickets])
        manager.tell([alert(name, severity) for name, severity in NOT_OF_ENDPOINTS.items()])
        assert decided(manager) == {(name, HERE) for name in tickets}
        assert len(manager.alerts()) == 1 + 2 * len(tickets) + len(NOT_OF_ENDPOINTS) + len(MARK)


def test_an_endpoint_that_is_down_keeps_quiet_what_follows_from_it_also_pages(run: Run) -> None:
    tickets = {name for name, severity in SEVERITIES.items() if severity == "ticket"}
    with run(real_alertmanager.files(**SILENT)) as manager:
        manager.tell([named(name, HERE) for name in SEVERITIES])
        elsewhere = set(receivers.WITHOUT_AN_ANSWER) - tickets
        manager.tell([named(name, ELSEWHERE) for name in elsewhere])
        assert decided(manager) == {(name, HERE) for name in {*tickets, *receivers.WITHOUT_AN_ANSWER}}
        assert elsewhere, "some are pages, which a page of another endpoint does not keep quiet"


def test_a_ticket_comes_back_when_its_page_has_ended_and_is_told_then(run: Run) -> None:
    page, ticket = named("MlopsErrorBudgetBurnsFast", HERE), named("MlopsInputDrift", HERE)
    other = named("MlopsInputDrift", ELSEWHERE)
    with Hook().serving() as hook:
        files = real_alertmanager.files(
            receivers=[{"name": "hook", "kind": "webhook", "url": hook.url}],
            routes=None,
            pace=real_alertmanager.PACE,
        )
        with run(files) as manager:
            manager.tell([page])
            wait_until(lambda: page["labels"] in hook.labels())
            manager.tell([ticket, other])
            wait_until(lambda: other["labels"] in hook.labels())
            wait_until(lambda: suppressed(manager) == {("MlopsInputDrift", HERE)})
            assert ticket["labels"] not in hook.labels()
            manager.tell([{**page, "endsAt": "2026-01-01T00:00:00Z", "startsAt": "2025-12-31T00:00:00Z"}])
            wait_until(lambda: ticket["labels"] in hook.labels())
            wait_until(lambda: [m for m in hook.told if m["status"] == "resolved"])


def test_routes_lead_to_all_that_fit_and_to_those_without_a_route(run: Run) -> None:
    risk, platform = "credit-risk", "platform"
    urls = {"url": "http://127.0.0.1:1/"}
    files = real_alertmanager.files(
        receivers=[
            {"name": name, "kind": "webhook", **urls} for name in ("pages", "risk", "both", "everything")
        ],
        routes=[
            {"receiver": "pages", "severity": "page"},
            {"receiver": "risk", "owner": risk},
            {"receiver": "both", "severity": "ticket", "owner": risk},
        ],
        **SILENT,
    )
    expected = {
        ("page", risk): ["everything", "pages", "risk"],
        ("ticket", risk): ["both", "everything", "risk"],
        ("page", platform): ["everything", "pages"],
        ("ticket", platform): ["everything"],
    }
    with run(files) as manager:
        manager.tell([alert("MlopsX", severity, owner=owner) for severity, owner in expected])
        found = {
            (one["labels"]["severity"], one["labels"]["owner"]): sorted(to["name"] for to in one["receivers"])
            for one in manager.alerts()
        }
    assert found == expected


@pytest.mark.parametrize(
    "given",
    [
        {"receivers": None, "routes": None},
        {
            "receivers": [{"name": "pages", "kind": "webhook", "url": "http://127.0.0.1:1/"}],
            "routes": [{"receiver": "pages", "severity": "page"}],
        },
    ],
    ids=["no receiver", "no route fits"],
)
def test_what_no_route_takes_is_shown_and_told_to_nobody(given: dict[str, Any], run: Run) -> None:
    with run(real_alertmanager.files(**given, **SILENT)) as manager:
        manager.tell([alert("MlopsX", "ticket")])
        (shown,) = manager.alerts()
    assert [to["name"] for to in shown["receivers"]] == ["nobody"]
