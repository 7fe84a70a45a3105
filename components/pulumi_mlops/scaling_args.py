"""Argument types of autoscaling. Data only; no future annotations, Pulumi reads them."""

from typing import NotRequired, TypedDict

import pulumi

from pulumi_mlops.shared_args import FlowArgs


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


class IdleArgs(TypedDict, total=False):
    """How an endpoint with `min_replicas` 0 goes to no pods, and how its requests wait until one is back."""

    after_seconds: pulumi.Input[int]
    """How long nobody must have asked before the last pod goes, 30 to 86400 s; 300 by default."""
    hold_seconds: pulumi.Input[int]
    """Longest wait of a request for a pod, 1 to 600 s; 60 by default. Beyond, 503 with Retry-After."""
    max_waiting: pulumi.Input[int]
    """Requests that may wait at one gate at once; 100 by default. Beyond, 503 with Retry-After."""
    gates: pulumi.Input[int]
    """Pods that hold requests, always there; 2 by default."""
    allowed_ingress: list[FlowArgs]
    """Who asks the gates how much is wanted, on port 8081: KEDA's operator."""


class ScalingArgs(TypedDict, total=False):
    """What the number of pods follows, and how fast."""

    by: str
    """`cpu` (the default; needs metrics-server) or `concurrency` (needs KEDA and Prometheus)."""
    target_in_flight: pulumi.Input[int]
    """For concurrency, required: requests that one pod should have at once, being answered or waiting."""
    prometheus_url: pulumi.Input[str]
    """For concurrency with pods at all times, required: the Prometheus that collects their metrics."""
    scale_out: ScalingDirectionArgs
    """How pods come; at once by default, 4 or as many again every 15 s."""
    scale_in: ScalingDirectionArgs
    """How pods go; after 300 s by default, half of them a minute at most."""
    minimums: list[ScheduledMinimumArgs]
    """For concurrency: minimums by schedule, over `min_replicas`."""
    idle: IdleArgs
    """For concurrency with `min_replicas` 0: when pods go, and how requests wait for them."""
