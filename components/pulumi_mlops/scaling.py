"""Which autoscaler an endpoint gets: its arguments checked, then exactly one of the two registered."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler

from pulumi_mlops import checks, inputs, model_gate, scaling_pods
from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement
from pulumi_mlops.scaling_pods import SCALE_IN, SCALE_OUT, Direction, Limits, Minimum, Step

CONCURRENCY_ONLY = ("target_in_flight", "prometheus_url", "minimums")


def register(name: str, args: Mapping[str, Any], place: Placement, opts: pulumi.ResourceOptions) -> None:
    """Register the autoscaler that `args["scaling"]` asks for; on CPU without it.

    Raises `pulumi.InputPropertyError` with the path of an argument that cannot be used.
    """
    wanted: Mapping[str, Any] = args.get("scaling") or {}
    limits = _limits(args, wanted)
    if _by(wanted) == checks.ON_CPU:
        percent = inputs.whole(args, "target_cpu_percent", checks.percent, 70)
        HorizontalPodAutoscaler(
            f"{name}-autoscaler", opts=opts, **scaling_pods.cpu_autoscaler(place, limits, percent)
        )
        return
    shape = _idling if model_gate.wanted(args) else _following
    CustomResource(
        f"{name}-scaler",
        api_version=scaling_pods.API_VERSION,
        kind=scaling_pods.KIND,
        opts=opts,
        **shape(
            wanted,
            place,
            limits,
            inputs.as_text(inputs.whole(wanted, "target_in_flight", checks.positive, within="scaling")),
        ),
    )


def _following(
    wanted: Mapping[str, Any], place: Placement, limits: Limits, in_flight: pulumi.Output[str]
) -> Object:
    query = pulumi.Output.from_input(place.namespace).apply(
        lambda namespace: scaling_pods.in_flight_query(namespace, place.name)
    )
    url = inputs.text(wanted, "prometheus_url", inputs.any_text, within="scaling")
    return scaling_pods.scaled_object(place, limits, url, query, in_flight, _minimums(wanted, limits))


def _idling(
    wanted: Mapping[str, Any], place: Placement, limits: Limits, in_flight: pulumi.Output[str]
) -> Object:
    idle: Mapping[str, Any] = wanted.get("idle") or {}
    after = inputs.whole(idle, "after_seconds", checks.idle_seconds, 300, within="scaling.idle")
    asked = model_gate.requests_url(place)
    return scaling_pods.idling_object(place, limits, asked, in_flight, after, _minimums(wanted, limits))


def _minimums(wanted: Mapping[str, Any], limits: Limits) -> list[Minimum]:
    return [_minimum(number, entry, limits) for number, entry in enumerate(wanted.get("minimums") or [])]


def _by(wanted: Mapping[str, Any]) -> str:
    by = inputs.plain(wanted, "by", checks.scaling_signal, checks.ON_CPU, within="scaling")
    if by == checks.ON_CPU:
        for key in CONCURRENCY_ONLY:
            if wanted.get(key):
                raise pulumi.InputPropertyError(
                    f"scaling.{key}",
                    "this is for scaling on concurrency: say `by: concurrency`, or leave it out"
                    + (" and raise min_replicas" if key == "minimums" else ""),
                )
    return by


def _limits(args: Mapping[str, Any], wanted: Mapping[str, Any]) -> Limits:
    fewest = checks.zero_or_more if model_gate.wanted(args) else checks.positive
    least = inputs.whole(args, "min_replicas", fewest, 1)
    most = inputs.whole(args, "max_replicas", checks.positive, 3)
    if isinstance(least, int) and isinstance(most, int) and least > most:
        raise pulumi.InputPropertyError("min_replicas", f"{least} is more than max_replicas, {most}")
    return Limits(
        least,
        most,
        _direction(wanted, "scale_out", SCALE_OUT),
        _direction(wanted, "scale_in", SCALE_IN),
    )


def _direction(wanted: Mapping[str, Any], key: str, default: Direction) -> Direction:
    given: Mapping[str, Any] = wanted.get(key) or {}
    path = f"scaling.{key}"
    seconds = inputs.whole(
        given,
        "stabilization_seconds",
        checks.stabilization_seconds,
        default.stabilization_seconds,
        within=path,
    )
    steps = given.get("steps")
    if not steps:
        return Direction(seconds, default.steps)
    return Direction(seconds, [_step(step, f"{path}.steps[{number}]") for number, step in enumerate(steps)])


def _step(step: Mapping[str, Any], path: str) -> Step:
    if inputs.given(step, "pods") == inputs.given(step, "percent"):
        raise pulumi.InputPropertyError(path, "give one of `pods` and `percent`")
    unit, key = ("Pods", "pods") if inputs.given(step, "pods") else ("Percent", "percent")
    return Step(
        unit,
        inputs.whole(step, key, checks.positive, within=path),
        inputs.whole(step, "period_seconds", checks.step_seconds, 15, within=path),
    )


def _minimum(number: int, entry: Mapping[str, Any], limits: Limits) -> Minimum:
    path = f"scaling.minimums[{number}]"
    start, end = (inputs.text(entry, key, checks.cron_schedule, within=path) for key in ("start", "end"))
    if isinstance(start, str) and start == end:
        raise pulumi.InputPropertyError(f"{path}.end", f"{end!r} is the start too; give a later time")
    replicas = inputs.whole(entry, "replicas", checks.positive, within=path)
    if isinstance(replicas, int) and isinstance(limits.most, int) and replicas > limits.most:
        raise pulumi.InputPropertyError(
            f"{path}.replicas",
            f"{replicas} is more than max_replicas, {limits.most}; raise that or lower this",
        )
    timezone = inputs.text(entry, "timezone", checks.time_zone, "UTC", within=path)
    return Minimum(start, end, timezone, inputs.as_text(replicas))
