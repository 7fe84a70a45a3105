"""Argument types of autoscaling. Data only; no future annotations, Pulumi reads them."""

from typing import NotRequired, TypedDict

import pulumi


class ScalingStepArgs(TypedDict):
    """How many pods may come or go in a while: `pods` or `percent`, one of the two."""

    pods: NotRequired[pulumi.Input[int]]
    """That many pods."""
    percent: NotRequired[pulumi.Input[int]]
    """That share of the pods there are, in percent; may be over 100."""
    period_seconds: NotRequired[pulumi.Input[int]]
    """The while, 1 to 1800 s; 15 by default."""


class ScalingDirectionArgs(TypedDict, total=False):
    """How the number of pods changes in one direction."""

    stabilization_seconds: pulumi.Input[int]
    """How long all measurements must agree first, 0 to 3600 s: out, 0 by default; in, 300."""
    steps: list[ScalingStepArgs]
    """What is allowed at once. Out, the widest counts; in, the narrowest."""


class ScheduledMinimumArgs(TypedDict):
    """More pods than the load asks for, at times that are known."""

    start: pulumi.Input[str]
    """When it begins: five cron fields."""
    end: pulumi.Input[str]
    """When it ends: five cron fields."""
    replicas: pulumi.Input[int]
    """Fewest pods in between."""
    timezone: NotRequired[pulumi.Input[str]]
    """Time zone of both, such as `Europe/Berlin`; `UTC` by default."""


class ScalingArgs(TypedDict, total=False):
    """What the number of pods follows, and how fast."""

    by: str
    """`cpu` (the default; needs metrics-server) or `concurrency` (needs KEDA and Prometheus)."""
    target_in_flight: pulumi.Input[int]
    """For concurrency, required: requests that one pod should have at once, being answered or waiting."""
    prometheus_url: pulumi.Input[str]
    """For concurrency, required: the Prometheus that collects the pods' metrics."""
    scale_out: ScalingDirectionArgs
    """How pods come; at once by default, 4 or as many again every 15 s."""
    scale_in: ScalingDirectionArgs
    """How pods go; after 300 s by default, half of them a minute at most."""
    minimums: list[ScheduledMinimumArgs]
    """For concurrency: minimums by schedule, over `min_replicas`."""
