"""What a cluster's own prometheus-operator is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest
import yaml

import endpoint_stories
import platform_stories
import pulumi_mlops as mlops
from component_samples import RESOURCES, image, make, sample
from prometheus_operator import faults
from pulumi_mlops import alerts, monitoring_adopt
from pulumi_mlops.errors import InvalidValue
from recording_engine import Recording, registered

LABELS = {
    "release": "kube-prometheus-stack",
    "app.kubernetes.io/name": "adopted-monitoring",
    "app.kubernetes.io/instance": "adopted",
    "app.kubernetes.io/part-of": "mlops",
}
ADOPT: dict[str, Any] = {
    "source": mlops.MonitoringSource.ADOPT,
    "namespace": "system",
    "models_namespaces": ["models"],
    "rules": {"platform.yaml": "groups: []"},
    "operator_labels": {"release": "kube-prometheus-stack"},
    "prometheus_url": "http://prometheus.monitoring.svc:9090",
}


@pytest.fixture(scope="module")
def adopted() -> Recording:
    return registered(lambda: make(mlops.AdoptedMonitoring, "adopted"))


def refused(program: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        registered(program)
    return caught.value.property_path, caught.value.reason


def monitor(namespace: str, name: str, components: list[str], asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": name, "namespace": namespace, "labels": LABELS},
        "spec": {
            "selector": {
                "matchLabels": {"app.kubernetes.io/part-of": "mlops"},
                "matchExpressions": [
                    {"key": "app.kubernetes.io/name", "operator": "In", "values": components}
                ],
            },
            "sampleLimit": 50000,
            "podMetricsEndpoints": [asked],
        },
    }


def test_it_registers_exactly_these_objects(adopted: Recording) -> None:
    assert [(r.type, r.name) for r in adopted.resources] == [
        ("kubernetes:monitoring.coreos.com/v1:PodMonitor", "adopted-endpoints-0"),
        ("kubernetes:monitoring.coreos.com/v1:PodMonitor", "adopted-endpoints-1"),
        ("kubernetes:monitoring.coreos.com/v1:PodMonitor", "adopted-keda"),
        ("kubernetes:monitoring.coreos.com/v1:PrometheusRule", "adopted-platform-rules"),
        ("mlops:index:AdoptedMonitoring", "adopted"),
    ]


def test_endpoints_get_the_labels_by_which_rules_autoscaler_and_dashboards_find_them(
    adopted: Recording,
) -> None:
    asked = {
        "port": "admin",
        "path": "/metrics",
        "interval": "10s",
        "scrapeTimeout": "9s",
        "honorLabels": False,
        "relabelings": [
            {
                "action": "replace",
                "sourceLabels": ["__meta_kubernetes_pod_label_app_kubernetes_io_name"],
                "targetLabel": "job",
            },
            {
                "action": "replace",
                "sourceLabels": ["__meta_kubernetes_pod_label_app_kubernetes_io_instance"],
                "targetLabel": "endpoint",
            },
        ],
        "metricRelabelings": [{"action": "labeldrop", "regex": "exported_(endpoint|namespace|pod)"}],
    }
    for number, namespace in enumerate(["models", "shop"]):
        found = adopted.of("PodMonitor", f"adopted-endpoints-{number}").inputs
        assert found == monitor(namespace, "adopted-endpoints", ["model-endpoint", "model-gate"], asked)


def test_the_pods_of_an_endpoint_are_what_the_monitor_selects_and_asks(adopted: Recording) -> None:
    recording = registered(lambda: make(mlops.ModelEndpoint, "mortgage"))
    template = recording.of("Deployment").inputs["spec"]["template"]
    selector = adopted.of("PodMonitor", "adopted-endpoints-0").inputs["spec"]["selector"]
    labels = template["metadata"]["labels"]
    assert selector["matchLabels"].items() <= labels.items()
    assert labels["app.kubernetes.io/name"] in selector["matchExpressions"][0]["values"]
    assert labels["app.kubernetes.io/instance"] == "mortgage"
    assert "admin" in {port["name"] for port in template["spec"]["containers"][0]["ports"]}


def test_keda_is_asked_less_often(adopted: Recording) -> None:
    asked = {
        "port": "metrics",
        "path": "/metrics",
        "interval": "30s",
        "scrapeTimeout": "10s",
        "honorLabels": False,
        "relabelings": [{"action": "replace", "targetLabel": "job", "replacement": "keda"}],
    }
    found = adopted.of("PodMonitor", "adopted-keda").inputs
    assert found == monitor("keda", "adopted-keda", ["keda-adapter", "keda-operator"], asked)


def test_a_rule_file_is_one_object_with_its_groups_as_they_are(adopted: Recording) -> None:
    assert adopted.of("PrometheusRule").inputs == {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "adopted-platform", "namespace": "system", "labels": LABELS},
        "spec": {"groups": [{"name": "one", "rules": [{"record": "a:b", "expr": "up"}]}]},
    }


def test_the_rules_of_an_endpoint_come_through_unchanged() -> None:
    text = alerts.render(endpoint_stories.ALERTS)
    assert monitoring_adopt.rule_groups("endpoint-mortgage.yaml", text) == yaml.safe_load(text)


def test_the_operators_own_definitions_take_all_of_it(adopted: Recording) -> None:
    objects = [r.inputs for r in adopted.resources if "spec" in r.inputs]
    assert [(one["kind"], faults(one["kind"], one["spec"])) for one in objects] == [
        ("PodMonitor", []),
        ("PodMonitor", []),
        ("PodMonitor", []),
        ("PrometheusRule", []),
    ]
    for text in (alerts.render(endpoint_stories.ALERTS), alerts.render_platform(platform_stories.ALERTS)):
        assert faults("PrometheusRule", monitoring_adopt.rule_groups("rules.yaml", text)) == []


def test_a_field_that_a_definition_does_not_have_is_found() -> None:
    spec = monitoring_adopt.endpoints_monitor(5)
    spec["podMetricsEndpoints"][0] |= {"scheme_": "http", "interval": "5"}
    assert len(faults("PodMonitor", spec)) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "platform.yaml is not YAML: "),
        ("- a", "platform.yaml has no list `groups`; give a rule file of Prometheus"),
        ("groups: {}", "platform.yaml has no list `groups`; give a rule file of Prometheus"),
    ],
)
def test_a_text_that_is_no_rule_file_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        monitoring_adopt.rule_groups("platform.yaml", text)
    assert str(caught.value).startswith(words)
    path, reason = refused(lambda: make(mlops.AdoptedMonitoring, "one", rules={"platform.yaml": text}))
    assert (path, reason.startswith(words)) == ("rules", True)


def test_what_is_no_label_is_refused() -> None:
    bad_name = {"operator_labels": {"a b": "c"}}
    path, reason = refused(lambda: make(mlops.AdoptedMonitoring, "one", **bad_name))
    assert (path, "'a b' is no name of a label" in reason) == ("operator_labels", True)
    bad_value = {"operator_labels": {"release": "-"}}
    path, reason = refused(lambda: make(mlops.AdoptedMonitoring, "one", **bad_value))
    assert (path, "'-' cannot be a label's value" in reason) == ("operator_labels.release", True)


def test_a_label_that_the_objects_have_themselves_is_refused() -> None:
    own = {"operator_labels": {"app.kubernetes.io/part-of": "kube-prometheus"}}
    path, reason = refused(lambda: make(mlops.AdoptedMonitoring, "one", **own))
    assert (path, reason.split(" is ")[0]) == ("operator_labels", "'app.kubernetes.io/part-of'")


def test_monitoring_that_adopts_runs_nothing_and_answers_with_the_adopted_address() -> None:
    args = {**ADOPT, "dashboards": {"namespace": "grafana"}, "prometheus": {"scrape_seconds": 7}}
    recording = registered(lambda: mlops.Monitoring("mon", args))  # type: ignore[arg-type]
    assert sorted((r.type.split(":")[-1], r.name, r.parent) for r in recording.resources) == [
        ("AdoptedMonitoring", "mon-adopted", "mon"),
        ("ConfigMap", "mon-dashboards-drift", "mon-dashboards"),
        ("ConfigMap", "mon-dashboards-endpoint", "mon-dashboards"),
        ("ConfigMap", "mon-dashboards-platform", "mon-dashboards"),
        ("GrafanaDashboards", "mon-dashboards", "mon"),
        ("Monitoring", "mon", ""),
        ("PodMonitor", "mon-adopted-endpoints-0", "mon-adopted"),
        ("PrometheusRule", "mon-adopted-platform-rules", "mon-adopted"),
    ]
    asked = recording.of("PodMonitor").inputs["spec"]["podMetricsEndpoints"][0]
    assert (asked["interval"], asked["scrapeTimeout"]) == ("7s", "6s")
    outputs = recording.outputs["mon"]
    assert {key: value for key, value in outputs.items() if value is not None} == {
        "source": "adopt",
        "prometheus_url": "http://prometheus.monitoring.svc:9090",
    }


@pytest.mark.parametrize("key", ["namespace", "models_namespaces", "operator_labels", "prometheus_url"])
def test_what_adopting_needs_is_named(key: str) -> None:
    args = {name: value for name, value in ADOPT.items() if name != key}
    path, reason = refused(lambda: mlops.Monitoring("mon", args))  # type: ignore[arg-type]
    assert (path, reason) == (key, "this argument is required and was not given")


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"receivers": [{"name": "a", "kind": "webhook", "url": "https://a.example.org"}]}, "receivers"),
        ({"otlp_endpoint": "http://a:4317"}, "otlp_endpoint"),
        ({"prometheus": {"size": "5Gi"}}, "prometheus.size"),
    ],
)
def test_what_is_the_adopted_ones_own_business_is_refused(more: dict[str, Any], path: str) -> None:
    found, reason = refused(lambda: mlops.Monitoring("mon", {**ADOPT, **more}))  # type: ignore[typeddict-item]
    assert found == path
    assert reason == ("an adopted Prometheus and its Alertmanager have their own; leave it out, or run them")


def platform(**keda: Any) -> Recording:
    """A platform that is watched by the cluster's Prometheus, with an endpoint on concurrency."""
    args = sample(mlops.Platform)
    args["monitoring"] = {
        "source": mlops.MonitoringSource.ADOPT,
        "prometheus_url": "http://prometheus.monitoring.svc:9090",
        "prometheus_namespace": "monitoring",
        "operator_labels": {},
    }
    args["images"] |= {"keda_operator": image("keda-operator"), "keda_adapter": image("keda-adapter")}
    args["keda"] = {"source": mlops.KedaSource.RUN, **keda}
    scaling = {"by": "concurrency", "target_in_flight": 3}
    args["endpoints"] = [
        {"name": "mortgage", "model": "mortgage", "resources": RESOURCES, "scaling": scaling}
    ]
    return registered(lambda: mlops.Platform("mlops", args))


def test_a_platforms_pods_admit_the_adopted_prometheus_and_keda_asks_it() -> None:
    recording = platform()
    seen = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
    }
    endpoint = recording.of("NetworkPolicy", "mlops-mortgage-endpoint-flows").inputs["spec"]
    assert endpoint["ingress"] == [{"from": [seen], "ports": [{"protocol": "TCP", "port": 8081}]}]
    operator = recording.of("NetworkPolicy", "mlops-keda-operator-flows").inputs["spec"]
    assert operator["ingress"][1] == {"from": [seen], "ports": [{"protocol": "TCP", "port": 8080}]}
    anywhere = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 9090}]}
    assert operator["egress"][-1] == anywhere
    trigger = recording.of("ScaledObject").inputs["spec"]["triggers"][0]
    assert trigger["metadata"]["serverAddress"] == "http://prometheus.monitoring.svc:9090"
    assert recording.names_of("PodMonitor") == [
        "mlops-monitoring-adopted-endpoints-0",
        "mlops-monitoring-adopted-keda",
    ]
    assert recording.names_of("PrometheusRule") == [
        "mlops-monitoring-adopted-endpoint-mortgage-rules",
        "mlops-monitoring-adopted-platform-rules",
    ]


def test_the_address_that_keda_is_given_comes_before_the_adopted_one() -> None:
    recording = platform(prometheus_url="http://thanos.monitoring.svc:9091")
    trigger = recording.of("ScaledObject").inputs["spec"]["triggers"][0]
    assert trigger["metadata"]["serverAddress"] == "http://thanos.monitoring.svc:9091"
