"""Which flows the pods of Monitoring have, as NetworkPolicies."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from pulumi_mlops import (
    checks,
    inputs,
    keda_pods,
    model_endpoint_pods,
    monitoring_receivers,
    remediation_pods,
)
from pulumi_mlops import monitoring_config as config
from pulumi_mlops import network_flows as flows
from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement
from pulumi_mlops.remediation_rules import RECEIVER

PARTS = (
    config.PROMETHEUS,
    config.ALERTMANAGER,
    config.CLUSTER_STATE,
    config.NODE_EXPORTER,
    config.COLLECTOR,
)
_METRICS_PORTS = {
    config.ALERTMANAGER: config.ALERTMANAGER_PORT,
    config.CLUSTER_STATE: config.CLUSTER_STATE_PORT,
    config.NODE_EXPORTER: config.NODE_EXPORTER_PORT,
    config.COLLECTOR: config.COLLECTOR_METRICS_PORT,
}
Rules = tuple[list[Any], list[Any]]


def register(
    name: str,
    args: Mapping[str, Any],
    places: Mapping[str, Placement],
    part: str,
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Register the policy of one part."""
    ingress, egress = _RULES[part](args, places)
    if part != config.PROMETHEUS:
        collected = {"port": _METRICS_PORTS[part], "pods": places[config.PROMETHEUS].selector}
        ingress = [flows.ingress(collected), *ingress]
    place = places[part]
    return [
        NetworkPolicy(
            f"{name}-{part}-flows",
            opts=opts,
            **flows.policy(place.metadata(), place.selector, ingress, egress),
        )
    ]


def otlp_endpoint(args: Mapping[str, Any]) -> Any:
    """The input `otlp_endpoint`, checked; None without it."""
    return (
        inputs.text(args, "otlp_endpoint", checks.grpc_url) if inputs.given(args, "otlp_endpoint") else None
    )


def _prometheus(args: Mapping[str, Any], places: Mapping[str, Placement]) -> Rules:
    asking = [flows.ingress(flow) for flow in inputs.flows(args, "allowed_ingress")]
    servers = [
        flows.egress({"port": port, "pods": places[part].selector}) for part, port in _METRICS_PORTS.items()
    ]
    remediation = flows.egress({"port": remediation_pods.PORT, "pods": {"app.kubernetes.io/name": RECEIVER}})
    endpoints = [
        flows.egress(
            {
                "port": model_endpoint_pods.ADMIN_PORT,
                "namespace": namespace,
                "pods": {"app.kubernetes.io/name": config.ENDPOINTS},
            }
        )
        for namespace in inputs.section(args, "models_namespaces")
    ]
    kubelets = flows.egress({"cidr": flows.EVERYWHERE, "port": config.KUBELET_PORT})
    keda = (
        [flows.egress({"port": keda_pods.METRICS_PORT, "namespace": args["keda_namespace"]})]
        if inputs.given(args, "keda_namespace")
        else []
    )
    return (
        [*_through_the_api_server(args, config.PROMETHEUS_PORT), *asking],
        [*flows.to_api_server(), kubelets, *servers, remediation, *endpoints, *keda],
    )


def _alertmanager(args: Mapping[str, Any], places: Mapping[str, Placement]) -> Rules:
    return _through_the_api_server(args, config.ALERTMANAGER_PORT), monitoring_receivers.flows(args)


def _cluster_state(args: Mapping[str, Any], places: Mapping[str, Placement]) -> Rules:
    return [], flows.to_api_server()


def _node_exporter(args: Mapping[str, Any], places: Mapping[str, Placement]) -> Rules:
    return [], []


def _collector(args: Mapping[str, Any], places: Mapping[str, Placement]) -> Rules:
    traced = [
        flows.ingress({"port": port, "namespace": namespace})
        for namespace in inputs.section(args, "models_namespaces")
        for port in (config.OTLP_GRPC_PORT, config.OTLP_HTTP_PORT)
    ]
    url = otlp_endpoint(args)
    if url is None:
        return traced, []
    return traced, [pulumi.Output.from_input(url).apply(lambda known: flows.egress(flows.leading_to(known)))]


def _through_the_api_server(args: Mapping[str, Any], port: int) -> list[Object]:
    """People and `mlops` come through the API server's proxy, whose address no selector can name."""
    if not inputs.given(args, "api_server_cidrs"):
        return [flows.from_outside(port)]
    blocks = inputs.texts(args, "api_server_cidrs", checks.address_block)
    return [flows.ingress({"cidr": block, "port": port}) for block in blocks]


_RULES: Mapping[str, Any] = {
    config.PROMETHEUS: _prometheus,
    config.ALERTMANAGER: _alertmanager,
    config.CLUSTER_STATE: _cluster_state,
    config.NODE_EXPORTER: _node_exporter,
    config.COLLECTOR: _collector,
}
