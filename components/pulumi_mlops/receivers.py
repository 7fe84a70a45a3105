"""Who is told of alerts, as Alertmanager's configuration: kinds of receivers, routes, inhibition. Pure.

A receiver's secrets are files beside the configuration, which only names them. So the configuration can be
shown and compared, and a new secret is used without a restart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import yaml

from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.manifests import Object, compact

PAGE, TICKET = "page", "ticket"
WEBHOOK_SECONDS = 10
"""How long a webhook may take to answer before it is asked again."""
NOBODY = "nobody"
"""The receiver of alerts that no route takes: they are shown, and sent to no one."""
_TEXT = (
    "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.description }}\n"
    "{{ .Annotations.runbook_url }}\n\n{{ end }}"
)
_TITLE = (
    '[{{ .Status }}{{ if eq .Status "firing" }} {{ .Alerts.Firing | len }}{{ end }}] '
    "{{ .CommonLabels.severity }} {{ .CommonLabels.alertname }} {{ .CommonLabels.endpoint }}"
)
WITHOUT_AN_ANSWER = (
    "MlopsEndpointNoData",
    "MlopsErrorBudgetBurnsFast",
    "MlopsErrorBudgetBurnsSlow",
    "MlopsLatencyBudgetBurnsFast",
    "MlopsLatencyBudgetBurnsSlow",
    "MlopsRequestsWait",
    "MlopsRequestsRejected",
    "MlopsInputDrift",
    "MlopsPredictionDrift",
    "MlopsDriftNotWatched",
    "MlopsDataQuality",
    "MlopsPodsNotReady",
)
"""Alerts of an endpoint that say nothing new while MlopsEndpointDown says that no pod is ready."""


@dataclass(frozen=True)
class Kind:
    """What a kind of receiver needs and may have; `secrets` are kept in files."""

    needs: tuple[str, ...]
    may: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key."""
        return (*self.needs, *self.may)


KINDS: Mapping[str, Kind] = {
    "webhook": Kind(("url",), ("bearer_token",), ("url", "bearer_token")),
    "email": Kind(("to", "from_address", "smarthost"), ("username", "password"), ("password",)),
    "slack": Kind(("url", "channel"), (), ("url",)),
    "pagerduty": Kind(("routing_key",), (), ("routing_key",)),
}


@dataclass(frozen=True)
class Receiver:
    """A receiver: its kind, what is no secret of it by key, and which secrets it has."""

    name: str
    kind: str
    plain: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()


@dataclass(frozen=True)
class Route:
    """Which alerts go to a receiver: those of a severity, of an owner, or both."""

    receiver: str
    severity: str | None = None
    owner: str | None = None


@dataclass(frozen=True)
class Pace:
    """How long a message waits for others of its kind, for more of the same, and before it is said again."""

    group_wait: str = "30s"
    group_interval: str = "5m"
    repeat_interval: str = "4h"


def kind(value: str) -> str:
    """A kind of receiver."""
    if value not in KINDS:
        raise InvalidValue(f"{value!r} is no kind of receiver; allowed are {', '.join(KINDS)}")
    return value


def severity(value: str) -> str:
    """A severity of alerts."""
    if value not in (PAGE, TICKET):
        raise InvalidValue(f"{value!r} is no severity; allowed are {PAGE} and {TICKET}")
    return value


def smarthost(value: str) -> str:
    """A mail server, with its port: `smtp.example.org:587`."""
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InvalidValue(f"{value!r} is no mail server; allowed is host:port, such as smtp.example.org:587")
    return value


def secret_url(value: str) -> str:
    """An address that messages are posted to; it may hold a token, so no message shows it."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or value.split() != [value]:
        raise InvalidValue("this is no address; allowed is http:// or https://, a host and a path")
    return value


def refuse_unfit(kind_name: str, given: Sequence[str]) -> None:
    """Raise `InvalidValue` for a receiver with keys of another kind."""
    unfit = sorted(set(given) - set(KINDS[kind_name].keys))
    if unfit:
        raise InvalidValue(
            f"a receiver of kind {kind_name} has no {unfit[0]}; allowed are "
            + ", ".join(sorted(KINDS[kind_name].keys))
        )
    if "password" in given and "username" not in given:
        raise InvalidValue("a password needs a username; give both, or neither")


def refuse_twice(names: Sequence[str]) -> None:
    """Raise `InvalidValue` for two receivers of one name, or one of the name that stands for nobody."""
    for name in names:
        if names.count(name) > 1:
            raise InvalidValue(f"the receiver {name!r} is there twice; names must differ")
        if name == NOBODY:
            raise InvalidValue(f"no receiver may be called {NOBODY!r}, which stands for none; choose another")


def refuse_unknown(receiver: str, names: Sequence[str]) -> str:
    """The name of a receiver that a route may lead to.

    Raises `InvalidValue` if there is none of that name.
    """
    if receiver not in names:
        raise InvalidValue(
            f"{receiver!r} is no receiver; there are {', '.join(names) or 'none'}: add it to receivers, or "
            "mend the name"
        )
    return receiver


def file_of(name: str, key: str) -> str:
    """The file, and so the Secret's key, with a receiver's secret."""
    return f"{name}.{key.replace('_', '-')}"


def alertmanager(receivers: Sequence[Receiver], routes: Sequence[Route], pace: Pace, folder: str) -> str:
    """The text of `alertmanager.yml`; `folder` is where it and the files of the secrets are mounted.

    Every route is tried, so that an alert goes to all whose route it fits. A receiver that no route names is
    told of everything.
    """
    named = {route.receiver for route in routes}
    everything = [Route(receiver.name) for receiver in receivers if receiver.name not in named]
    config = {
        "route": {
            "receiver": NOBODY,
            "group_by": ["alertname", "endpoint"],
            "group_wait": pace.group_wait,
            "group_interval": pace.group_interval,
            "repeat_interval": pace.repeat_interval,
            "routes": [_route(route) for route in [*routes, *everything]],
        },
        "inhibit_rules": _inhibitions(),
        "receivers": [{"name": NOBODY}, *(_receiver(receiver, folder) for receiver in receivers)],
    }
    return yaml.safe_dump(config, sort_keys=False, width=110)


def _route(route: Route) -> Object:
    wanted = {"severity": route.severity, "owner": route.owner}
    matchers = [f'{label}="{value}"' for label, value in wanted.items() if value is not None]
    return compact({"receiver": route.receiver, "matchers": matchers, "continue": True})


def _inhibitions() -> list[Object]:
    """Two labels that both are missing count as equal, so each rule asks for an endpoint."""
    some = 'endpoint!=""'
    return [
        {
            "source_matchers": [f'severity="{PAGE}"', some],
            "target_matchers": [f'severity="{TICKET}"', some],
            "equal": ["endpoint"],
        },
        {
            "source_matchers": ['alertname="MlopsEndpointDown"', some],
            "target_matchers": [f'alertname=~"{"|".join(WITHOUT_AN_ANSWER)}"', some],
            "equal": ["endpoint"],
        },
    ]


def _receiver(receiver: Receiver, folder: str) -> Object:
    files = {key: f"{folder}/{file_of(receiver.name, key)}" for key in receiver.secrets}
    section, settings = _SECTIONS[receiver.kind](receiver.plain, files)
    return {"name": receiver.name, section: [compact({**settings, "send_resolved": True})]}


def _webhook(plain: Mapping[str, str], files: Mapping[str, str]) -> tuple[str, Object]:
    token = files.get("bearer_token")
    http: Object = {} if token is None else {"authorization": {"credentials_file": token}}
    # Without it one that hangs is asked again no earlier than after the time to the next message.
    return "webhook_configs", {
        "url_file": files["url"],
        "http_config": http,
        "timeout": f"{WEBHOOK_SECONDS}s",
    }


def _email(plain: Mapping[str, str], files: Mapping[str, str]) -> tuple[str, Object]:
    return "email_configs", {
        "to": plain["to"],
        "from": plain["from_address"],
        "smarthost": plain["smarthost"],
        "auth_username": plain.get("username"),
        "auth_password_file": files.get("password"),
        "require_tls": True,
        "headers": {"Subject": _TITLE},
        "text": _TEXT,
    }


def _slack(plain: Mapping[str, str], files: Mapping[str, str]) -> tuple[str, Object]:
    return "slack_configs", {
        "api_url_file": files["url"],
        "channel": plain["channel"],
        "title": _TITLE,
        "text": _TEXT,
    }


def _pagerduty(plain: Mapping[str, str], files: Mapping[str, str]) -> tuple[str, Object]:
    return "pagerduty_configs", {
        "routing_key_file": files["routing_key"],
        "description": _TITLE,
        "severity": '{{ if eq .CommonLabels.severity "page" }}critical{{ else }}warning{{ end }}',
    }


_SECTIONS: Mapping[str, Any] = {
    "webhook": _webhook,
    "email": _email,
    "slack": _slack,
    "pagerduty": _pagerduty,
}
