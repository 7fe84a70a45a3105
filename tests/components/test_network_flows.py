from __future__ import annotations

import pytest

from pulumi_mlops import network_flows

META = {"name": "x", "namespace": "models", "labels": {}}


def test_deny_all_selects_every_pod_and_names_no_flow() -> None:
    assert network_flows.deny_all(META)["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_a_policy_without_rules_closes_both_directions() -> None:
    spec = network_flows.policy(META, {"app": "x"}, [], [])["spec"]
    assert spec == {"podSelector": {"matchLabels": {"app": "x"}}, "policyTypes": ["Ingress", "Egress"]}


def test_names_can_be_resolved_as_soon_as_one_flow_leaves() -> None:
    store = network_flows.egress({"port": 7070, "namespace": "system", "pods": {"app": "store"}})
    spec = network_flows.policy(META, {"app": "x"}, [], [store])["spec"]
    assert spec["egress"] == [network_flows.dns(), store]
    assert store == {
        "to": [
            {
                "podSelector": {"matchLabels": {"app": "store"}},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "system"}},
            }
        ],
        "ports": [{"protocol": "TCP", "port": 7070}],
    }


def test_a_flow_without_pods_is_every_pod_of_its_namespace() -> None:
    assert network_flows.ingress({"port": 80, "namespace": "shop"})["from"] == [
        {"podSelector": {}, "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}
    ]


def test_a_flow_without_namespace_stays_in_the_components_own() -> None:
    assert network_flows.ingress({"port": 80, "pods": {"app": "y"}})["from"] == [
        {"podSelector": {"matchLabels": {"app": "y"}}}
    ]


def test_a_flow_from_outside_the_cluster_is_an_address_block() -> None:
    assert network_flows.ingress({"port": 80, "cidr": "10.1.0.0/16"})["from"] == [
        {"ipBlock": {"cidr": "10.1.0.0/16"}}
    ]
    assert network_flows.from_outside(8080) == {
        "from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}],
        "ports": [{"protocol": "TCP", "port": 8080}],
    }


@pytest.mark.parametrize(
    ("url", "flow"),
    [
        ("http://collector.telemetry.svc:4318", {"port": 4318, "namespace": "telemetry"}),
        ("http://collector.telemetry.svc.cluster.local:4318/x", {"port": 4318, "namespace": "telemetry"}),
        ("http://collector:4318", {"port": 4318}),
        ("https://collector.example.org", {"port": 443, "cidr": "0.0.0.0/0"}),
        ("http://10.0.0.7:4318", {"port": 4318, "cidr": "0.0.0.0/0"}),
    ],
)
def test_a_flow_to_an_address_is_as_narrow_as_its_name_tells(url: str, flow: dict[str, object]) -> None:
    assert network_flows.leading_to(url) == flow
