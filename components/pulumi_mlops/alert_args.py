"""Arguments of an endpoint's alerts, and their rule file. No future annotations, Pulumi reads them."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi

from pulumi_mlops import inputs
from pulumi_mlops.alerts import EndpointAlerts, limits, render, validated
from pulumi_mlops.alerts.settings import DEFAULT_OWNER
from pulumi_mlops.errors import InvalidValue


class LatencyArgs(TypedDict):
    """An objective on the time of answers."""

    percent: pulumi.Input[float]
    """Percent of the requests that are answered in time, such as 99."""
    seconds: pulumi.Input[float]
    """What is in time: a bound of mlops_request_seconds, such as 0.25."""


class SloArgs(TypedDict):
    """What an endpoint promises over 30 days."""

    availability: pulumi.Input[float]
    """Percent of the requests that do not fail, such as 99.5; 100 is refused."""
    latency: NotRequired[LatencyArgs]
    """The objective on the time of answers; none by default."""
    window: NotRequired[pulumi.Input[str]]
    """Over what time; `30d` by default."""
    least_failures: NotRequired[pulumi.Input[int]]
    """Fewest bad requests that an alert needs; 5 by default."""


class DriftArgs(TypedDict, total=False):
    """When a distribution counts as another than that of the training data."""

    level: pulumi.Input[float]
    """Chance that an hour without drift alerts, over all features; 0.001 by default."""
    least_rows: pulumi.Input[int]
    """Fewest rows of an hour that are judged; 100 by default."""
    least_effect: pulumi.Input[float]
    """Population stability index below which no difference matters; 0.1 by default."""
    outputs: pulumi.Input[list[pulumi.Input[str]]]
    """Names of the features that are predictions, alone or before a dot; `label` and `probabilities`
    among others by default."""


class ScheduledJobArgs(TypedDict):
    """A pipeline that makes the endpoint's models."""

    name: pulumi.Input[str]
    """Name of its Job, in the endpoint's namespace."""
    scheduled: NotRequired[pulumi.Input[bool]]
    """Whether a CronJob of that name repeats it; False by default."""


class EndpointAlertsArgs(TypedDict, total=False):
    """Who is told of what about an endpoint."""

    owner: pulumi.Input[str]
    """Who answers for the model: label `owner` of every alert, for routing, and an annotation of the
    Deployment, for policies; `platform` by default."""
    runbooks: pulumi.Input[str]
    """Address or folder of the runbooks; `docs/runbooks` by default."""
    slo: SloArgs
    """Objectives; without it nothing alerts on a budget."""
    drift: DriftArgs
    """When drift is reported."""
    pipelines: list[ScheduledJobArgs]
    """Pipelines that are watched with it."""
    queue_seconds: pulumi.Input[float]
    """Longest wait for the model that one request in twenty may have, a bound of mlops_stage_seconds; 0.1
    by default."""
    rejected_share: pulumi.Input[float]
    """Part of the requests that may be turned away; 0.01 by default."""
    data_problem_share: pulumi.Input[float]
    """Part of the rows that may have a value the manifest does not expect; 0.05 by default."""
    certificate_days: pulumi.Input[int]
    """How long before its end a certificate is reported; 14 by default."""
    scrape_seconds: pulumi.Input[int]
    """How often Prometheus asks the pods; 5 by default."""


def rule_file(
    wanted: Mapping[str, Any], endpoint: str, model: Any, namespace: Any, gated: bool = False
) -> pulumi.Output[str]:
    """The text of the endpoint's rule file, `wanted` being EndpointAlertsArgs; `gated` if it may have none.

    Raises `pulumi.InputPropertyError` at once for what is wrong with values that are no outputs.
    """
    if not _has_output(wanted):
        _rules({**wanted, "endpoint": endpoint, "model": "model", "namespace": "namespace", "gated": gated})
    known = {**wanted, "endpoint": endpoint, "model": model, "namespace": namespace, "gated": gated}
    return pulumi.Output.from_input(known).apply(_rules)


def owner(wanted: Mapping[str, Any]) -> Any:
    """Who answers for the endpoint's model, `wanted` being EndpointAlertsArgs."""
    return inputs.text(wanted, "owner", limits.owner, DEFAULT_OWNER, within="alerts")


def _rules(values: Mapping[str, Any]) -> str:
    try:
        return render(validated(EndpointAlerts, values))
    except InvalidValue as error:
        raise pulumi.InputPropertyError("alerts", str(error)) from error


def _has_output(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_output(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_has_output(inner) for inner in value)
    return isinstance(value, pulumi.Output)
