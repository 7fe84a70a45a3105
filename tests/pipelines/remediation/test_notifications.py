from __future__ import annotations

import json
from datetime import timedelta

import pytest

from mlops_pipelines.remediation import notifications
from mlops_pipelines.remediation.notifications import Sorted
from remediation_stories import NOON, alert, notification, policy, rule


def sort(*alerts: dict[str, object], **more: object) -> Sorted:
    parsed = notifications.parse(json.dumps(notification(*alerts) | more).encode())
    return notifications.sort(parsed, policy(rule(), rule("MlopsDataQuality", "rollback")))


def test_alerts_of_one_name_and_endpoint_are_one_incident_that_began_with_the_latest() -> None:
    later = NOON + timedelta(minutes=5)
    found = sort(alert(feature="a"), alert(feature="b", since=later), alert("MlopsDataQuality"))
    assert [(one.alert, one.endpoint, one.since, one.alerts) for one in found.incidents] == [
        ("MlopsInputDrift", "mortgage", later, 2),
        ("MlopsDataQuality", "mortgage", NOON, 1),
    ]
    assert found.incidents[0].labels["feature"] == "b"


def test_what_is_resolved_or_has_no_rule_is_counted_and_no_incident() -> None:
    found = sort(alert(status="resolved"), alert("MlopsPodRestarts"), alert(endpoint="../../etc"))
    assert found == Sorted((), resolved=1, ignored=2)


def test_an_alert_without_name_or_endpoint_is_ignored() -> None:
    nameless = {**alert(), "labels": {}}
    assert sort(nameless) == Sorted((), resolved=0, ignored=1)


def test_recorded_labels_are_bounded_in_number_and_length() -> None:
    many = {f"label-{number}": "x" * 1000 for number in range(1000)}
    [found] = sort(alert(**many)).incidents
    assert len(found.labels) == notifications.MOST_LABELS
    assert max(map(len, found.labels.values())) == notifications.LONGEST_LABEL


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "the whole"),
        (b"[]", "the whole"),
        (json.dumps(notification() | {"version": "3"}).encode(), "version"),
        (json.dumps(notification({"status": "firing"})).encode(), "alerts.0.labels"),
        (json.dumps(notification({**alert(), "status": "on fire"})).encode(), "alerts.0.status"),
        (
            json.dumps(notification({**alert(), "startsAt": "2026-03-01T12:00:00"})).encode(),
            "alerts.0.startsAt",
        ),
        (b"[" * 100_000, "the whole"),
    ],
    ids=["empty", "list", "version", "labels", "status", "no-zone", "deep"],
)
def test_what_is_no_notification_is_refused_with_the_place(body: bytes, where: str) -> None:
    with pytest.raises(ValueError, match=f"of version 4, at {where}: "):
        notifications.parse(body)
