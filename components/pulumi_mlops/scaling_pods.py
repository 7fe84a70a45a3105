"""What sets the number of an endpoint's pods: a HorizontalPodAutoscaler, or KEDA's ScaledObject. Pure.

Without data neither takes pods away. The autoscaler does nothing while it has no figure; KEDA reports an
empty answer as an error, and after three of them says "as many as there are".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement

API_VERSION = "keda.sh/v1alpha1"
KIND = "ScaledObject"
AVERAGED = "15s"
"""Three scrapes: one alone shows chance, not load."""
REMEMBERED = "1m"
"""A pod too busy to be scraped counts with its last figure for so long: as long as its kubelet bears it."""
POLL_SECONDS = 5
IDLE_POLL_SECONDS = 2
"""Somebody may be waiting for the first pod; the gates answer from memory."""
FAILURES = 3


@dataclass(frozen=True)
class Step:
    """A change that is allowed in `period_seconds`: so many `Pods`, or so much `Percent` of them."""

    unit: str
    amount: Any
    period_seconds: Any


@dataclass(frozen=True)
class Direction:
    """How pods come, or go."""

    stabilization_seconds: Any
    steps: Sequence[Step]


@dataclass(frozen=True)
class Limits:
    """Fewest and most pods, and the pace between."""

    least: Any
    most: Any
    scale_out: Direction
    scale_in: Direction


@dataclass(frozen=True)
class Minimum:
    """Fewest pods between two cron times."""

    start: Any
    end: Any
    timezone: Any
    replicas: Any


SCALE_OUT = Direction(0, (Step("Percent", 100, 15), Step("Pods", 4, 15)))
SCALE_IN = Direction(300, (Step("Percent", 50, 60),))


def in_flight_query(namespace: str, endpoint: str) -> str:
    """PromQL for the requests that all pods of an endpoint have at once, answered or waiting; one number."""
    pods = f'{{job="model-endpoint",namespace="{namespace}",endpoint="{endpoint}"}}'
    metric = f"mlops_in_flight{pods}"
    return f"sum(avg_over_time({metric}[{AVERAGED}]) or last_over_time({metric}[{REMEMBERED}]))"


def cpu_autoscaler(place: Placement, limits: Limits, target_cpu_percent: Any) -> Object:
    """The HorizontalPodAutoscaler on the pods' CPU use, in percent of what they request."""
    metric = {"type": "Utilization", "averageUtilization": target_cpu_percent}
    spec = {
        "scaleTargetRef": _target(place),
        "minReplicas": limits.least,
        "maxReplicas": limits.most,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": metric}}],
        "behavior": _behavior(limits),
    }
    return {"metadata": place.metadata(), "spec": spec}


def scaled_object(
    place: Placement,
    limits: Limits,
    prometheus_url: Any,
    query: Any,
    target_in_flight: Any,
    minimums: Sequence[Minimum],
) -> Object:
    """The ScaledObject on requests at once; numbers in triggers are texts, so the caller gives them so."""
    load = {
        "type": "prometheus",
        "name": "in-flight",
        "metricType": "AverageValue",
        "metadata": {
            "serverAddress": prometheus_url,
            "query": query,
            "threshold": target_in_flight,
            "ignoreNullValues": "false",
        },
    }
    return _scaled(place, limits, POLL_SECONDS, limits.least, [load, *map(_scheduled, minimums)])


def idling_object(
    place: Placement,
    limits: Limits,
    requests_url: Any,
    target_in_flight: Any,
    idle_seconds: Any,
    minimums: Sequence[Minimum],
) -> Object:
    """The ScaledObject on what the endpoint's gates have in hand, down to no pod at all.

    Its fallback names one pod, though it goes by those there are: with 0 KEDA takes an error for idleness.
    """
    load = {
        "type": "metrics-api",
        "name": "in-hand",
        "metricType": "AverageValue",
        "metadata": {
            "url": requests_url,
            "valueLocation": "requests",
            "targetValue": target_in_flight,
        },
    }
    made = _scaled(place, limits, IDLE_POLL_SECONDS, 1, [load, *map(_scheduled, minimums)])
    made["spec"]["cooldownPeriod"] = idle_seconds
    return made


def _scaled(
    place: Placement, limits: Limits, poll_seconds: int, fallback: Any, triggers: Sequence[Object]
) -> Object:
    spec = {
        "scaleTargetRef": _target(place),
        "pollingInterval": poll_seconds,
        "minReplicaCount": limits.least,
        "maxReplicaCount": limits.most,
        "fallback": {"failureThreshold": FAILURES, "replicas": fallback, "behavior": "currentReplicas"},
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behavior(limits)}},
        "triggers": list(triggers),
    }
    return {"metadata": place.metadata(), "spec": spec}


def _scheduled(minimum: Minimum) -> Object:
    return {
        "type": "cron",
        "metricType": "AverageValue",
        "metadata": {
            "start": minimum.start,
            "end": minimum.end,
            "timezone": minimum.timezone,
            "desiredReplicas": minimum.replicas,
        },
    }


def _target(place: Placement) -> Object:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": place.name}


def _behavior(limits: Limits) -> Object:
    return {
        "scaleUp": _pace(limits.scale_out, "Max"),
        "scaleDown": _pace(limits.scale_in, "Min"),
    }


def _pace(direction: Direction, select: str) -> Object:
    return {
        "stabilizationWindowSeconds": direction.stabilization_seconds,
        "selectPolicy": select,
        "policies": [
            {"type": step.unit, "value": step.amount, "periodSeconds": step.period_seconds}
            for step in direction.steps
        ],
    }
