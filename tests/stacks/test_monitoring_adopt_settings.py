"""Settings of a Prometheus that the cluster has."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_stacks import monitoring_args
from mlops_stacks.errors import SettingsError
from mlops_stacks.settings import load
from pulumi_mlops import MonitoringSource

ADOPT: dict[str, Any] = {
    "mode": "adopt",
    "prometheusUrl": "http://prometheus.monitoring.svc:9090",
    "prometheusNamespace": "monitoring",
    "operatorLabels": {"release": "kube-prometheus-stack"},
}


def settings(monitoring: dict[str, Any], **endpoint: Any) -> dict[str, Any]:
    return {
        "cluster": {"maker": "local-node"},
        "monitoring": monitoring,
        "keda": {"mode": "adopt"},
        "endpoints": [{"name": "mortgage", "model": "mortgage", **endpoint}],
    }


def arguments(monitoring: dict[str, Any]) -> Any:
    loaded = load(settings(monitoring))
    return monitoring_args.monitoring(loaded.monitoring, loaded.cluster.api_server_cidrs)


def test_an_adopted_prometheus_needs_no_images() -> None:
    dashboards = {"namespace": "grafana", "label": "dashboard", "labelValue": "yes", "folder": "ML"}
    found = arguments({**ADOPT, "scrapeInterval": "3s", "dashboards": dashboards})
    assert found == {
        "source": MonitoringSource.ADOPT,
        "prometheus": {"scrape_seconds": 3},
        "prometheus_url": "http://prometheus.monitoring.svc:9090",
        "prometheus_namespace": "monitoring",
        "operator_labels": {"release": "kube-prometheus-stack"},
        "dashboards": {"namespace": "grafana", "label": "dashboard", "label_value": "yes", "folder": "ML"},
    }


def test_an_operator_that_selects_all_is_said_with_no_labels() -> None:
    found = arguments({**ADOPT, "operatorLabels": {}})
    assert found["operator_labels"] == {}


def test_endpoints_scale_on_an_adopted_prometheus() -> None:
    load(settings(ADOPT, scaling={"by": "concurrency", "targetInFlight": 4}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"prometheusUrl": None},
            "mlops:monitoring.prometheusUrl: needed to adopt a Prometheus; give its address",
        ),
        (
            {"prometheusNamespace": None},
            "mlops:monitoring.prometheusNamespace: needed to adopt a Prometheus; give the namespace",
        ),
        (
            {"operatorLabels": None},
            "mlops:monitoring.operatorLabels: needed to adopt a Prometheus; give the labels",
        ),
        (
            {"receivers": [{"name": "a", "kind": "webhook", "url": "https://a.example.org"}]},
            "mlops:monitoring.receivers: the adopted Prometheus and Alertmanager have their own; set it",
        ),
        ({"size": "5Gi"}, "mlops:monitoring.size: the adopted Prometheus and Alertmanager have their own"),
        ({"operatorLabels": {"a b": "c"}}, "'a b' is no name of a label"),
        ({"operatorLabels": {"release": "a b"}}, "'a b' cannot be a label's value"),
        ({"prometheusUrl": "prometheus:9090"}, "is no address"),
        ({"dashboards": {"label": "a"}}, "mlops:monitoring.dashboards.namespace"),
        (
            {"mode": "run"},
            "mlops:monitoring.operatorLabels: this is for a Prometheus that is adopted; set "
            "mlops:monitoring.mode to adopt, or leave it out",
        ),
        (
            {"mode": "none"},
            "mlops:monitoring.operatorLabels: nothing would use it; set mlops:monitoring.mode to adopt",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_path_and_what_to_do(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(settings({key: value for key, value in {**ADOPT, **changes}.items() if value is not None}))
    assert words in str(caught.value)
