from __future__ import annotations

from typing import Any

import pulumi
import pytest
import yaml

import pulumi_mlops as mlops
from component_samples import make
from pulumi_mlops import alerts_wiring
from pulumi_mlops.alerts.rules import all_rules
from recording_engine import registered


def rules(component: Any, output: str, **changes: Any) -> Any:
    return registered(lambda: make(component, "mortgage", **changes)).outputs["mortgage"][output]


def named(text: str) -> dict[str, Any]:
    return {rule["alert"]: rule for rule in all_rules(yaml.safe_load(text)) if "alert" in rule}


def test_an_endpoint_tells_its_rules_with_its_namespace_owner_and_pipelines() -> None:
    found = named(rules(mlops.ModelEndpoint, "alert_rules"))
    assert 'namespace="models",deployment="mortgage"' in found["MlopsEndpointDown"]["expr"]
    assert found["MlopsErrorBudgetBurnsFast"]["labels"]["owner"] == "credit-risk"
    assert found["MlopsPipelineLate"]["labels"]["pipeline"] == "approval-pipeline"
    assert "mlops:drift_rows:1h >= 200" in found["MlopsInputDrift"]["expr"]
    assert 'feature!~"(label)([.].*)?"' in found["MlopsInputDrift"]["expr"]


def test_without_objectives_all_other_alerts_are_there() -> None:
    found = named(rules(mlops.ModelEndpoint, "alert_rules", alerts=None))
    assert "MlopsEndpointDown" in found
    assert found["MlopsInputDrift"]["labels"]["owner"] == "platform"
    assert [name for name in found if "Budget" in name or "Pipeline" in name] == []


def test_a_platform_gives_each_file_and_watches_the_pipeline_of_an_endpoint() -> None:
    files = rules(mlops.Platform, "alert_rules")
    assert sorted(files) == ["endpoint-mortgage.yaml", alerts_wiring.PLATFORM_FILE]
    found = named(files["endpoint-mortgage.yaml"])
    assert 'job_name=~"mortgage-approval-pipeline(-[0-9]+)?"' in found["MlopsPipelineFailed"]["expr"]
    assert "MlopsPipelineLate" not in found
    assert 'namespace="mortgage-models"' in found["MlopsEndpointDown"]["expr"]
    assert 'namespace=~"mortgage-system|mortgage-models"' in files[alerts_wiring.PLATFORM_FILE]


@pytest.mark.parametrize(
    ("alerts", "words"),
    [
        ({"slo": {"availability": 100}}, "slo.availability: 100 is not an objective; allowed is more than 0"),
        (
            {"slo": {"availability": 99, "latency": {"percent": 99, "seconds": 0.3}}},
            "choose one of its bounds",
        ),
        ({"slo": {}}, "slo.availability: {} was given: Field required"),
        ({"ownr": "me"}, "ownr: 'me' was given"),
        ({"drift": {"least_rows": 0}}, "drift.least_rows: 0 was given"),
        ({"drift": {"least_rows": 1.5}}, "drift.least_rows: 1.5 was given"),
        ({"scrape_seconds": 120}, "the window 5m is shorter than four scrape intervals of 120 s"),
    ],
)
def test_wrong_alerts_are_refused_with_path_and_remedy(alerts: dict[str, Any], words: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        rules(mlops.ModelEndpoint, "alert_rules", alerts=alerts)
    assert caught.value.property_path == "alerts"
    assert words in caught.value.reason


def test_whole_numbers_may_come_as_floats() -> None:
    text = rules(mlops.ModelEndpoint, "alert_rules", alerts={"drift": {"least_rows": 300.0}})
    assert "mlops:drift_rows:1h >= 300\n" in text
