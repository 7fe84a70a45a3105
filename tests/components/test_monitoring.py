from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

import pulumi_mlops as mlops
from component_samples import SAMPLES, make
from pulumi_mlops import monitoring_config, monitoring_pods
from recording_engine import SECRET, Recording, registered

PARTS = ("alertmanager", "kube-state-metrics", "node-exporter", "otel-collector", "prometheus")


@pytest.fixture(scope="module")
def monitoring() -> Recording:
    return registered(lambda: make(mlops.Monitoring, "mon"))


def pod(recording: Recording, kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = recording.of(kind, name).inputs["spec"]["template"]
    return found


def args_of(recording: Recording, kind: str, name: str) -> list[str]:
    found: list[str] = pod(recording, kind, name)["spec"]["containers"][0]["args"]
    return found


def alertmanager_file(recording: Recording) -> dict[str, Any]:
    text = recording.of("Secret", "mon-alertmanager-config").secrets["stringData"]["alertmanager.yml"]
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def test_monitoring_is_these_objects(monitoring: Recording) -> None:
    rights = [
        (kind, f"mon-{part}-{number}-{kind.lower().removeprefix('role') or 'role'}")
        for kind in ("Role", "RoleBinding")
        for part in ("kube-state-metrics", "prometheus")
        for number in range(4)
    ]
    assert sorted((r.type.split(":")[-1], r.name) for r in monitoring.resources) == sorted(
        [
            ("ClusterRole", "mon-prometheus-cluster-role"),
            ("ClusterRoleBinding", "mon-prometheus-cluster-binding"),
            ("ConfigMap", "mon-otel-collector-config"),
            ("ConfigMap", "mon-prometheus-config"),
            ("ConfigMap", "mon-prometheus-rules-platform"),
            ("DaemonSet", "mon-node-exporter"),
            ("Deployment", "mon-kube-state-metrics"),
            ("Deployment", "mon-otel-collector"),
            ("Monitoring", "mon"),
            ("Secret", "mon-alertmanager-config"),
            ("StatefulSet", "mon-alertmanager"),
            ("StatefulSet", "mon-prometheus"),
            *(("NetworkPolicy", f"mon-{part}-flows") for part in PARTS),
            *(("ServiceAccount", f"mon-{part}-account") for part in PARTS),
            *(("Service", f"mon-{part}-service") for part in PARTS if part != "node-exporter"),
            *rights,
        ]
    )
    assert monitoring.outputs["mon"] == {
        "source": "run",
        "prometheus_url": "http://prometheus.system.svc:9090",
        "alertmanager_url": "http://alertmanager.system.svc:9093",
        "otlp_url": "http://otel-collector.system.svc:4318",
    }


def test_objects_have_the_names_by_which_others_find_them(monitoring: Recording) -> None:
    kinds = ("DaemonSet", "Deployment", "Service", "StatefulSet")
    named = sorted(
        (r.type.split(":")[-1], r.inputs["metadata"]["namespace"], r.inputs["metadata"]["name"])
        for r in monitoring.resources
        if r.type.split(":")[-1] in kinds
    )
    assert named == [
        ("DaemonSet", "system", "node-exporter"),
        ("Deployment", "system", "kube-state-metrics"),
        ("Deployment", "system", "otel-collector"),
        ("Service", "system", "alertmanager"),
        ("Service", "system", "kube-state-metrics"),
        ("Service", "system", "otel-collector"),
        ("Service", "system", "prometheus"),
        ("StatefulSet", "system", "alertmanager"),
        ("StatefulSet", "system", "prometheus"),
    ]
    ports = {
        r.inputs["metadata"]["name"]: [(p["name"], p["port"]) for p in r.inputs["spec"]["ports"]]
        for r in monitoring.resources
        if r.type.endswith(":Service")
    }
    assert ports == {
        "alertmanager": [("http", 9093)],
        "kube-state-metrics": [("metrics", 8080)],
        "otel-collector": [("otlp-grpc", 4317), ("otlp-http", 4318), ("metrics", 8888)],
        "prometheus": [("http", 9090)],
    }


def test_prometheus_keeps_its_figures_on_a_volume_for_a_time_and_a_size(monitoring: Recording) -> None:
    assert args_of(monitoring, "StatefulSet", "mon-prometheus") == [
        "--config.file=/etc/prometheus/prometheus.yml",
        "--web.listen-address=:9090",
        "--storage.tsdb.path=/data/tsdb",
        "--storage.tsdb.retention.time=30d",
        "--storage.tsdb.retention.size=6144MB",
        "--query.max-concurrency=8",
        "--query.max-samples=10000000",
        "--query.timeout=30s",
        "--rules.alert.for-grace-period=30s",
        "--log.format=json",
    ]
    (claim,) = monitoring.of("StatefulSet", "mon-prometheus").inputs["spec"]["volumeClaimTemplates"]
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "10Gi"}},
        "storageClassName": "standard",
    }


def test_without_figures_there_are_15_days_on_four_fifths_of_5_gibibytes() -> None:
    recording = registered(lambda: make(mlops.Monitoring, "mon", prometheus=None, storage_class=None))
    found = args_of(recording, "StatefulSet", "mon-prometheus")
    assert [flag for flag in found if "retention" in flag] == [
        "--storage.tsdb.retention.time=15d",
        "--storage.tsdb.retention.size=4096MB",
    ]
    for name, size in (("mon-prometheus", "5Gi"), ("mon-alertmanager", "1Gi")):
        (claim,) = recording.of("StatefulSet", name).inputs["spec"]["volumeClaimTemplates"]
        assert claim["spec"] == {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": size}},
        }


def test_each_rule_file_is_an_object_and_all_are_in_the_folder_that_prometheus_reads() -> None:
    rules = {"platform.yaml": "groups: []", "endpoint-a.yaml": "groups: [] # a"}
    recording = registered(lambda: make(mlops.Monitoring, "mon", rules=rules))
    for stem in ("platform", "endpoint-a"):
        config_map = recording.of("ConfigMap", f"mon-prometheus-rules-{stem}").inputs
        assert config_map["metadata"]["name"] == f"prometheus-rules-{stem}"
        assert config_map["data"] == {f"{stem}.yaml": rules[f"{stem}.yaml"]}
    spec = pod(recording, "StatefulSet", "mon-prometheus")["spec"]
    (volume,) = [volume for volume in spec["volumes"] if volume["name"] == "rules"]
    assert volume["projected"]["sources"] == [
        {"configMap": {"name": "prometheus-rules-endpoint-a"}},
        {"configMap": {"name": "prometheus-rules-platform"}},
    ]
    (mount,) = [mount for mount in spec["containers"][0]["volumeMounts"] if mount["name"] == "rules"]
    assert mount["mountPath"] == "/etc/prometheus-rules"


def test_without_rules_there_is_no_folder_of_them() -> None:
    recording = registered(lambda: make(mlops.Monitoring, "mon", rules=None))
    assert recording.names_of("ConfigMap") == ["mon-otel-collector-config", "mon-prometheus-config"]
    volumes = pod(recording, "StatefulSet", "mon-prometheus")["spec"]["volumes"]
    assert [volume["name"] for volume in volumes] == ["api-token", "config"]


def test_prometheus_finds_pods_and_reads_kubelets_and_may_do_nothing_else(monitoring: Recording) -> None:
    role = monitoring.of("ClusterRole").inputs
    assert {key: role[key] for key in ("metadata", "rules")} == {
        "metadata": {
            "name": "system-prometheus",
            "labels": {
                "app.kubernetes.io/name": "prometheus",
                "app.kubernetes.io/instance": "prometheus",
                "app.kubernetes.io/part-of": "mlops",
            },
        },
        "rules": [
            {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "watch"]},
            {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
        ],
    }
    for number, namespace in enumerate(("system", "models", "shop", "keda")):
        role = monitoring.of("Role", f"mon-prometheus-{number}-role").inputs
        assert role["metadata"]["namespace"] == namespace
        assert role["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]}]


def test_kube_state_metrics_follows_what_rules_ask_about_in_the_platforms_namespaces(
    monitoring: Recording,
) -> None:
    assert args_of(monitoring, "Deployment", "mon-kube-state-metrics") == [
        "--port=8080",
        "--telemetry-port=8081",
        "--resources=cronjobs,deployments,jobs,pods,statefulsets",
        "--namespaces=system,models,shop,keda",
    ]
    follow = ["list", "watch"]
    for number in range(4):
        assert monitoring.of("Role", f"mon-kube-state-metrics-{number}-role").inputs["rules"] == [
            {"apiGroups": [""], "resources": ["pods"], "verbs": follow},
            {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets"], "verbs": follow},
            {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"], "verbs": follow},
        ]


def test_node_exporter_sees_no_folder_of_the_host_and_runs_on_kept_nodes_too(monitoring: Recording) -> None:
    spec = pod(monitoring, "DaemonSet", "mon-node-exporter")["spec"]
    assert "volumes" not in spec
    assert spec["tolerations"] == [{"operator": "Exists", "effect": "NoSchedule"}]
    assert "hostNetwork" not in spec
    assert args_of(monitoring, "DaemonSet", "mon-node-exporter") == [
        "--web.listen-address=:9100",
        "--web.disable-exporter-metrics",
        "--collector.disable-defaults",
        "--collector.cpu",
        "--collector.diskstats",
        "--collector.loadavg",
        "--collector.meminfo",
        "--collector.pressure",
        "--collector.stat",
        "--collector.vmstat",
    ]


def test_only_prometheus_and_kube_state_metrics_have_a_token(monitoring: Recording) -> None:
    with_token = [
        r.name
        for r in monitoring.resources
        if "template" in (r.inputs.get("spec") or {})
        and "serviceAccountToken" in json.dumps(r.inputs["spec"]["template"])
    ]
    assert sorted(with_token) == ["mon-kube-state-metrics", "mon-prometheus"]


def test_every_receivers_secret_is_in_the_secret_alone(monitoring: Recording) -> None:
    secret = monitoring.of("Secret", "mon-alertmanager-config")
    assert secret.inputs["stringData"] == SECRET
    files = {key: value for key, value in secret.secrets["stringData"].items() if key != "alertmanager.yml"}
    assert files == {
        "hook.url": "https://secret-host.example.org:8443/secret-path",
        "hook.bearer-token": "secret-bearer",
        "mail.password": "secret-mail-password",
        "chat.url": "https://chat.example.org/secret-hook",
        "pager.routing-key": "secret-routing-key",
    }
    assert "secret-" not in json.dumps(alertmanager_file(monitoring))
    shown = json.dumps([r.inputs for r in monitoring.resources])
    assert "secret-" not in shown


def test_the_configuration_names_the_files_of_the_secrets(monitoring: Recording) -> None:
    receivers = {entry["name"]: entry for entry in alertmanager_file(monitoring)["receivers"]}
    folder = "/etc/alertmanager"
    assert receivers["hook"]["webhook_configs"] == [
        {
            "url_file": f"{folder}/hook.url",
            "http_config": {"authorization": {"credentials_file": f"{folder}/hook.bearer-token"}},
            "timeout": "10s",
            "send_resolved": True,
        }
    ]
    assert receivers["mail"]["email_configs"][0]["auth_password_file"] == f"{folder}/mail.password"
    assert receivers["chat"]["slack_configs"][0]["api_url_file"] == f"{folder}/chat.url"
    assert receivers["pager"]["pagerduty_configs"][0]["routing_key_file"] == f"{folder}/pager.routing-key"
    (mount,) = [
        mount
        for mount in pod(monitoring, "StatefulSet", "mon-alertmanager")["spec"]["containers"][0][
            "volumeMounts"
        ]
        if mount["name"] == "config"
    ]
    assert (mount["mountPath"], mount["readOnly"]) == (folder, True)


def test_without_a_receiver_alertmanager_runs_and_tells_nobody() -> None:
    recording = registered(lambda: make(mlops.Monitoring, "mon", receivers=None, routes=None))
    file = alertmanager_file(recording)
    assert file["receivers"] == [{"name": "nobody"}]
    assert file["route"]["receiver"] == "nobody"
    assert file["route"]["routes"] == []
    policy = recording.of("NetworkPolicy", "mon-alertmanager-flows").inputs["spec"]
    assert "egress" not in policy


@pytest.mark.parametrize(
    ("change", "kind", "name"),
    [
        ({"rules": {"platform.yaml": "groups: [] # new"}}, "StatefulSet", "mon-prometheus"),
        ({"prometheus": {"scrape_seconds": 4}}, "StatefulSet", "mon-prometheus"),
        ({"pace": {"group_wait": "11s"}}, "StatefulSet", "mon-alertmanager"),
        ({"otlp_endpoint": None}, "Deployment", "mon-otel-collector"),
    ],
)
def test_other_files_make_the_pod_anew_on_the_same_volume(
    change: dict[str, Any], kind: str, name: str, monitoring: Recording
) -> None:
    changed = registered(lambda: make(mlops.Monitoring, "mon", **change))

    def mark(recording: Recording, kind: str, name: str) -> Any:
        return pod(recording, kind, name)["metadata"]["annotations"]

    assert mark(changed, kind, name) != mark(monitoring, kind, name)
    others = {
        ("StatefulSet", "mon-prometheus"),
        ("StatefulSet", "mon-alertmanager"),
        ("Deployment", "mon-otel-collector"),
    } - {(kind, name)}
    for other in others:
        assert mark(changed, *other) == mark(monitoring, *other)


def test_a_new_secret_of_a_receiver_makes_no_pod_anew(monitoring: Recording) -> None:
    receivers = [dict(entry) for entry in SAMPLES[mlops.Monitoring]["receivers"]]
    receivers[3]["routing_key"] = "secret-other"
    changed = registered(lambda: make(mlops.Monitoring, "mon", receivers=receivers))
    assert changed.of("StatefulSet", "mon-alertmanager") == monitoring.of("StatefulSet", "mon-alertmanager")


def test_the_pods_wait_for_their_files_and_rights(monitoring: Recording) -> None:
    assert {
        "mon-prometheus-config",
        "mon-prometheus-rules-platform",
        "mon-prometheus-cluster-binding",
    } <= set(monitoring.of("StatefulSet", "mon-prometheus").dependencies)
    assert "mon-alertmanager-config" in monitoring.of("StatefulSet", "mon-alertmanager").dependencies
    assert (
        "mon-kube-state-metrics-3-binding"
        in monitoring.of("Deployment", "mon-kube-state-metrics").dependencies
    )


def test_the_programs_together_may_use_no_more_than_the_platform_can_spare(monitoring: Recording) -> None:
    limits = {
        r.name: r.inputs["spec"]["template"]["spec"]["containers"][0]["resources"]
        for r in registered(lambda: make(mlops.Monitoring, "mon", prometheus=None)).resources
        if "template" in (r.inputs.get("spec") or {})
    }
    assert {name: (r["requests"]["cpu"], r["limits"]["memory"]) for name, r in limits.items()} == {
        "mon-alertmanager": ("5m", "128Mi"),
        "mon-kube-state-metrics": ("10m", "128Mi"),
        "mon-node-exporter": ("5m", "64Mi"),
        "mon-otel-collector": ("10m", "256Mi"),
        "mon-prometheus": ("100m", "1Gi"),
    }


def test_retention_by_size_is_written_in_prometheus_units() -> None:
    assert monitoring_pods.retention_size("5Gi") == "4096MB"
    assert monitoring_pods.retention_size("100M") == "76MB"
    assert monitoring_pods.megabytes("2G") == "1907MB"


def test_every_program_that_is_collected_has_the_port_that_its_job_asks_for(monitoring: Recording) -> None:
    text = monitoring.of("ConfigMap", "mon-prometheus-config").inputs["data"]["prometheus.yml"]
    jobs = {job["job_name"]: job for job in yaml.safe_load(text)["scrape_configs"]}
    kinds = {
        "alertmanager": "StatefulSet",
        "kube-state-metrics": "Deployment",
        "node-exporter": "DaemonSet",
        "otel-collector": "Deployment",
    }
    for name, kind in kinds.items():
        (container,) = pod(monitoring, kind, f"mon-{name}")["spec"]["containers"]
        asked = jobs[name]["relabel_configs"][0]
        assert asked["source_labels"] == ["__meta_kubernetes_pod_container_port_name"]
        assert asked["regex"] in [port["name"] for port in container["ports"]]
    assert jobs["prometheus"]["static_configs"][0]["targets"] == [
        f"127.0.0.1:{monitoring_config.PROMETHEUS_PORT}"
    ]
