from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

import endpoint_stories
from pulumi_mlops import receivers
from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.receivers import Pace, Receiver, Route

HOOK = Receiver("hook", "webhook", {}, ("url",))
PAGER = Receiver("pager", "pagerduty", {}, ("routing_key",))
MAIL = Receiver(
    "mail", "email", {"to": "a@example.org", "from_address": "b@example.org", "smarthost": "smtp:25"}, ()
)
ALERTS = {story.alert: story.severity for story in endpoint_stories.STORIES}


def config(
    told: list[Receiver], routes: list[Route] | None = None, pace: Pace | None = None
) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(
        receivers.alertmanager(told, routes or [], pace or Pace(), "/etc/alertmanager")
    )
    return loaded


def matches(matcher: str, labels: dict[str, str]) -> bool:
    label, operator, value = re.fullmatch(r'(\w+)(=~|!=|=)"(.*)"', matcher).groups()  # type: ignore[union-attr]
    held = labels.get(label, "")
    if operator == "=~":
        return re.fullmatch(value, held) is not None
    return (held == value) == (operator == "=")


def told_of(document: dict[str, Any], labels: dict[str, str]) -> list[str]:
    """The receivers of an alert, as Alertmanager walks the routes."""
    found = []
    for route in document["route"]["routes"]:
        if all(matches(matcher, labels) for matcher in route.get("matchers", [])):
            found.append(route["receiver"])
            if not route["continue"]:
                break
    return found or [document["route"]["receiver"]]


def inhibits(document: dict[str, Any], source: dict[str, str], target: dict[str, str]) -> bool:
    return any(
        all(matches(matcher, source) for matcher in rule["source_matchers"])
        and all(matches(matcher, target) for matcher in rule["target_matchers"])
        and all(source.get(label, "") == target.get(label, "") for label in rule["equal"])
        for rule in document["inhibit_rules"]
    )


def alert(name: str, endpoint: str | None = "mortgage", severity: str | None = None) -> dict[str, str]:
    labels = {"alertname": name, "severity": severity or ALERTS[name]}
    return labels if endpoint is None else {**labels, "endpoint": endpoint}


def test_messages_are_grouped_by_alert_and_endpoint_at_this_pace() -> None:
    route = config([HOOK])["route"]
    assert route["group_by"] == ["alertname", "endpoint"]
    assert (route["group_wait"], route["group_interval"], route["repeat_interval"]) == ("30s", "5m", "4h")
    route = config([HOOK], pace=Pace("10s", "1m", "2h"))["route"]
    assert (route["group_wait"], route["group_interval"], route["repeat_interval"]) == ("10s", "1m", "2h")


@pytest.mark.parametrize(
    ("severity", "owner", "told"),
    [
        ("page", "credit-risk", ["pager", "risk", "hook"]),
        ("ticket", "credit-risk", ["risk", "hook"]),
        ("page", "platform", ["pager", "hook"]),
        ("ticket", "platform", ["hook"]),
    ],
)
def test_an_alert_goes_to_all_whose_route_it_fits_and_to_those_without_a_route(
    severity: str, owner: str, told: list[str]
) -> None:
    risk = Receiver("risk", "webhook", {}, ("url",))
    routes = [Route("pager", severity="page"), Route("risk", owner="credit-risk")]
    document = config([HOOK, PAGER, risk], routes)
    assert told_of(document, {"severity": severity, "owner": owner}) == told


def test_what_no_route_takes_is_told_to_nobody() -> None:
    document = config([PAGER], [Route("pager", severity="page")])
    assert told_of(document, {"severity": "ticket", "owner": "platform"}) == ["nobody"]
    assert {"name": "nobody"} in document["receivers"]


def test_a_page_of_an_endpoint_silences_its_tickets_and_no_others() -> None:
    document, page = config([HOOK]), alert("MlopsErrorBudgetBurnsFast")
    assert inhibits(document, page, alert("MlopsInputDrift"))
    assert not inhibits(document, page, alert("MlopsInputDrift", endpoint="other"))
    assert not inhibits(document, page, alert("MlopsCandidateFails"))
    assert not inhibits(document, alert("MlopsInputDrift"), alert("MlopsRequestsWait"))


def test_the_platforms_own_alerts_silence_none() -> None:
    document = config([HOOK])
    full = alert("MlopsVolumeFull", endpoint=None, severity="page")
    assert not inhibits(document, full, alert("MlopsVolumeFilling", endpoint=None, severity="ticket"))
    assert not inhibits(document, full, alert("MlopsInputDrift"))


def test_an_endpoint_that_is_down_silences_what_follows_from_it_and_not_itself() -> None:
    document, down = config([HOOK]), alert("MlopsEndpointDown")
    for name in receivers.WITHOUT_AN_ANSWER:
        assert inhibits(document, down, alert(name)), name
        assert not inhibits(document, down, alert(name, endpoint="other")), name
    assert not inhibits(document, down, down)
    assert not inhibits(document, down, alert("MlopsCertificateEnds"))


def test_the_silenced_alerts_are_alerts_that_exist() -> None:
    assert set(receivers.WITHOUT_AN_ANSWER) - set(ALERTS) == set()


def test_a_mail_has_a_subject_and_the_runbook_and_needs_tls() -> None:
    (mail,) = [entry for entry in config([MAIL])["receivers"] if entry["name"] == "mail"]
    (settings,) = mail["email_configs"]
    assert settings["require_tls"] is True
    assert {key: settings[key] for key in ("to", "from", "smarthost")} == {
        "to": "a@example.org",
        "from": "b@example.org",
        "smarthost": "smtp:25",
    }
    assert ".Annotations.runbook_url" in settings["text"]
    assert "auth_username" not in settings


@pytest.mark.parametrize(
    ("check", "value", "words"),
    [
        (receivers.kind, "pigeon", "webhook, email, slack, pagerduty"),
        (receivers.severity, "p1", "page and ticket"),
        (receivers.smarthost, "smtp.example.org", "host:port"),
        (receivers.smarthost, "smtp.example.org:99999", "host:port"),
    ],
)
def test_a_refused_value_is_shown_with_what_is_allowed(check: Any, value: str, words: str) -> None:
    with pytest.raises(InvalidValue, match=re.escape(words)) as caught:
        check(value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("value", ["hook.example.org", "ftp://hook.example.org", "https://", "https://a b"])
def test_a_refused_address_is_not_shown(value: str) -> None:
    with pytest.raises(InvalidValue, match="https://, a host and a path") as caught:
        receivers.secret_url(value)
    assert repr(value) not in str(caught.value)


def test_a_password_needs_a_username() -> None:
    with pytest.raises(InvalidValue, match="a password needs a username"):
        receivers.refuse_unfit("email", ["to", "from_address", "smarthost", "password"])


def test_no_receiver_may_stand_for_nobody() -> None:
    with pytest.raises(InvalidValue, match="may be called 'nobody'"):
        receivers.refuse_twice(["hook", "nobody"])
