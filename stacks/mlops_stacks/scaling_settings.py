"""Settings of autoscaling: what an endpoint's pods follow, and where KEDA comes from."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from mlops_stacks import setting_types as types
from mlops_stacks.setting_types import Section
from pulumi_mlops import checks


class ScalingStep(Section):
    """How many pods may come or go in `period`: `pods` or `percent`, one of the two."""

    pods: types.Positive | None = None
    percent: types.Positive | None = None
    period: types.StepPeriod = "15s"

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if (self.pods is None) == (self.percent is None):
            raise ValueError("give one of pods and percent")
        return self


class ScalingDirection(Section):
    """How the number of pods changes in one direction; the components hold the defaults."""

    stabilization: types.Stabilization | None = None
    steps: types.Several[ScalingStep] = ()


class ScheduledMinimum(Section):
    """More pods than the load asks for between two times, each five cron fields."""

    start: types.Schedule
    end: types.Schedule
    timezone: types.TimeZone = "UTC"
    replicas: types.Positive

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.start == self.end:
            raise ValueError(f"end, {self.end!r}, is the start too; give a later time")
        return self


class Idle(Section):
    """When an endpoint with `minReplicas: 0` has no pods, and how its requests wait for one; the components
    hold the defaults."""

    after: types.IdleTime | None = None
    hold_for: types.HoldTime | None = None
    max_waiting: types.Positive | None = None
    gates: types.Positive | None = None


class Scaling(Section):
    """What the number of an endpoint's pods follows; `concurrency` needs KEDA."""

    by: Literal["cpu", "concurrency"] = "cpu"
    target_in_flight: types.Positive | None = None
    scale_out: ScalingDirection = ScalingDirection()
    scale_in: ScalingDirection = ScalingDirection()
    minimums: types.Several[ScheduledMinimum] = Field(default=())
    idle: Idle | None = None

    @model_validator(mode="after")
    def _fits_its_signal(self) -> Self:
        if self.by == checks.ON_CONCURRENCY and self.target_in_flight is None:
            raise ValueError(
                "scaling on concurrency needs targetInFlight, the requests that one pod should have at once"
            )
        if self.by == checks.ON_CPU and self.target_in_flight is not None:
            raise ValueError(
                "targetInFlight is for scaling on concurrency: say `by: concurrency`, or drop it"
            )
        if self.by == checks.ON_CPU and self.minimums:
            raise ValueError(
                "minimums by schedule are for scaling on concurrency: say `by: concurrency`, "
                "or drop them and raise minReplicas"
            )
        return self


def refuse_unfit_idle(
    min_replicas: int, scaling: Scaling, grpc: bool, server_settings: Mapping[str, str]
) -> None:
    """Raise `ValueError` for what does not go with no pods, or with pods at all times."""
    if min_replicas > 0:
        if scaling.idle is not None:
            raise ValueError(
                f"scaling.idle is for endpoints that may have no pods, and minReplicas is {min_replicas}: "
                "set that to 0, or drop scaling.idle"
            )
        return
    if scaling.by != checks.ON_CONCURRENCY:
        raise ValueError(
            "minReplicas: 0 is for scaling on concurrency, since no pod has no CPU use: set scaling.by to "
            "concurrency, with targetInFlight, or minReplicas to 1"
        )
    if grpc:
        raise ValueError(
            "grpc: requests of gRPC cannot wait for a pod, and minReplicas is 0: drop grpc, or set "
            "minReplicas to 1"
        )
    if "MLOPS_TLS_CERT_FILE" in server_settings:
        raise ValueError(
            "serverSettings.MLOPS_TLS_CERT_FILE: what holds requests speaks HTTP only, and minReplicas is 0: "
            "end TLS before it, or set minReplicas to 1"
        )


class KedaSettings(Section):
    """Where KEDA comes from, and the Prometheus it asks: `prometheus:9090` in the system namespace without
    `prometheusUrl`. `namespace` is where the operator of an adopted one runs."""

    mode: Literal["none", "run", "adopt"] = "none"
    prometheus_url: types.Text | None = None
    namespace: types.ObjectName | None = None
