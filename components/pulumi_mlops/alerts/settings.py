"""What the rules of one endpoint are made from. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator

from pulumi_mlops import checks
from pulumi_mlops.alerts import limits
from pulumi_mlops.alerts.slo import Bucket, Count, Slo, Strict
from pulumi_mlops.errors import InvalidValue

M = TypeVar("M", bound=BaseModel)

SHORTEST_WINDOW = "5m"
"""Of all rules but for those of the objectives."""

DEFAULT_OWNER = "platform"

Name = Annotated[str, AfterValidator(checks.object_name)]
Share = Annotated[float, AfterValidator(limits.share)]
Owner = Annotated[str, AfterValidator(limits.owner)]
Runbooks = Annotated[str, AfterValidator(limits.runbooks)]
Namespace = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?$")]
Feature = Annotated[str, Field(pattern=r"^\w+$")]


class Drift(Strict):
    """When a distribution of the last hour differs from the training data's.

    `level` is the chance that a window without drift alerts, over all features of a model version
    together. `least_effect` is the population stability index below which no difference matters.
    `outputs` are the names of features that are predictions, alone or before a dot; the others are inputs.
    """

    level: Share = 0.001
    least_rows: Count = 100
    least_effect: Annotated[float, AfterValidator(limits.above_zero)] = 0.1
    outputs: tuple[Feature, ...] = ("label", "probabilities", "prediction", "predictions", "output")

    @property
    def outputs_pattern(self) -> str:
        """A regular expression of the features that are predictions; one that nothing matches if none is."""
        return f"({'|'.join(self.outputs)})([.].*)?" if self.outputs else "[^\\\\s\\\\S]"


class ScheduledJob(Strict):
    """A pipeline that makes models for the endpoint: its Job's name, and whether a CronJob repeats it."""

    name: Name
    scheduled: bool = False


class EndpointAlerts(Strict):
    """One endpoint and what its alerts need to know; without `slo` there are no alerts on a budget.

    `gated` is whether it may have no pods, and a gate holds its requests then.
    """

    endpoint: Name
    model: Name
    namespace: Namespace
    owner: Owner = DEFAULT_OWNER
    runbooks: Runbooks = "docs/runbooks"
    slo: Slo | None = None
    drift: Drift = Drift()
    pipelines: tuple[ScheduledJob, ...] = ()
    queue_seconds: Bucket = 0.1
    rejected_share: Share = 0.01
    data_problem_share: Share = 0.05
    certificate_days: Count = 14
    scrape_seconds: Count = 5
    gated: bool = False

    @model_validator(mode="after")
    def _windows_hold_samples(self) -> Self:
        shortest = self.slo.ratio_windows[0] if self.slo else SHORTEST_WINDOW
        shortest = min(shortest, SHORTEST_WINDOW, key=limits.window_seconds)
        if limits.window_seconds(shortest) < 4 * self.scrape_seconds:
            raise ValueError(
                f"the window {shortest} is shorter than four scrape intervals of {self.scrape_seconds} s, so "
                "one lost scrape would empty it; use at least "
                f"{4 * self.scrape_seconds}s or scrape more often"
            )
        return self


def validated(kind: type[M], values: Mapping[str, Any]) -> M:
    """A `kind` from plain values, lists being fine where it has tuples.

    Raises `InvalidValue` that names the path of the first wrong key, what was given and what is allowed.
    """
    try:
        return kind.model_validate(_with_tuples(values))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(step) for step in first["loc"])
        cause = first.get("ctx", {}).get("error")
        text = str(cause) if cause else f"{first['input']!r} was given: {first['msg']}"
        raise InvalidValue(f"{path}: {text}" if path else text) from error


def _with_tuples(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_tuples(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return tuple(_with_tuples(inner) for inner in value)
    return value
