"""The gate of an endpoint that scales to zero: pods that hold its requests until one of its own is ready.

Registered by ModelEndpoint where `min_replicas` is 0, and by nobody else: other endpoints have no proxy.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Service, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from pulumi_mlops import checks, inputs, manifests, model_gate_pods, network_flows
from pulumi_mlops.model_endpoint_pods import ADMIN_PORT, PORT
from pulumi_mlops.placement import Placement


def wanted(args: Mapping[str, Any]) -> bool:
    """Whether the endpoint of these arguments may have no pods.

    Raises `pulumi.InputPropertyError` for what does not go with that, or with its absence.
    """
    scaling: Mapping[str, Any] = args.get("scaling") or {}
    least = args.get("min_replicas")
    if isinstance(least, pulumi.Output) or least != 0:
        if scaling.get("idle"):
            raise pulumi.InputPropertyError(
                "scaling.idle",
                "this is for endpoints that may have no pods: set min_replicas to 0, or drop it",
            )
        return False
    if scaling.get("by") != checks.ON_CONCURRENCY:
        raise pulumi.InputPropertyError(
            "min_replicas",
            "0 is for scaling on concurrency, since no pod has no CPU use: set scaling.by to concurrency, or "
            "say 1",
        )
    if args.get("grpc"):
        raise pulumi.InputPropertyError(
            "grpc", "requests of gRPC cannot wait for a pod: leave grpc out, or set min_replicas to 1"
        )
    if "MLOPS_TLS_CERT_FILE" in (args.get("server_settings") or {}):
        raise pulumi.InputPropertyError(
            "server_settings.MLOPS_TLS_CERT_FILE",
            "what holds requests speaks HTTP only: end TLS before it, or set min_replicas to 1",
        )
    return True


def gate_of(place: Placement) -> Placement:
    """The place of an endpoint's gate; its labels name the endpoint."""
    return Placement(model_gate_pods.COMPONENT, place.name, place.namespace)


def requests_url(place: Placement) -> pulumi.Output[str]:
    """Where KEDA asks how many requests are in hand."""
    return pulumi.Output.concat(
        "http://", place.named("gate"), ".", place.namespace, f".svc:{ADMIN_PORT}/requests"
    )


def register(
    name: str, args: Mapping[str, Any], place: Placement, drain_seconds: Any, opts: pulumi.ResourceOptions
) -> None:
    """Register the gate of the endpoint at `place`, and the Service of the pods behind it."""
    gate = gate_of(place)
    idle: Mapping[str, Any] = (args.get("scaling") or {}).get("idle") or {}
    hold = inputs.whole(idle, "hold_seconds", checks.hold_seconds, checks.HOLD_SECONDS, within="scaling.idle")
    account = ServiceAccount(
        f"{name}-gate-account", opts=opts, **manifests.service_account(gate.metadata("gate"))
    )
    flows = NetworkPolicy(f"{name}-gate-flows", opts=opts, **_flows(args, idle, place, gate))
    # The first has the addresses of all gates, leaving ones too, the second those of ready pods.
    found = Service(f"{name}-gate-service", opts=opts, **model_gate_pods.found_by_name(gate, ADMIN_PORT))
    behind = Service(
        f"{name}-pods-service",
        opts=opts,
        **manifests.service(place.metadata("pods"), place.selector, PORT, "http"),
    )
    Deployment(
        f"{name}-gate",
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(depends_on=[account, flows, found, behind])
        ),
        **model_gate_pods.deployment(
            gate,
            inputs.text(args, "image", checks.image_by_digest),
            inputs.whole(idle, "gates", checks.positive, 2, within="scaling.idle"),
            {
                "MLOPS_GATE_TARGET": _inside(place, "pods", f".svc:{PORT}", "http://"),
                "MLOPS_GATE_PEERS": _inside(place, "gate", ".svc"),
                "MLOPS_GATE_PORT": str(PORT),
                "MLOPS_GATE_ADMIN_PORT": str(ADMIN_PORT),
                "MLOPS_GATE_HOLD_SECONDS": inputs.as_text(hold),
                "MLOPS_GATE_MAX_WAITING": inputs.as_text(
                    inputs.whole(idle, "max_waiting", checks.positive, 100, within="scaling.idle")
                ),
                "MLOPS_GATE_DRAIN_SECONDS": inputs.as_text(drain_seconds),
            },
            pulumi.Output.all(drain_seconds, hold).apply(lambda known: model_gate_pods.grace_seconds(*known)),
            {"http": PORT, "admin": ADMIN_PORT},
        ),
    )
    PodDisruptionBudget(f"{name}-gate-budget", opts=opts, **model_gate_pods.disruption_budget(gate))


def pods_ingress(args: Mapping[str, Any], place: Placement) -> list[manifests.Object]:
    """What the pods behind a gate let in: requests from it alone, and whoever collects their metrics."""
    collected = [flow for flow in inputs.flows(args, "allowed_ingress") if flow["port"] == ADMIN_PORT]
    asked = {"port": PORT, "pods": gate_of(place).selector}
    return [network_flows.ingress(flow) for flow in [*collected, asked]]


def _flows(
    args: Mapping[str, Any], idle: Mapping[str, Any], place: Placement, gate: Placement
) -> manifests.Object:
    between = {"port": ADMIN_PORT, "pods": gate.selector}
    allowed = [*inputs.flows(args, "allowed_ingress"), *inputs.flows(idle, "allowed_ingress"), between]
    ingress = [network_flows.ingress(flow) for flow in allowed]
    if inputs.given(args, "node_port"):
        ingress.append(network_flows.from_outside(PORT))
    egress = [network_flows.egress(flow) for flow in ({"port": PORT, "pods": place.selector}, between)]
    return network_flows.policy(gate.metadata("gate"), gate.selector, ingress, egress)


def _inside(place: Placement, suffix: str, after: str, before: str = "") -> pulumi.Output[str]:
    return pulumi.Output.concat(before, place.named(suffix), ".", place.namespace, after)
