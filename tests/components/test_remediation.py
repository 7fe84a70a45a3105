from __future__ import annotations

import json
import re
from typing import Any

import pulumi
import pytest

import pulumi_mlops as mlops
from component_samples import SAMPLES, image, make
from pulumi_mlops import receivers, remediation_rules
from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.remediation_rules import Rule, Target
from recording_engine import SECRET, Recording, registered

DRIFT, BUDGET = "MlopsInputDrift", "MlopsErrorBudgetBurnsFast"
PLATFORM: dict[str, Any] = {
    "images": SAMPLES[mlops.Platform]["images"] | SAMPLES[mlops.Monitoring]["images"],
    "secrets": SAMPLES[mlops.Platform]["secrets"] | {"remediation_token": "secret-token-of-the-receiver"},
    "monitoring": {"source": mlops.MonitoringSource.RUN},
    "remediation": {"rules": [{"alert": DRIFT, "action": "retrain"}]},
}


@pytest.fixture(scope="module")
def remediation() -> Recording:
    return registered(lambda: make(mlops.Remediation, "fix"))


@pytest.fixture(scope="module")
def platform() -> Recording:
    return registered(lambda: make(mlops.Platform, "mlops", **PLATFORM))


def content(recording: Recording) -> str:
    """The digest on the pod, a secret like what it is of."""
    found = recording.of("Deployment").secrets["spec.template.metadata.annotations.mlops/content-sha256"]
    return str(found)


def test_remediation_is_these_objects(remediation: Recording) -> None:
    assert sorted((r.type.split(":")[-1], r.name) for r in remediation.resources) == [
        ("ConfigMap", "fix-jobs"),
        ("Deployment", "fix-receiver"),
        ("NetworkPolicy", "fix-flows"),
        ("Remediation", "fix"),
        ("Role", "fix-role"),
        ("RoleBinding", "fix-binding"),
        ("Secret", "fix-keys"),
        ("Service", "fix-service"),
        ("ServiceAccount", "fix-account"),
    ]
    assert remediation.outputs["fix"] == {"url": "http://fix.system.svc:8080/alerts", "token": SECRET}


def test_it_may_start_and_see_jobs_of_the_models_and_nothing_else(remediation: Recording) -> None:
    role, binding = remediation.of("Role").inputs, remediation.of("RoleBinding").inputs
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == "models"
    assert role["rules"] == [{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "list"]}]
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "fix"}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "fix", "namespace": "system"}]


def test_there_is_one_pod_and_it_is_told_its_rules_and_its_secrets_from_a_secret(
    remediation: Recording,
) -> None:
    spec = remediation.of("Deployment").inputs["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    container = spec["template"]["spec"]["containers"][0]
    assert (container["image"], container["args"]) == (image("pipeline"), ["remediate"])
    plain = {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}
    assert json.loads(plain.pop("MLOPS_REMEDIATION")) == {
        "dry_run": False,
        "max_actions_per_hour": 2,
        "rules": [
            {"alert": DRIFT, "action": "retrain", "cooldown_seconds": 7200},
            {
                "alert": BUDGET,
                "action": "rollback",
                "cooldown_seconds": 3600,
                "endpoint": "mortgage",
                "within_seconds": 86400,
            },
        ],
        "endpoints": ["mortgage"],
    }
    assert plain == {
        "MLOPS_REMEDIATION_JOBS": "/etc/mlops/jobs",
        "MLOPS_STORE_URL": "http://object-store.system.svc:7070",
        "MLOPS_STORE_BUCKET": "models",
        "AWS_REGION": "us-east-1",
    }
    hidden = {entry["name"]: entry["valueFrom"] for entry in container["env"] if "valueFrom" in entry}
    keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "MLOPS_REMEDIATION_TOKEN"]
    assert hidden == {key: {"secretKeyRef": {"name": "fix", "key": key}} for key in keys}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert sorted(remediation.of("Secret").secrets["stringData"]) == keys


@pytest.mark.parametrize(
    "changes",
    [
        {"token": "another-token-of-the-receiver"},
        {"store": {**SAMPLES[mlops.Remediation]["store"], "secret_access_key": "another-secret-key"}},
    ],
)
def test_the_pod_is_made_anew_for_a_new_token_or_key_and_only_then(
    remediation: Recording, changes: dict[str, Any]
) -> None:
    changed = registered(lambda: make(mlops.Remediation, "fix", **changes))
    same = registered(lambda: make(mlops.Remediation, "fix", dry_run=True))
    assert content(same) == content(remediation)
    assert content(changed) != content(remediation)
    assert re.fullmatch("[0-9a-f]{64}", content(changed))


def test_jobs_are_files_that_it_can_read(remediation: Recording) -> None:
    assert remediation.of("ConfigMap").inputs["data"] == {"mortgage.json": "{}"}
    spec = remediation.of("Deployment").inputs["spec"]["template"]["spec"]
    assert {"name": "jobs", "configMap": {"name": "fix"}} in spec["volumes"]
    assert {"name": "jobs", "mountPath": "/etc/mlops/jobs", "readOnly": True} in spec["containers"][0][
        "volumeMounts"
    ]


def test_it_reaches_the_api_server_and_what_it_is_given(remediation: Recording) -> None:
    spec = remediation.of("NetworkPolicy").inputs["spec"]
    assert [rule["ports"][0]["port"] for rule in spec["ingress"]] == [8080]
    assert [rule["ports"][0]["port"] for rule in spec["egress"]] == [53, 443, 6443, 8080]


def test_it_is_a_dry_run_with_four_actions_an_hour_unless_told_otherwise() -> None:
    recording = registered(lambda: make(mlops.Remediation, "fix", dry_run=None, max_actions_per_hour=None))
    env = recording.of("Deployment").inputs["spec"]["template"]["spec"]["containers"][0]["env"]
    policy = json.loads(env[0]["value"])
    assert (policy["dry_run"], policy["max_actions_per_hour"]) == (True, 4)


@pytest.mark.parametrize(
    ("rule", "path", "reason"),
    [
        ({"alert": DRIFT, "action": "reboot"}, "rules[0].action", "allowed are retrain and rollback"),
        ({"alert": "MlopsInputDrft", "action": "retrain"}, "rules[0].alert", "did you mean MlopsInputDrift?"),
        ({"alert": "MlopsVolumeFull", "action": "retrain"}, "rules[0].alert", "no alert about an endpoint"),
        (
            {"alert": DRIFT, "action": "retrain", "within_seconds": 60},
            "rules[0].within_seconds",
            "only a rollback looks at the age of a release; leave it out",
        ),
        (
            {"alert": DRIFT, "action": "retrain", "cooldown_seconds": 59},
            "rules[0].cooldown_seconds",
            "allowed are 60 s and more",
        ),
    ],
)
def test_a_wrong_rule_is_refused_with_its_path(rule: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        registered(lambda: make(mlops.Remediation, "fix", rules=[rule]))
    assert caught.value.property_path == path
    assert reason in caught.value.reason


def test_the_alerts_that_may_be_named_are_those_about_endpoints() -> None:
    known = remediation_rules.alert_names()
    assert list(known) == sorted(set(known))
    assert set(receivers.WITHOUT_AN_ANSWER) < set(known)
    assert {"MlopsPipelineLate", "MlopsCandidateFails", "MlopsEndpointDown"} < set(known)
    assert "MlopsVolumeFull" not in known


ONE, NONE, TWO, PINNED = Target(1, True), Target(0, True), Target(2, True), Target(1, False)


@pytest.mark.parametrize(
    ("rules", "targets", "message"),
    [
        ([], {"a": ONE}, "rules: nothing would ever be done"),
        ([Rule(DRIFT, "retrain")], {}, "rules: there is no endpoint"),
        (
            [Rule(DRIFT, "retrain", "c")],
            {"a": ONE, "b": ONE},
            "rules[0].endpoint: there is no endpoint 'c'; allowed are a, b",
        ),
        ([Rule(DRIFT, "retrain")] * 2, {"a": ONE}, "rules[1]: there is another rule for MlopsInputDrift"),
        ([Rule(DRIFT, "retrain", "a")], {"a": NONE}, "rules[0].action: endpoint a has no pipeline"),
        ([Rule(DRIFT, "retrain", "a")], {"a": TWO}, "rules[0].action: endpoint a has 2 pipelines"),
        (
            [Rule(DRIFT, "retrain")],
            {"a": ONE, "b": NONE},
            "rules[0].action: endpoint b has no pipeline, and retraining starts exactly one; name the",
        ),
        ([Rule(BUDGET, "rollback")], {"a": PINNED}, "rules[0].action: endpoint a is pinned to a version"),
    ],
)
def test_rules_that_could_not_be_followed_are_refused(
    rules: list[Rule], targets: dict[str, Target], message: str
) -> None:
    with pytest.raises(InvalidValue) as caught:
        remediation_rules.refuse_unfit(rules, targets)
    assert str(caught.value).startswith(message)


def test_a_rule_for_all_is_not_for_an_endpoint_with_a_rule_of_its_own() -> None:
    rules = [Rule(DRIFT, "retrain"), Rule(DRIFT, "rollback", "b")]
    remediation_rules.refuse_unfit(rules, {"a": ONE, "b": NONE})


def test_on_a_platform_it_starts_the_job_of_the_endpoints_pipeline(platform: Recording) -> None:
    files = platform.of("ConfigMap", "mlops-remediation-jobs").inputs["data"]
    job = platform.of("Job", "mlops-mortgage-approval-pipeline-job").inputs
    assert list(files) == ["mortgage.json"]
    made = json.loads(files["mortgage.json"])
    assert (made["metadata"], made["spec"]) == (job["metadata"], job["spec"])
    assert made["metadata"]["namespace"] == "mlops-models"
    role = platform.of("Role", "mlops-remediation-role").inputs
    assert role["metadata"]["namespace"] == "mlops-models"


def test_on_a_platform_alertmanager_tells_it_of_alerts_with_the_token_and_prometheus_collects_it(
    platform: Recording,
) -> None:
    secret = platform.of("Secret", "mlops-monitoring-alertmanager-config").secrets["stringData"]
    assert secret["remediation.url"] == "http://remediation.mlops-system.svc:8080/alerts"
    assert secret["remediation.bearer-token"] == "secret-token-of-the-receiver"
    ingress = platform.of("NetworkPolicy", "mlops-remediation-flows").inputs["spec"]["ingress"]
    assert ingress == [
        {"from": [{"podSelector": {"matchLabels": labels}}], "ports": [{"protocol": "TCP", "port": 8080}]}
        for labels in (
            {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": name}
            for name in ("alertmanager", "prometheus")
        )
    ]
    away = platform.of("NetworkPolicy", "mlops-monitoring-alertmanager-flows").inputs["spec"]["egress"]
    assert {
        "to": [
            {
                "podSelector": {},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "mlops-system"}},
            }
        ],
        "ports": [{"protocol": "TCP", "port": 8080}],
    } in away


def test_on_a_platform_it_writes_to_the_store_which_lets_it_in(platform: Recording) -> None:
    keys = platform.of("Secret", "mlops-remediation-keys").secrets["stringData"]
    writer = SAMPLES[mlops.Platform]["secrets"]["object_store_read_write"]
    assert keys["AWS_ACCESS_KEY_ID"] == writer["access_key_id"]
    ingress = platform.of("NetworkPolicy", "mlops-object-store-flows").inputs["spec"]["ingress"]
    labels = {"app.kubernetes.io/name": "remediation", "app.kubernetes.io/instance": "remediation"}
    assert [{"podSelector": {"matchLabels": labels}}] in [rule.get("from") for rule in ingress]


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"monitoring": None}, "remediation", "nobody would tell it of alerts"),
        ({"pipelines": []}, "remediation", "rules[0].action: endpoint mortgage has no pipeline"),
        ({"secrets": SAMPLES[mlops.Platform]["secrets"]}, "secrets.remediation_token", "required"),
    ],
)
def test_a_platform_refuses_what_it_could_not_do(changes: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        registered(lambda: make(mlops.Platform, "mlops", **PLATFORM | changes))
    assert caught.value.property_path == path
    assert reason in caught.value.reason
