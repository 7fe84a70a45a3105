"""Who talks to whom in Monitoring, as its NetworkPolicies have it."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

import pulumi_mlops as mlops
from component_samples import make
from recording_engine import Recording, registered

EVERYWHERE = {"ipBlock": {"cidr": "0.0.0.0/0"}}
API_SERVER = {"ipBlock": {"cidr": "10.0.0.0/28"}}


@pytest.fixture(scope="module")
def monitoring() -> Recording:
    return registered(lambda: make(mlops.Monitoring, "mon"))


def peers(rules: list[dict[str, Any]], side: str) -> list[tuple[Any, int]]:
    """(other end, port) of each rule but that for DNS."""
    return [(rule[side][0], rule["ports"][0]["port"]) for rule in rules if rule["ports"][0]["port"] != 53]


def selected(component: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": component, "app.kubernetes.io/instance": component}
    return {"podSelector": {"matchLabels": labels}}


def in_namespace(peer: dict[str, Any], namespace: str) -> dict[str, Any]:
    return {**peer, "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


def test_prometheus_reaches_what_it_collects_and_is_asked_through_the_api_server(
    monitoring: Recording,
) -> None:
    spec = monitoring.of("NetworkPolicy", "mon-prometheus-flows").inputs["spec"]
    shop = in_namespace({"podSelector": {"matchLabels": {"app": "shop"}}}, "shop")
    assert peers(spec["ingress"], "from") == [(API_SERVER, 9090), (shop, 8080)]
    endpoints = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "model-endpoint"}}}
    remediation = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "remediation"}}}
    assert peers(spec["egress"], "to") == [
        (EVERYWHERE, 443),
        (EVERYWHERE, 6443),
        (EVERYWHERE, 10250),
        (selected("alertmanager"), 9093),
        (selected("kube-state-metrics"), 8080),
        (selected("node-exporter"), 9100),
        (selected("otel-collector"), 8888),
        (remediation, 8080),
        (in_namespace(endpoints, "models"), 8081),
        (in_namespace(endpoints, "shop"), 8081),
        (in_namespace({"podSelector": {}}, "keda"), 8080),
    ]


def test_alertmanager_reaches_its_receivers_alone(monitoring: Recording) -> None:
    spec = monitoring.of("NetworkPolicy", "mon-alertmanager-flows").inputs["spec"]
    assert peers(spec["ingress"], "from") == [(selected("prometheus"), 9093), (API_SERVER, 9093)]
    assert peers(spec["egress"], "to") == [
        (EVERYWHERE, 8443),
        (EVERYWHERE, 587),
        (EVERYWHERE, 443),
        (EVERYWHERE, 443),
    ]


def test_a_receiver_in_the_cluster_is_reached_in_its_namespace() -> None:
    def program() -> None:
        remediation = {
            "name": "remediation",
            "kind": "webhook",
            "url": pulumi.Output.secret("http://remediation.system.svc:8080/alerts"),
            "bearer_token": pulumi.Output.secret("secret-token"),
        }
        make(mlops.Monitoring, "mon", receivers=[remediation], routes=None)

    recording = registered(program)
    spec = recording.of("NetworkPolicy", "mon-alertmanager-flows").inputs["spec"]
    assert peers(spec["egress"], "to") == [(in_namespace({"podSelector": {}}, "system"), 8080)]


def test_the_others_talk_to_prometheus_and_the_collector_takes_traces_of_the_models(
    monitoring: Recording,
) -> None:
    def flows(part: str) -> tuple[Any, Any]:
        spec = monitoring.of("NetworkPolicy", f"mon-{part}-flows").inputs["spec"]
        return peers(spec["ingress"], "from"), peers(spec.get("egress", []), "to")

    prometheus = selected("prometheus")
    assert flows("kube-state-metrics") == ([(prometheus, 8080)], [(EVERYWHERE, 443), (EVERYWHERE, 6443)])
    assert flows("node-exporter") == ([(prometheus, 9100)], [])
    anyone = {"podSelector": {}}
    assert flows("otel-collector") == (
        [
            (prometheus, 8888),
            (in_namespace(anyone, "models"), 4317),
            (in_namespace(anyone, "models"), 4318),
            (in_namespace(anyone, "shop"), 4317),
            (in_namespace(anyone, "shop"), 4318),
        ],
        [(EVERYWHERE, 4317)],
    )


@pytest.mark.parametrize(
    ("cidrs", "admitted"),
    [
        (["10.0.0.0/28", "10.0.1.1/32"], ["10.0.0.0/28", "10.0.1.1/32"]),
        ([], []),
        (None, ["0.0.0.0/0"]),
    ],
)
def test_people_come_from_the_api_servers_addresses_alone_where_they_are_known(
    cidrs: list[str] | None, admitted: list[str]
) -> None:
    recording = registered(
        lambda: make(mlops.Monitoring, "mon", api_server_cidrs=cidrs, allowed_ingress=None)
    )
    prometheus = recording.of("NetworkPolicy", "mon-prometheus-flows").inputs["spec"]
    assert peers(prometheus.get("ingress", []), "from") == [
        ({"ipBlock": {"cidr": cidr}}, 9090) for cidr in admitted
    ]
    alertmanager = recording.of("NetworkPolicy", "mon-alertmanager-flows").inputs["spec"]
    assert peers(alertmanager["ingress"], "from") == [
        (selected("prometheus"), 9093),
        *(({"ipBlock": {"cidr": cidr}}, 9093) for cidr in admitted),
    ]
