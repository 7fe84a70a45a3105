"""Objectives of an endpoint, and the windows in which the burning of their budget is watched. Pure."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pulumi_mlops.alerts import limits

_PARTS = 12


class Strict(BaseModel):
    """Frozen, and nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _whole(value: Any) -> Any:
    """A whole number that came as a float, as all numbers do from programs in other languages."""
    return int(value) if isinstance(value, float) and value == int(value) else value


Count = Annotated[int, BeforeValidator(_whole), Field(ge=1)]
Objective = Annotated[float, AfterValidator(limits.objective)]
Bucket = Annotated[float, AfterValidator(limits.bucket)]
Window = Annotated[str, AfterValidator(limits.window)]


class BurnWindow(Strict):
    """Fires while the budget burns `factor` times too fast, over `long` and still over `short`."""

    severity: Literal["page", "ticket"]
    long: Window
    short: Window
    factor: Annotated[float, AfterValidator(limits.above_zero)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if limits.window_seconds(self.short) >= limits.window_seconds(self.long):
            raise ValueError(f"short, {self.short}, must be shorter than long, {self.long}")
        return self

    def threshold(self, budget: float) -> float:
        """The share of bad requests above which it fires, `budget` being the share that is allowed.

        A large budget times the factor is more than all requests. Then half of the way from the budget to
        all is taken, so that the alert can fire at all.
        """
        return round(min(self.factor * budget, (1 + budget) / 2), _PARTS)


BURN_WINDOWS = (
    BurnWindow(severity="page", long="1h", short="5m", factor=14.4),
    BurnWindow(severity="page", long="6h", short="30m", factor=6.0),
    BurnWindow(severity="ticket", long="3d", short="6h", factor=1.0),
)
"""2 % of the budget of 30 days in an hour, 5 % in six hours, 10 % in three days."""


class LatencyObjective(Strict):
    """`percent` of the requests are answered within `seconds`, a bound of the server's histogram."""

    percent: Objective
    seconds: Bucket


class Slo(Strict):
    """What an endpoint promises over `window`; `availability` in percent of the requests it could answer.

    An alert waits for `least_failures` bad requests, since one of three is no rate.
    """

    availability: Objective
    latency: LatencyObjective | None = None
    window: Window = "30d"
    windows: Annotated[tuple[BurnWindow, ...], Field(min_length=1)] = BURN_WINDOWS
    least_failures: Count = 5

    @model_validator(mode="after")
    def _windows_fit(self) -> Self:
        whole = limits.window_seconds(self.window)
        for one in self.windows:
            if limits.window_seconds(one.long) >= whole:
                raise ValueError(
                    f"the burn window {one.long} must be shorter than the objective's window, {self.window}"
                )
        return self

    @property
    def error_budget(self) -> float:
        """The share of requests that may fail."""
        return round(1 - self.availability / 100, _PARTS)

    @property
    def latency_budget(self) -> float:
        """The share of requests that may be slow; 0 without an objective."""
        return round(1 - self.latency.percent / 100, _PARTS) if self.latency else 0.0

    @property
    def ratio_windows(self) -> tuple[str, ...]:
        """Every window over which ratios are recorded, shortest first."""
        every = {text for one in self.windows for text in (one.long, one.short)}
        return tuple(sorted(every, key=limits.window_seconds))
