from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from pulumi_mlops import monitoring_config, monitoring_pods, scaling_pods
from pulumi_mlops.alerts import metrics
from pulumi_mlops.labels import labels
from pulumi_mlops.monitoring_config import Scraping

ALL = Scraping("system", ("models", "shop"), "keda")
DISCOVERY = "kubernetes_sd_configs"


def jobs(scraping: Scraping = ALL) -> dict[str, dict[str, Any]]:
    document = yaml.safe_load(monitoring_config.prometheus(scraping))
    return {job["job_name"]: job for job in document["scrape_configs"]}


def kept(job: dict[str, Any], name: str) -> bool:
    """Whether a job keeps the metric `name` of a namespace of the platform."""
    rules = [rule for rule in job.get("metric_relabel_configs", []) if rule["action"] == "keep"]
    labels = {"__name__": name, "namespace": "models"}
    return all(re.fullmatch(rule["regex"], labels[rule["source_labels"][0]]) for rule in rules)


def exported(otlp_endpoint: str) -> str:
    """Where the collector sends traces."""
    document = yaml.safe_load(monitoring_config.collector(otlp_endpoint))
    found: str = document["exporters"]["otlp"]["endpoint"]
    return found


def target_labels(job: dict[str, Any]) -> dict[str, str]:
    return {
        rule["target_label"]: rule["source_labels"][0]
        for rule in job["relabel_configs"]
        if "target_label" in rule and "source_labels" in rule
    }


def test_jobs_are_these() -> None:
    assert list(jobs()) == [
        "model-endpoint",
        "kube-state-metrics",
        "node-exporter",
        "alertmanager",
        "otel-collector",
        "remediation",
        "keda",
        "prometheus",
        "kubelet",
        "kubelet-containers",
    ]
    assert "keda" not in jobs(Scraping("system", ("models",)))


def test_endpoints_are_found_by_their_labels_in_the_models_namespaces() -> None:
    job = jobs()["model-endpoint"]
    selector = "app.kubernetes.io/part-of=mlops,app.kubernetes.io/name in (model-endpoint,model-gate)"
    assert job[DISCOVERY] == [
        {
            "role": "pod",
            "namespaces": {"names": ["models", "shop"]},
            "selectors": [{"role": "pod", "label": selector}],
        }
    ]
    assert (
        labels("model-endpoint", "x").items()
        >= {
            "app.kubernetes.io/part-of": "mlops",
            "app.kubernetes.io/name": "model-endpoint",
        }.items()
    )
    keep, drop = job["relabel_configs"][:2]
    assert keep == {
        "source_labels": ["__meta_kubernetes_pod_container_port_name"],
        "regex": "admin",
        "action": "keep",
    }
    assert drop["regex"] == "Succeeded|Failed"


def test_an_endpoints_figures_have_the_labels_that_rules_and_scaling_ask_for() -> None:
    job = jobs()["model-endpoint"]
    assert target_labels(job) == {
        "instance": "__meta_kubernetes_pod_name",
        "namespace": "__meta_kubernetes_namespace",
        "pod": "__meta_kubernetes_pod_name",
        "endpoint": "__meta_kubernetes_pod_label_app_kubernetes_io_instance",
        "job": "__meta_kubernetes_pod_label_app_kubernetes_io_name",
    }
    asked = set(re.findall(r"(\w+)=", scaling_pods.in_flight_query("models", "mortgage")))
    assert asked <= set(target_labels(job))


def test_a_model_server_cannot_speak_for_another() -> None:
    job = jobs()["model-endpoint"]
    assert "honor_labels" not in job
    (rule,) = job["metric_relabel_configs"]
    assert rule == {"action": "labeldrop", "regex": "exported_(endpoint|namespace|pod)"}


def test_endpoints_are_asked_every_5_seconds_and_all_else_every_30() -> None:
    found = yaml.safe_load(monitoring_config.prometheus(ALL))
    assert found["global"] == {
        "scrape_interval": "30s",
        "scrape_timeout": "10s",
        "evaluation_interval": "30s",
    }
    times = {
        name: (job["scrape_interval"], job["scrape_timeout"])
        for name, job in jobs().items()
        if "scrape_interval" in job
    }
    assert times == {"model-endpoint": ("5s", "4s")}


@pytest.mark.parametrize(("seconds", "timeout"), [(1, "1s"), (2, "1s"), (15, "10s"), (60, "10s")])
def test_no_scrape_takes_longer_than_to_the_next(seconds: int, timeout: str) -> None:
    job = jobs(Scraping("system", ("models",), scrape_seconds=seconds))["model-endpoint"]
    assert (job["scrape_interval"], job["scrape_timeout"]) == (f"{seconds}s", timeout)


def test_every_job_is_bounded_so_that_no_target_can_fill_the_memory() -> None:
    bounds = {
        "body_size_limit": "32MB",
        "sample_limit": 50_000,
        "label_limit": 40,
        "label_name_length_limit": 200,
        "label_value_length_limit": 1000,
    }
    for name, job in jobs().items():
        assert {key: job.get(key) for key in bounds} == bounds, name


def test_every_metric_of_the_cluster_that_rules_ask_for_is_collected() -> None:
    found = jobs()
    kinds = {kind.removesuffix("s") for of in monitoring_pods.CLUSTER_STATE_OF.values() for kind in of}
    for name in metrics.CLUSTER:
        if name.startswith("kubelet_"):
            assert kept(found["kubelet"], name), name
        else:
            assert name.split("_")[1] in kinds, name


def test_of_kube_state_metrics_the_labels_of_what_a_figure_is_about_are_kept() -> None:
    job = jobs()["kube-state-metrics"]
    assert job["honor_labels"] is True
    assert target_labels(job) == {"instance": "__meta_kubernetes_pod_name"}


def test_the_receiver_that_acts_on_alerts_is_collected_on_its_one_port() -> None:
    job = jobs()["remediation"]
    selector = "app.kubernetes.io/part-of=mlops,app.kubernetes.io/name in (remediation)"
    assert job[DISCOVERY] == [
        {
            "role": "pod",
            "namespaces": {"names": ["system"]},
            "selectors": [{"role": "pod", "label": selector}],
        }
    ]
    assert "metrics_path" not in job
    assert job["relabel_configs"][0] == {
        "source_labels": ["__meta_kubernetes_pod_container_port_name"],
        "regex": "http",
        "action": "keep",
    }
    assert target_labels(job) == {
        "instance": "__meta_kubernetes_pod_name",
        "namespace": "__meta_kubernetes_namespace",
        "pod": "__meta_kubernetes_pod_name",
    }


def test_kubelets_are_asked_by_name_and_must_show_a_certificate_of_the_cluster() -> None:
    folder = "/var/run/secrets/kubernetes.io/serviceaccount"
    for name, path in (("kubelet", "/metrics"), ("kubelet-containers", "/metrics/cadvisor")):
        job = jobs()[name]
        assert job["metrics_path"] == path
        assert job["scheme"] == "https"
        assert job["authorization"] == {"credentials_file": f"{folder}/token"}
        assert job["tls_config"] == {"ca_file": f"{folder}/ca.crt"}
        assert {"target_label": "job", "replacement": "kubelet"} in job["relabel_configs"]
        assert job[DISCOVERY] == [{"role": "node"}]
    unchecked = jobs(Scraping("system", ("models",), verify_kubelets=False))
    assert unchecked["kubelet"]["tls_config"] == {"insecure_skip_verify": True}


def test_a_kubelets_two_targets_differ_in_the_label_of_their_path() -> None:
    for name in ("kubelet", "kubelet-containers"):
        assert target_labels(jobs()[name]) == {
            "instance": "__meta_kubernetes_node_name",
            "node": "__meta_kubernetes_node_name",
            "metrics_path": "__metrics_path__",
        }, name


def test_of_kubelets_the_platforms_volumes_and_containers_are_kept_alone() -> None:
    found = jobs()
    assert kept(found["kubelet-containers"], "container_memory_working_set_bytes")
    assert not kept(found["kubelet-containers"], "container_blkio_device_usage_total")
    assert not kept(found["kubelet"], "kubelet_runtime_operations_total")
    (namespaces,) = [
        rule["regex"]
        for rule in found["kubelet"]["metric_relabel_configs"]
        if rule["source_labels"] == ["namespace"]
    ]
    assert namespaces == "system|models|shop|keda"


def test_alerts_go_to_the_alertmanager_beside_and_rules_come_from_its_folder() -> None:
    document = yaml.safe_load(monitoring_config.prometheus(ALL))
    assert document["alerting"] == {
        "alertmanagers": [{"static_configs": [{"targets": ["alertmanager.system.svc:9093"]}]}]
    }
    assert document["rule_files"] == ["/etc/prometheus-rules/*.yaml"]


def test_traces_go_into_the_log_or_on_to_who_is_named() -> None:
    here = yaml.safe_load(monitoring_config.collector(None))
    assert here["exporters"] == {"debug": {"verbosity": "normal"}}
    there = yaml.safe_load(monitoring_config.collector("https://traces.example.org:4317"))
    assert list(there["exporters"]) == ["otlp"]
    assert there["exporters"]["otlp"]["endpoint"] == "traces.example.org:4317"
    assert there["exporters"]["otlp"]["tls"] == {"insecure": False}
    assert exported("https://traces.example.org") == "traces.example.org:443"
    assert exported("http://traces") == "traces:80"
    plain = yaml.safe_load(monitoring_config.collector("http://traces:4317"))
    assert plain["exporters"]["otlp"]["tls"] == {"insecure": True}
    for document in (here, there):
        pipeline = document["service"]["pipelines"]["traces"]
        assert pipeline["processors"] == ["memory_limiter", "batch"]
        assert pipeline["exporters"] == list(document["exporters"])
