"""Arguments of an endpoint's traces, and what follows from them. No future annotations, Pulumi reads them."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi

from pulumi_mlops import checks, inputs, network_flows
from pulumi_mlops.placement import Placement

SAMPLE_RATIO = 0.01


class TracingArgs(TypedDict):
    """Where the traces of requests go, and of how many."""

    endpoint: pulumi.Input[str]
    """The collector, such as `http://otel-collector.mlops-system.svc:4318`, which takes OTLP over HTTP. Its
    pods listen on the port that is named here."""
    sample_ratio: NotRequired[pulumi.Input[float]]
    """Part of the requests that are traced, of those whose caller has not decided; 0.01 by default."""


def settings(args: Mapping[str, Any], place: Placement) -> dict[str, Any]:
    """The server's variables; none without the argument `tracing`."""
    wanted = args.get("tracing")
    if wanted is None:
        return {}
    ratio = inputs.number(wanted, "sample_ratio", checks.ratio, SAMPLE_RATIO, within="tracing")
    return {
        "MLOPS_OTLP_ENDPOINT": _endpoint(wanted),
        "MLOPS_TRACE_SAMPLE": pulumi.Output.from_input(ratio).apply(str),
        "OTEL_RESOURCE_ATTRIBUTES": pulumi.Output.concat(
            "service.name=", place.name, ",service.namespace=", place.namespace
        ),
    }


def flows(args: Mapping[str, Any]) -> list[Any]:
    """The egress rule to the collector; none without the argument `tracing`."""
    wanted = args.get("tracing")
    if wanted is None:
        return []
    endpoint = pulumi.Output.from_input(_endpoint(wanted))
    return [endpoint.apply(lambda url: network_flows.egress(network_flows.leading_to(url)))]


def _endpoint(wanted: Mapping[str, Any]) -> Any:
    return inputs.text(wanted, "endpoint", checks.http_url, within="tracing")
