from __future__ import annotations

from typing import Any

import pytest

from mlops_stacks.errors import SettingsError
from mlops_stacks.platform_args import platform_args
from mlops_stacks.settings import SECRET_NAMES, load
from pulumi_mlops import KedaSource
from stack_settings import CLUSTER, IMAGES, NEEDED

LOCAL_NODE = {"maker": "local-node"}
ENDPOINT = {"name": "mortgage", "model": "mortgage"}
CONCURRENCY: dict[str, Any] = {"by": "concurrency", "targetInFlight": 4}
OFFICE = {"start": "0 8 * * 1-5", "end": "0 18 * * 1-5", "replicas": 3}


def settings(scaling: dict[str, Any], mode: str = "run", **more: Any) -> dict[str, Any]:
    return {
        "cluster": CLUSTER,
        "keda": {"mode": mode},
        "monitoring": {"mode": "run"},
        "endpoints": [{**ENDPOINT, "scaling": scaling}],
        "images": IMAGES,
        "secrets": dict.fromkeys(SECRET_NAMES, "x"),
        **more,
    }


@pytest.fixture
def arguments(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The platform's arguments for settings, without a kubeconfig to read."""
    monkeypatch.setattr("mlops_stacks.platform_args.kubeconfig.read", lambda *_: "kubeconfig")
    return lambda values: platform_args(load(values))


def test_settings_of_scaling_become_the_components_arguments(arguments: Any) -> None:
    scaling = {
        **CONCURRENCY,
        "scaleOut": {"steps": [{"pods": 2, "period": "30s"}]},
        "scaleIn": {"stabilization": "10m", "steps": [{"percent": 25, "period": "1m"}]},
        "minimums": [{**OFFICE, "timezone": "Europe/Berlin"}],
    }
    found = arguments(settings(scaling))
    assert found["endpoints"][0]["scaling"] == {
        "by": "concurrency",
        "target_in_flight": 4,
        "scale_out": {"steps": [{"pods": 2, "period_seconds": 30}]},
        "scale_in": {"stabilization_seconds": 600, "steps": [{"percent": 25, "period_seconds": 60}]},
        "minimums": [{**OFFICE, "timezone": "Europe/Berlin"}],
    }
    assert found["keda"] == {"source": KedaSource.RUN}
    assert found["images"]["keda_operator"] == IMAGES["keda-operator"]


def test_without_settings_there_is_no_keda_and_the_components_default(arguments: Any) -> None:
    found = arguments(settings({}, mode="none", monitoring={}, images=NEEDED))
    assert "keda" not in found
    assert "scaling" not in found["endpoints"][0]
    assert sorted(found["images"]) == ["mlflow", "object_store", "pipeline", "postgres", "serving"]


def test_an_adopted_keda_needs_no_images_and_may_ask_another_prometheus(arguments: Any) -> None:
    keda = {"mode": "adopt", "prometheusUrl": "http://prometheus.monitoring.svc:9090"}
    found = arguments(settings(CONCURRENCY, keda=keda, monitoring={}, images=NEEDED))
    assert found["keda"] == {
        "source": KedaSource.ADOPT,
        "prometheus_url": "http://prometheus.monitoring.svc:9090",
    }


def test_running_keda_without_its_images_is_refused_with_what_to_give(arguments: Any) -> None:
    with pytest.raises(
        SettingsError,
        match=r"mlops:keda\.mode run: keda-adapter, keda-operator; ",
    ):
        arguments(settings(CONCURRENCY, images=NEEDED))


def test_concurrency_without_a_prometheus_is_refused_with_what_to_give() -> None:
    with pytest.raises(SettingsError) as caught:
        load(settings(CONCURRENCY, monitoring={}))
    assert (
        "mlops:endpoints[0].scaling.by: concurrency needs a Prometheus; set mlops:monitoring.mode to run or "
        "adopt, or name yours in mlops:keda.prometheusUrl"
    ) in str(caught.value)


@pytest.mark.parametrize(
    ("scaling", "mode", "words"),
    [
        (
            CONCURRENCY,
            "none",
            "mlops:endpoints[0].scaling.by: concurrency needs KEDA; set mlops:keda.mode to run, or to adopt "
            "where the cluster has it, or scale on cpu",
        ),
        ({"by": "memory"}, "run", "mlops:endpoints[0].scaling.by"),
        ({"by": "concurrency"}, "run", "needs targetInFlight"),
        ({"targetInFlight": 4}, "run", "targetInFlight is for scaling on concurrency"),
        ({"minimums": [OFFICE]}, "run", "or drop them and raise minReplicas"),
        ({**CONCURRENCY, "minimums": [{**OFFICE, "replicas": 9}]}, "run", "is more than maxReplicas, 3"),
        (
            {**CONCURRENCY, "minimums": [{**OFFICE, "end": OFFICE["start"]}]},
            "run",
            "mlops:endpoints[0].scaling.minimums[0]: end, '0 8 * * 1-5', is the start too",
        ),
        (
            {"scaleIn": {"stabilization": "2h"}},
            "run",
            "mlops:endpoints[0].scaling.scaleIn.stabilization: 7200 s of stabilization are not possible",
        ),
        (
            {"scaleOut": {"steps": [{"pods": 1, "percent": 5}]}},
            "run",
            "mlops:endpoints[0].scaling.scaleOut.steps[0]: give one of pods and percent",
        ),
        (
            {"scaleOut": {"steps": [{"pods": 1, "period": "31m"}]}},
            "run",
            "mlops:endpoints[0].scaling.scaleOut.steps[0].period: a period of 1860 s is not possible",
        ),
        (
            {**CONCURRENCY, "minimums": [{**OFFICE, "timezone": "Berlin"}]},
            "run",
            "mlops:endpoints[0].scaling.minimums[0].timezone: 'Berlin' is not a time zone",
        ),
        (
            {"targetInflight": 4},
            "run",
            "mlops:endpoints[0].scaling.targetInflight: unknown key (did you mean",
        ),
    ],
)
def test_scaling_that_cannot_work_is_refused_by_path_before_anything_is_registered(
    scaling: dict[str, Any], mode: str, words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(settings(scaling, mode))
    assert words in str(caught.value)


SELDOM: dict[str, Any] = {**ENDPOINT, "minReplicas": 0, "scaling": CONCURRENCY}


def test_no_pods_need_no_prometheus_and_become_the_components_arguments(arguments: Any) -> None:
    idle = {"after": "2m", "holdFor": "30s", "maxWaiting": 5, "gates": 1}
    values = settings({}, endpoints=[{**SELDOM, "scaling": {**CONCURRENCY, "idle": idle}}])
    values["keda"]["namespace"] = "autoscaling"
    del values["monitoring"]
    args = arguments(values)
    (endpoint,) = args["endpoints"]
    assert endpoint["min_replicas"] == 0
    assert endpoint["scaling"] == {
        "by": "concurrency",
        "target_in_flight": 4,
        "idle": {"after_seconds": 120, "hold_seconds": 30, "max_waiting": 5, "gates": 1},
    }
    assert args["keda"] == {"source": KedaSource.RUN, "namespace": "autoscaling"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scaling": {}}, "minReplicas: 0 is for scaling on concurrency, since no pod has no CPU use"),
        ({"grpc": True}, "grpc: requests of gRPC cannot wait for a pod, and minReplicas is 0: drop grpc"),
        (
            {"serverSettings": {"MLOPS_TLS_CERT_FILE": "/x"}},
            "serverSettings.MLOPS_TLS_CERT_FILE: what holds requests speaks HTTP only",
        ),
        (
            {"minReplicas": 1, "scaling": {**CONCURRENCY, "idle": {"after": "1m"}}},
            "scaling.idle is for endpoints that may have no pods, and minReplicas is 1: set that to 0",
        ),
        ({"minReplicas": -1}, "-1 is too small"),
        ({"scaling": {**CONCURRENCY, "idle": {"after": "10s"}}}, "30 s to 24 h"),
        ({"scaling": {**CONCURRENCY, "idle": {"holdFor": "20m"}}}, "1 s to 10 m"),
    ],
)
def test_what_does_not_go_with_no_pods_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(settings({}, endpoints=[{**SELDOM, **changes}]))
    assert "mlops:endpoints[0]" in str(refused.value)
    assert said in str(refused.value)
