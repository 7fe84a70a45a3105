"""Where Grafana's sidecar finds the dashboards."""

from __future__ import annotations

import pulumi
import pytest

import pulumi_mlops as mlops
from component_samples import make
from pulumi_mlops import dashboards
from recording_engine import registered

LABELS = {
    "app.kubernetes.io/name": "grafana-dashboards",
    "app.kubernetes.io/instance": "boards",
    "app.kubernetes.io/part-of": "mlops",
}


def test_each_dashboard_is_one_config_map_with_the_sidecars_label_and_folder() -> None:
    recording = registered(lambda: mlops.GrafanaDashboards("boards", {"namespace": "grafana"}))
    assert {r.name: r.inputs for r in recording.resources if r.parent} == {
        f"boards-{name}": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": f"boards-{name}",
                "namespace": "grafana",
                "labels": {**LABELS, "grafana_dashboard": "1"},
                "annotations": {"grafana_folder": "Models"},
            },
            "data": {f"mlops-{name}.json": dashboards.files()[f"mlops-{name}.json"]},
        }
        for name in ("drift", "endpoint", "platform")
    }


def test_label_and_folder_can_be_chosen() -> None:
    recording = registered(lambda: make(mlops.GrafanaDashboards, "boards"))
    for name in recording.names_of("ConfigMap"):
        meta = recording.of("ConfigMap", name).inputs["metadata"]
        assert meta["labels"] == {**LABELS, "dashboards": "yes"}
        assert meta["annotations"] == {"grafana_folder": "Machine learning"}


def test_a_label_that_kubernetes_would_refuse_is_refused() -> None:
    with pytest.raises(pulumi.InputPropertyError, match="'a b' is no name of a label") as caught:
        registered(lambda: make(mlops.GrafanaDashboards, "boards", label="a b"))
    assert caught.value.property_path == "label"
