from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

import endpoint_stories
from pulumi_mlops import receivers
from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.receivers import Pace, Receiver

HOOK = Receiver("hook", "webhook", {}, ("url",))
MAIL = Receiver(
    "mail", "email", {"to": "a@example.org", "from_address": "b@example.org", "smarthost": "smtp:25"}, ()
)
ALERTS = {story.alert: story.severity for story in endpoint_stories.STORIES}


def config(told: list[Receiver], pace: Pace | None = None) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(
        receivers.alertmanager(told, [], pace or Pace(), "/etc/alertmanager")
    )
    return loaded


def test_messages_are_grouped_by_alert_and_endpoint_at_this_pace() -> None:
    route = config([HOOK])["route"]
    assert route["group_by"] == ["alertname", "endpoint"]
    assert (route["group_wait"], route["group_interval"], route["repeat_interval"]) == ("30s", "5m", "4h")
    route = config([HOOK], pace=Pace("10s", "1m", "2h"))["route"]
    assert (route["group_wait"], route["group_interval"], route["repeat_interval"]) == ("10s", "1m", "2h")


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
