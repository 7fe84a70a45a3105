"""Settings of an endpoint's alerts, under the components' own checks."""

from typing import Annotated

from pydantic import AfterValidator

from mlops_stacks import setting_types as types
from mlops_stacks.setting_types import Section
from pulumi_mlops.alerts import limits

Objective = Annotated[float, AfterValidator(limits.objective)]
Owner = Annotated[str, AfterValidator(limits.owner)]
Runbooks = Annotated[str, AfterValidator(limits.runbooks)]


class LatencySettings(Section):
    """`percent` of the requests are answered within `seconds`, a bound of mlops_request_seconds."""

    percent: Objective
    seconds: Annotated[float, AfterValidator(limits.bucket)]


class SloSettings(Section):
    """What an endpoint promises over 30 days; `availability` in percent of the requests."""

    availability: Objective
    latency: LatencySettings | None = None


class DriftSettings(Section):
    """When a distribution of the last hour counts as another than that of the training data."""

    level: Annotated[float, AfterValidator(limits.share)] | None = None
    least_rows: types.Positive | None = None
    least_effect: Annotated[float, AfterValidator(limits.above_zero)] | None = None
    outputs: types.Several[types.Text] | None = None
