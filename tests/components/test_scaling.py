from __future__ import annotations

from typing import Any

import pulumi
import pytest

import pulumi_mlops as mlops
from component_samples import SAMPLES, image, make
from pulumi_mlops.scaling_pods import in_flight_query
from recording_engine import Recording, registered

URL = "http://prometheus.system.svc:9090"
CONCURRENCY: dict[str, Any] = {"by": "concurrency", "target_in_flight": 4, "prometheus_url": URL}
OFFICE = {"start": "0 8 * * 1-5", "end": "0 18 * * 1-5", "replicas": 3, "timezone": "Europe/Berlin"}
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "mortgage"}
PACE = {
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Percent", "value": 100, "periodSeconds": 15},
            {"type": "Pods", "value": 4, "periodSeconds": 15},
        ],
    },
    "scaleDown": {
        "stabilizationWindowSeconds": 300,
        "selectPolicy": "Min",
        "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}],
    },
}


def endpoint(scaling: dict[str, Any] | None, **changes: Any) -> Recording:
    return registered(lambda: make(mlops.ModelEndpoint, "mortgage", scaling=scaling, **changes))


def autoscalers(recording: Recording) -> list[tuple[str, str]]:
    kinds = ("HorizontalPodAutoscaler", "ScaledObject")
    return [(kind, r.name) for r in recording.resources if (kind := r.type.split(":")[-1]) in kinds]


@pytest.mark.parametrize("scaling", [None, {}, {"by": "cpu"}])
def test_without_another_word_pods_follow_cpu(scaling: dict[str, Any] | None) -> None:
    recording = endpoint(scaling)
    assert autoscalers(recording) == [("HorizontalPodAutoscaler", "mortgage-autoscaler")]
    assert recording.of("HorizontalPodAutoscaler").inputs["spec"] == {
        "scaleTargetRef": TARGET,
        "minReplicas": 2,
        "maxReplicas": 5,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
            }
        ],
        "behavior": PACE,
    }


def test_on_concurrency_a_scaled_object_asks_for_the_endpoints_requests() -> None:
    recording = endpoint(CONCURRENCY)
    assert autoscalers(recording) == [("ScaledObject", "mortgage-scaler")]
    scaled = recording.of("ScaledObject")
    assert scaled.type == "kubernetes:keda.sh/v1alpha1:ScaledObject"
    assert (scaled.inputs["metadata"]["name"], scaled.inputs["metadata"]["namespace"]) == (
        "mortgage",
        "models",
    )
    assert scaled.inputs["spec"] == {
        "scaleTargetRef": TARGET,
        "pollingInterval": 5,
        "minReplicaCount": 2,
        "maxReplicaCount": 5,
        "fallback": {"failureThreshold": 3, "replicas": 2, "behavior": "currentReplicas"},
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": PACE}},
        "triggers": [
            {
                "type": "prometheus",
                "name": "in-flight",
                "metricType": "AverageValue",
                "metadata": {
                    "serverAddress": URL,
                    "query": in_flight_query("models", "mortgage"),
                    "threshold": "4",
                    "ignoreNullValues": "false",
                },
            }
        ],
    }
    assert "replicas" not in recording.of("Deployment").inputs["spec"]


def test_the_query_is_one_number_of_this_endpoint_and_bears_a_missed_scrape() -> None:
    pods = '{job="model-endpoint",namespace="models",endpoint="mortgage"}'
    assert in_flight_query("models", "mortgage") == (
        f"sum(avg_over_time(mlops_in_flight{pods}[15s]) or last_over_time(mlops_in_flight{pods}[1m]))"
    )


def test_steps_and_stabilization_are_what_was_asked_for() -> None:
    scaling = {
        "scale_out": {"steps": [{"pods": 2.0}, {"percent": 300, "period_seconds": 60}]},
        "scale_in": {"stabilization_seconds": 60},
    }
    behavior = endpoint(scaling).of("HorizontalPodAutoscaler").inputs["spec"]["behavior"]
    assert behavior["scaleUp"]["policies"] == [
        {"type": "Pods", "value": 2, "periodSeconds": 15},
        {"type": "Percent", "value": 300, "periodSeconds": 60},
    ]
    assert behavior["scaleDown"] == {**PACE["scaleDown"], "stabilizationWindowSeconds": 60}


def test_a_minimum_by_schedule_is_a_trigger_of_its_own() -> None:
    spec = endpoint({**CONCURRENCY, "minimums": [OFFICE]}).of("ScaledObject").inputs["spec"]
    assert spec["triggers"][1] == {
        "type": "cron",
        "metricType": "AverageValue",
        "metadata": {
            "start": "0 8 * * 1-5",
            "end": "0 18 * * 1-5",
            "timezone": "Europe/Berlin",
            "desiredReplicas": "3",
        },
    }


@pytest.mark.parametrize(
    ("scaling", "path", "words"),
    [
        ({"by": "memory"}, "scaling.by", "allowed are cpu and concurrency"),
        ({"target_in_flight": 4}, "scaling.target_in_flight", "say `by: concurrency`, or leave it out"),
        ({"minimums": [OFFICE]}, "scaling.minimums", "or leave it out and raise min_replicas"),
        ({**CONCURRENCY, "target_in_flight": None}, "scaling.target_in_flight", "required"),
        ({**CONCURRENCY, "target_in_flight": 0}, "scaling.target_in_flight", "from 1"),
        ({**CONCURRENCY, "prometheus_url": None}, "scaling.prometheus_url", "required"),
        (
            {"scale_in": {"stabilization_seconds": 3601}},
            "scaling.scale_in.stabilization_seconds",
            "0 to 3600 s",
        ),
        ({"scale_out": {"steps": [{}]}}, "scaling.scale_out.steps[0]", "one of `pods` and `percent`"),
        (
            {"scale_out": {"steps": [{"pods": 1, "period_seconds": 1801}]}},
            "scaling.scale_out.steps[0].period_seconds",
            "1 to 1800 s",
        ),
        (
            {**CONCURRENCY, "minimums": [{**OFFICE, "replicas": 9}]},
            "scaling.minimums[0].replicas",
            "9 is more than max_replicas, 5",
        ),
        (
            {**CONCURRENCY, "minimums": [{**OFFICE, "end": OFFICE["start"]}]},
            "scaling.minimums[0].end",
            "a later time",
        ),
        (
            {**CONCURRENCY, "minimums": [{**OFFICE, "timezone": "Berlin"}]},
            "scaling.minimums[0].timezone",
            "not a time zone",
        ),
        (
            {**CONCURRENCY, "minimums": [{**OFFICE, "start": "8:00"}]},
            "scaling.minimums[0].start",
            "not a schedule",
        ),
    ],
)
def test_what_cannot_be_scaled_by_is_refused_with_its_path(
    scaling: dict[str, Any], path: str, words: str
) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        endpoint(scaling)
    assert caught.value.property_path == path
    assert words in caught.value.reason


@pytest.fixture(scope="module")
def platform() -> Recording:
    sample = SAMPLES[mlops.Platform]
    images = {
        **sample["images"],
        "keda_operator": image("keda-operator"),
        "keda_adapter": image("keda-adapter"),
    }
    endpoints = [{**sample["endpoints"][0], "scaling": {"by": "concurrency", "target_in_flight": 4}}]
    keda = {"source": mlops.KedaSource.RUN}
    return registered(lambda: make(mlops.Platform, "mlops", images=images, endpoints=endpoints, keda=keda))


def test_a_platform_gives_keda_a_namespace_of_its_own_and_the_endpoint_its_prometheus(
    platform: Recording,
) -> None:
    assert platform.of("Deployment", "mlops-keda-operator").inputs["metadata"]["namespace"] == "mlops-keda"
    (trigger,) = platform.of("ScaledObject").inputs["spec"]["triggers"]
    assert trigger["metadata"]["serverAddress"] == "http://prometheus.mlops-system.svc:9090"
    egress = platform.of("NetworkPolicy", "mlops-keda-operator-flows").inputs["spec"]["egress"]
    assert egress[-1] == {
        "to": [
            {
                "podSelector": {
                    "matchLabels": {
                        "app.kubernetes.io/name": "prometheus",
                        "app.kubernetes.io/instance": "prometheus",
                    }
                },
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "mlops-system"}},
            }
        ],
        "ports": [{"protocol": "TCP", "port": 9090}],
    }


def test_the_scaled_object_goes_before_the_operator_that_must_release_it(platform: Recording) -> None:
    assert "mlops-keda-operator" in platform.of("ModelEndpoint").dependencies


def test_another_prometheus_is_asked_where_the_arguments_say() -> None:
    keda = {"source": mlops.KedaSource.ADOPT, "prometheus_url": "https://metrics.example.com"}
    endpoints = [
        {**SAMPLES[mlops.Platform]["endpoints"][0], "scaling": {"by": "concurrency", "target_in_flight": 4}}
    ]
    recording = registered(lambda: make(mlops.Platform, "mlops", endpoints=endpoints, keda=keda))
    (trigger,) = recording.of("ScaledObject").inputs["spec"]["triggers"]
    assert trigger["metadata"]["serverAddress"] == "https://metrics.example.com"
    assert recording.names_of("Deployment") == [
        "mlops-model-registry-server",
        "mlops-mortgage-endpoint-server",
    ]
