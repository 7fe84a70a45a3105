"""What each kind of receiver gets from a real Alertmanager with the configuration of Monitoring."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from email import message_from_string
from typing import Any

import pytest
import yaml

import alert_receivers
import real_alertmanager
from alert_receivers import Hook
from real_alertmanager import Alertmanager, alert
from serving_process import wait_until

pytestmark = pytest.mark.timeout(300)
Run = Callable[[Mapping[str, str]], AbstractContextManager[Alertmanager]]
TITLE = "[firing 1] page MlopsEndpointDown mortgage"
TEXT = "MlopsEndpointDown of the tests\nSomething is wrong.\nhttps://runbooks.example.org/it.md\n"
DOWN = alert("MlopsEndpointDown", "page", endpoint="mortgage")
NAMES = ["hook", "mail", "chat", "pager"]


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook().serving() as made:
        yield made


def receivers(hook: Hook, smarthost: str) -> list[dict[str, Any]]:
    return [
        {"name": "hook", "kind": "webhook", "url": hook.url, "bearer_token": "secret-bearer"},
        {
            "name": "mail",
            "kind": "email",
            "to": "models@example.org",
            "from_address": "alerts@example.org",
            "smarthost": smarthost,
        },
        {"name": "chat", "kind": "slack", "url": hook.url, "channel": "#models"},
        {"name": "pager", "kind": "pagerduty", "routing_key": "secret-routing-key"},
    ]


def test_all_kinds_with_all_keys_are_read(run: Run) -> None:
    with run(real_alertmanager.files()) as manager:
        assert sorted(manager.receivers()) == sorted(["nobody", *NAMES])


def test_a_mail_server_without_tls_is_told_nothing(run: Run, hook: Hook) -> None:
    with alert_receivers.mailbox() as (smarthost, box):
        files = real_alertmanager.files(
            receivers=receivers(hook, smarthost),
            routes=[{"receiver": "mail", "severity": "page"}, {"receiver": "pager", "owner": "nobody"}],
            pace=real_alertmanager.PACE,
        )
        with run(files) as manager:
            manager.tell([DOWN])
            wait_until(lambda: box.connections and len(hook.told) == 2)
            failed = 'alertmanager_notification_requests_failed_total{integration="email"'
            wait_until(lambda: manager.metric(failed) >= 1)
        assert box.mails == []


def test_each_is_told_what_fires_where_and_what_to_do(run: Run, hook: Hook) -> None:
    with alert_receivers.mailbox() as (smarthost, box):
        files = real_alertmanager.files(
            receivers=receivers(hook, smarthost), routes=None, pace=real_alertmanager.PACE
        )
        with run(on_loopback(files, hook)) as manager:
            manager.tell([DOWN])
            wait_until(lambda: len(hook.told) == 3 and box.mails)
    found = {kind_of(message): message for message in hook.told}
    assert sorted(found) == ["pagerduty", "slack", "webhook"]
    assert hook.tokens == {None, "Bearer secret-bearer"}

    (told,) = found["webhook"]["alerts"]
    assert (told["labels"], told["annotations"]) == (DOWN["labels"], DOWN["annotations"])
    (post,) = found["slack"]["attachments"]
    assert found["slack"]["channel"] == "#models"
    assert (post["title"], post["text"].strip()) == (TITLE, TEXT.strip())
    page = found["pagerduty"]
    assert (page["routing_key"], page["event_action"]) == ("secret-routing-key", "trigger")
    assert (page["payload"]["summary"], page["payload"]["severity"]) == (TITLE, "critical")

    (mail,) = (message_from_string(text) for text in box.mails)
    assert (mail["Subject"], mail["To"], mail["From"]) == (TITLE, "models@example.org", "alerts@example.org")
    (plain,) = (part for part in mail.walk() if part.get_content_type() == "text/plain")
    body = plain.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().replace("\r\n", "\n").strip() == TEXT.strip()


def on_loopback(files: Mapping[str, str], hook: Hook) -> dict[str, str]:
    """The files with PagerDuty's address replaced, and a mail server that needs no TLS."""
    config = yaml.safe_load(files["alertmanager.yml"])
    by_name = {entry["name"]: entry for entry in config["receivers"]}
    by_name["pager"]["pagerduty_configs"][0]["url"] = hook.url
    by_name["mail"]["email_configs"][0]["require_tls"] = False
    return {**files, "alertmanager.yml": yaml.safe_dump(config)}


def kind_of(message: Mapping[str, Any]) -> str:
    keys = {"routing_key": "pagerduty", "attachments": "slack", "groupKey": "webhook"}
    return next(kind for key, kind in keys.items() if key in message)
