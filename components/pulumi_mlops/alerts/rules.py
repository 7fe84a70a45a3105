"""The rule file of one endpoint. Pure.

Templates write `<< >>` for what is known now, since `{{ }}` is Prometheus' own, for what an alert finds.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jinja2
import yaml

from pulumi_mlops.alerts import metrics
from pulumi_mlops.alerts.settings import EndpointAlerts
from pulumi_mlops.errors import InvalidValue

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("pulumi_mlops.alerts"),
    undefined=jinja2.StrictUndefined,
    autoescape=jinja2.select_autoescape(()),
    variable_start_string="<<",
    variable_end_string=">>",
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def file_name(endpoint: str) -> str:
    """The name of an endpoint's rule file."""
    return f"endpoint-{endpoint}.yaml"


def runbook(alert: str) -> str:
    """The file of an alert's runbook: `error-budget-burns-fast.md` for MlopsErrorBudgetBurnsFast."""
    words = re.findall(r"[A-Z][a-z0-9]*", alert.removeprefix("Mlops"))
    return "-".join(words).lower() + ".md"


def render(alerts: EndpointAlerts) -> str:
    """The text of the endpoint's rule file: recording rules and alerts.

    Raises `InvalidValue` if a rule asks for a metric that nobody has.
    """
    return from_template(
        "endpoint.yaml.j2", alerts=alerts, owner=alerts.owner, runbooks=alerts.runbooks, slo=alerts.slo
    )


def from_template(name: str, **values: Any) -> str:
    """A rule file from a template, read back and checked."""
    text = _TEMPLATES.get_template(name).render(values, runbook=runbook, le=le, burns=burns, number=number)
    # Reading rules back is most of the time of a program of many endpoints; PyYAML brings libyaml.
    _must_be_rules(yaml.load(text, Loader=yaml.CSafeLoader))
    return text


def le(seconds: float) -> str:
    """The matcher of a bucket: whole bounds are written in two ways by those who expose them."""
    return f'le=~"{seconds:g}|{seconds:.1f}"' if seconds == int(seconds) else f'le="{seconds:g}"'


def number(value: float) -> str:
    """A number as PromQL reads it, without a rest of binary fractions."""
    return f"{value:.12f}".rstrip("0").rstrip(".")


def burns(alerts: EndpointAlerts, severity: str) -> list[Any]:
    """The burn windows of one severity."""
    return [one for one in alerts.slo.windows if one.severity == severity] if alerts.slo else []


def all_rules(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every rule of a parsed file."""
    for group in document["groups"]:
        yield from group["rules"]


def _must_be_rules(document: Mapping[str, Any]) -> None:
    rules = list(all_rules(document))
    recorded = frozenset(rule["record"] for rule in rules if "record" in rule)
    for rule in rules:
        metrics.refuse_unknown(rule["expr"], recorded)
        if "alert" in rule and not {"summary", "description", "runbook_url"} <= set(rule["annotations"]):
            raise InvalidValue(f"alert {rule['alert']} lacks a summary, description or runbook_url")
