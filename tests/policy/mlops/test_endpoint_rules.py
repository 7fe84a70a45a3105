"""The five cases of each rule about endpoints, and what they really look at."""

from __future__ import annotations

import json

import pytest

from mlops_policy.catalog import FAMILIES
from mlops_policy.kubernetes.objects import WORKLOADS
from mlops_policy.mlops.endpoints import leaves_in_clear
from mlops_policy.mlops.watching import selects
from mlops_policy.resources import Resource
from mlops_policy.rules import Rule
from mlops_policy.testing import Sample, changed, judged, problems
from mlops_policy.views import MISSING, UNKNOWN
from policy_family_samples import (
    CREDENTIALS,
    NAME,
    alert_rule,
    autoscaler,
    endpoint,
    kube,
    pod_monitor,
)

RULES = FAMILIES["mlops"]
BY_NAME = {rule.name: rule for rule in RULES}
FIRST = "spec.template.spec.containers[0].env[0].value"


def setting(name: str, good: str, bad: str, others: dict[str, object] | None = None) -> Sample:
    """A sample whose first variable is good, and holds without it."""
    resource = endpoint({name: good, **(others or {})})
    return Sample((resource,), FIRST, bad=bad, absent_is_good=True)


SAMPLES = {
    "endpoint-follows-releases": Sample(
        (endpoint(),), FIRST, bad='[{"name": "mortgage", "endpoint": "mortgage", "version": "3"}]'
    ),
    "endpoint-settings-in-sight": Sample(
        (endpoint(envFrom=[]),),
        "spec.template.spec.containers[0].envFrom",
        bad=[{"configMapRef": {"name": "settings"}}],
        absent_is_good=True,
    ),
    "endpoint-two-replicas": Sample((autoscaler(), endpoint()), "spec.minReplicas", bad=1),
    "endpoint-request-log-masks": setting("MLOPS_REQUEST_LOG_SAMPLE", "0", "0.1"),
    "endpoint-counts-drift": setting("MLOPS_DRIFT_FEATURES", "50", "0"),
    "endpoint-logs-little": setting("MLOPS_LOG_REQUESTS", "0.01", "1"),
    "endpoint-traces-encrypted": setting(
        "MLOPS_OTLP_ENDPOINT", "https://traces.example.com", "http://traces.example.com"
    ),
    "endpoint-store-encrypted": setting(
        "MLOPS_STORE_URL", "http://object-store.mlops-system.svc:7070", "http://s3.example.com"
    ),
    "endpoint-runs-no-code": setting("MLOPS_ALLOW_CODE", "[]", '["mortgage"]'),
    "endpoint-operators-known": setting("MLOPS_REPOSITORY_API", "false", "true"),
    "endpoint-metrics": Sample(
        (pod_monitor(), endpoint()), "spec.namespaceSelector.matchNames", bad=["other"]
    ),
    "endpoint-alerts": Sample(
        (alert_rule(), endpoint()), "spec.groups[0].rules[0].expr", bad="up == 0", config={"alerts": ["Down"]}
    ),
}


def said(name: str, *resources: Resource, **config: object) -> list[str]:
    return [each.message for each in judged(BY_NAME[name], resources, config)]


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.name != "endpoint-owner"], ids=lambda rule: rule.name
)
def test_a_rule_about_endpoints_comes_out_in_all_five_cases(rule: Rule) -> None:
    assert problems(rule, SAMPLES[rule.name]) == []


@pytest.mark.parametrize(
    ("annotations", "said_of_it"),
    [
        ({"mlops.dev/owner": "risk"}, []),
        ({"mlops.dev/owner": ""}, ['metadata.annotations["mlops.dev/owner"] is not set']),
        (MISSING, ['metadata.annotations["mlops.dev/owner"] is not set']),
        ({"mlops.dev/owner": UNKNOWN}, ['metadata.annotations["mlops.dev/owner"] is not known yet']),
        (
            {"mlops.dev/owner": 5},
            ['metadata.annotations["mlops.dev/owner"] is 5, where a text is expected'],
        ),
    ],
)
def test_an_endpoint_has_an_owner_in_all_five_cases(annotations: object, said_of_it: list[str]) -> None:
    assert said("endpoint-owner", changed(endpoint(), "metadata.annotations", annotations)) == said_of_it


def test_an_owner_is_one_of_those_that_there_are() -> None:
    assert said("endpoint-owner", endpoint(), owners=["risk", "sales"]) == []
    assert said("endpoint-owner", endpoint(), owners=["sales"]) == [
        'metadata.annotations["mlops.dev/owner"] is risk, who is none of sales'
    ]


def test_what_serves_is_known_by_its_variable_or_by_its_label() -> None:
    labels = "spec.template.metadata.labels"
    unlabelled = changed(changed(endpoint(), labels, {}), "metadata.annotations", {})
    told_nothing = changed(changed(endpoint(), FIRST, MISSING), "metadata.annotations", {})
    neither = changed(unlabelled, "spec.template.spec.containers[0].env", [])
    assert [len(said("endpoint-owner", each)) for each in (unlabelled, told_nothing, neither)] == [1, 1, 0]


def test_a_request_log_takes_its_key_from_a_secret() -> None:
    def log(key: object) -> list[str]:
        return said(
            "endpoint-request-log-masks",
            endpoint({"MLOPS_REQUEST_LOG_SAMPLE": "0.1", "MLOPS_REQUEST_LOG_HASH_KEY": key}),
        )

    assert log(CREDENTIALS) == []
    assert log("in-the-clear-for-everybody") == [
        "spec.template.spec.containers[0].env[0].value is 0.1, but MLOPS_REQUEST_LOG_HASH_KEY comes from no "
        "Secret, so columns that the model's manifest calls sensitive could not be hashed"
    ]


def test_outside_production_an_endpoint_may_be_small_pinned_and_chatty() -> None:
    pinned = json.dumps([{"name": "mortgage", "version": "3"}])
    free = endpoint({"MLOPS_LOG_LEVEL": "debug", "MLOPS_ALLOW_CODE": '["mortgage"]', "MLOPS_MODELS": pinned})
    names = [
        "endpoint-follows-releases",
        "endpoint-two-replicas",
        "endpoint-logs-little",
        "endpoint-runs-no-code",
    ]
    assert [said(name, free, production=False) for name in names] == [[]] * 4
    assert [len(said(name, free)) for name in names] == [0, 1, 1, 1]  # The last MLOPS_MODELS counts.


@pytest.mark.parametrize(("least", "ok"), [(MISSING, False), (1, False), (2, True)])
def test_without_an_autoscaler_the_workload_itself_says_how_many(least: object, ok: bool) -> None:
    resource = endpoint()
    if least is not MISSING:
        resource = changed(resource, "spec.replicas", least)
    assert (said("endpoint-two-replicas", resource) == []) is ok


def test_kedas_least_number_is_none_where_it_is_not_given() -> None:
    keda = kube("keda.sh/v1alpha1:ScaledObject", {"scaleTargetRef": {"name": "mortgage"}})
    assert said("endpoint-two-replicas", endpoint(), keda) == [
        "spec.minReplicaCount is 0 and must be 2 or more"
    ]


def test_a_rule_file_that_no_pod_mounts_does_not_count() -> None:
    text = "groups:\n- rules:\n  - {alert: Down, expr: up == 0, labels: {endpoint: mortgage}}\n"
    rules = Resource(
        "urn:rules",
        "kubernetes:core/v1:ConfigMap",
        "rules",
        {"metadata": {"name": "rules", "namespace": "models"}, "data": {"a.yaml": text}},
    )
    volumes = [{"name": "rules", "configMap": {"name": "rules"}}]
    spec = {"template": {"spec": {"containers": [], "volumes": volumes}}}
    prometheus = kube("apps/v1:StatefulSet", spec, "prometheus")
    missing = ["no rule that a Prometheus reads has for endpoint mortgage: Down"]
    assert said("endpoint-alerts", endpoint(), rules, alerts=["Down"]) == missing
    assert said("endpoint-alerts", endpoint(), rules, prometheus, alerts=["Down"]) == []
    assert said("endpoint-alerts", endpoint(), alerts=["Down"], elsewhere=True) == []
    unknown = changed(rules, "data", UNKNOWN)
    assert said("endpoint-alerts", endpoint(), unknown, prometheus, alerts=["Down"]) == [
        "data is not known yet"
    ]


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("a=1", True),
        ("a==1, b in (2, 3)", True),
        ("a=2", False),
        ("b in (3)", False),
        ("a!=1", False),
        ("a=1,!c", False),
    ],
)
def test_a_selector_selects_by_what_is_equal_and_in(selector: str, found: bool) -> None:
    assert selects(selector, {"a": "1", "b": "2"}) is found


@pytest.mark.parametrize(
    ("url", "clear"),
    [
        ("http://object-store.mlops-system.svc:7070", False),
        ("http://object-store.mlops-system.svc.cluster.local", False),
        ("http://object-store:7070", False),
        ("https://s3.example.com", False),
        ("http://s3.example.com", True),
        ("http://10.0.0.5:9000", True),
        ("file:///models", False),
        ("", False),
    ],
)
def test_a_url_leaves_in_clear_if_its_host_is_outside(url: str, clear: bool) -> None:
    assert leaves_in_clear(url) is clear


def test_what_serves_may_be_any_workload_that_runs_on() -> None:
    assert set(BY_NAME["endpoint-owner"].kinds) < set(WORKLOADS)
    assert NAME == "app.kubernetes.io/name"
