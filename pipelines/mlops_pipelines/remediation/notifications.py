"""What Alertmanager sends, and what of it calls for a decision. Pure.

Source of the format: Alertmanager's documentation, `<webhook_config>`, payload version 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from mlops_pipelines.remediation.settings import Policy

MOST_LABELS = 40
LONGEST_LABEL = 200
"""Of the labels that are recorded; what is longer is cut."""


class _Received(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Alert(_Received):
    """One alert of a notification."""

    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    starts_at: Annotated[AwareDatetime, Field(alias="startsAt")]


class Notification(_Received):
    """One webhook call."""

    version: Literal["4"]
    alerts: tuple[Alert, ...]


@dataclass(frozen=True)
class Incident:
    """All firing alerts of one name for one endpoint in a notification: they get one decision.

    `since` is when the latest of them began, `labels` are that one's, `alerts` is their number.
    """

    alert: str
    endpoint: str
    since: datetime
    labels: Mapping[str, str]
    alerts: int = 1


@dataclass(frozen=True)
class Sorted:
    """A notification taken apart: what has a rule, and how many alerts were resolved or have none."""

    incidents: tuple[Incident, ...]
    resolved: int
    ignored: int


def parse(body: bytes) -> Notification:
    """Read a notification.

    Raises:
        ValueError: it is none of payload version 4; the message says where it departs.
    """
    try:
        return Notification.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ValueError(f"no Alertmanager notification of version 4, at {key}: {first['msg']}") from None


def sort(notification: Notification, policy: Policy) -> Sorted:
    """At most one incident for each rule and endpoint, however many alerts there are."""
    firing = [alert for alert in notification.alerts if alert.status == "firing"]
    groups: dict[tuple[str, str], list[Alert]] = {}
    ignored = 0
    for alert in firing:
        name, endpoint = alert.labels.get("alertname", ""), alert.labels.get("endpoint", "")
        if policy.rule_for(name, endpoint):
            groups.setdefault((name, endpoint), []).append(alert)
        else:
            ignored += 1
    incidents = tuple(_incident(*key, group) for key, group in groups.items())
    return Sorted(incidents, len(notification.alerts) - len(firing), ignored)


def _incident(alert: str, endpoint: str, group: list[Alert]) -> Incident:
    latest = max(group, key=lambda one: one.starts_at)
    return Incident(alert, endpoint, latest.starts_at, _bounded(latest.labels.items()), len(group))


def _bounded(labels: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name[:LONGEST_LABEL]: value[:LONGEST_LABEL] for name, value in islice(labels, MOST_LABELS)}
