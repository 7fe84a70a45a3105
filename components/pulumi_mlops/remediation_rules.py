"""Which alerts may lead to which actions. Pure."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import yaml

from pulumi_mlops.alerts import EndpointAlerts, LatencyObjective, ScheduledJob, Slo, render
from pulumi_mlops.alerts.rules import all_rules
from pulumi_mlops.errors import InvalidValue

RETRAIN, ROLLBACK = "retrain", "rollback"
ACTIONS = (RETRAIN, ROLLBACK)
SHORTEST_COOLDOWN = 60
COOLDOWN_SECONDS = 3600
WITHIN_SECONDS = 86_400
ACTIONS_PER_HOUR = 4
RECEIVER = "remediation"
"""Name of the receiver's objects, and of Alertmanager's receiver that leads to it."""


@dataclass(frozen=True)
class Rule:
    """An alert and its action; without `endpoint`, for every endpoint that has no rule of its own."""

    alert: str
    action: str
    endpoint: str | None = None


@dataclass(frozen=True)
class Target:
    """What an endpoint allows: the number of its pipelines, and whether its server follows releases."""

    pipelines: int
    follows_releases: bool


def action(value: str) -> str:
    """An action of the receiver."""
    if value not in ACTIONS:
        raise InvalidValue(f"{value!r} is no action; allowed are {' and '.join(ACTIONS)}")
    return value


def alert(value: str) -> str:
    """The name of an alert about an endpoint."""
    known = alert_names()
    if value not in known:
        close = difflib.get_close_matches(value, known, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise InvalidValue(f"{value!r} is no alert about an endpoint{hint}; allowed are {', '.join(known)}")
    return value


def cooldown_seconds(value: int) -> int:
    """The shortest time between two actions about one alert of one endpoint."""
    if value < SHORTEST_COOLDOWN:
        raise InvalidValue(
            f"{value} s is too short a cooldown; allowed are {SHORTEST_COOLDOWN} s and more, so that an "
            "action can show its effect before the next"
        )
    return value


def refuse_age(value: str) -> None:
    """Raise `InvalidValue` for an action other than a rollback that is given the age of a release."""
    if value != ROLLBACK:
        raise InvalidValue("only a rollback looks at the age of a release; leave it out")


@cache
def alert_names() -> tuple[str, ...]:
    """Every alert about an endpoint, sorted: those in the rules of an endpoint that has all of them."""
    everything = EndpointAlerts(
        endpoint="any",
        model="any",
        namespace="any",
        slo=Slo(availability=99.0, latency=LatencyObjective(percent=99.0, seconds=0.25)),
        pipelines=(ScheduledJob(name="any", scheduled=True),),
    )
    rules = all_rules(yaml.safe_load(render(everything)))
    return tuple(sorted({str(rule["alert"]) for rule in rules if "alert" in rule}))


def refuse_unfit(rules: Sequence[Rule], targets: Mapping[str, Target]) -> None:
    """Raise `InvalidValue`, with the key's path, for rules that could not be followed.

    `targets` are the endpoints by name.
    """
    if not rules:
        raise InvalidValue("rules: nothing would ever be done; give a rule, or leave remediation out")
    if not targets:
        raise InvalidValue("rules: there is no endpoint to act for; add one, or leave remediation out")
    for number, rule in enumerate(rules):
        path = f"rules[{number}]"
        if rule.endpoint is not None and rule.endpoint not in targets:
            raise InvalidValue(
                f"{path}.endpoint: there is no endpoint {rule.endpoint!r}; allowed are "
                + ", ".join(sorted(targets))
            )
        if any((rule.alert, rule.endpoint) == (one.alert, one.endpoint) for one in rules[:number]):
            raise InvalidValue(
                f"{path}: there is another rule for {rule.alert} of the same endpoints; one alert, one action"
            )
        for name in _meant(rules, rule, targets):
            _refuse_impossible(path, rule, name, targets[name])


def _meant(rules: Sequence[Rule], rule: Rule, targets: Mapping[str, Target]) -> list[str]:
    if rule.endpoint is not None:
        return [rule.endpoint]
    own = {one.endpoint for one in rules if one.alert == rule.alert}
    return sorted(set(targets) - own)


def _refuse_impossible(path: str, rule: Rule, name: str, target: Target) -> None:
    remedy = "name the endpoints it is for in `endpoint`, one rule each" if rule.endpoint is None else ""
    if rule.action == RETRAIN and target.pipelines != 1:
        has = "no pipeline" if target.pipelines == 0 else f"{target.pipelines} pipelines"
        raise InvalidValue(
            f"{path}.action: endpoint {name} has {has}, and retraining starts exactly one; "
            + (remedy or "add a pipeline with this endpoint, or choose another action")
        )
    if rule.action == ROLLBACK and not target.follows_releases:
        raise InvalidValue(
            f"{path}.action: endpoint {name} is pinned to a version, so no release reaches it; "
            + (remedy or "set its version to release, or choose another action")
        )
