"""The rules about cost, endpoints and reach on every environment, and what each field is worth."""

from __future__ import annotations

import pytest

from mlops_policy.catalog import FAMILIES
from mlops_policy.judging import Outcome
from mlops_policy.views import MISSING
from policy_environments import ALL, ON_AWS, broken, said, without

RULES = tuple(rule for name in ("cost", "mlops", "stack") for rule in FAMILIES[name])
SERVER = "Deployment mlops-mortgage-endpoint-server"
ENV = "spec.template.spec.containers[0].env"
PEER = "spec.ingress[0].from"
ANYBODY = [{"ipBlock": {"cidr": "0.0.0.0/0"}}]


def env(name: str, value: str) -> list[dict[str, str]]:
    """The variables of a server that keeps its model, and one more."""
    models = '[{"name": "mortgage", "endpoint": "mortgage", "version": "release"}]'
    return [{"name": "MLOPS_MODELS", "value": models}, {"name": name, "value": value}]


EVERYWHERE = [
    (SERVER, "metadata.annotations", MISSING, {"endpoint-owner"}),
    (SERVER, "spec.template.spec.containers[0].resources.requests", MISSING, {"cost-ceiling"}),
    (
        SERVER,
        "spec.template.spec.containers[0].resources.requests",
        {"cpu": "64", "memory": "1Gi"},
        {"cost-ceiling"},
    ),
    (
        SERVER,
        "spec.template.spec.containers[0].resources.limits",
        {"nvidia.com/gpu": 9},
        {"cost-ceiling", "cost-gpus"},
    ),
    (
        SERVER,
        "spec.template.spec.containers[0].envFrom",
        [{"configMapRef": {"name": "x"}}],
        {"endpoint-settings-in-sight"},
    ),
    (SERVER, ENV, env("MLOPS_REQUEST_LOG_SAMPLE", "0.1"), {"endpoint-request-log-masks"}),
    (SERVER, ENV, env("MLOPS_DRIFT_FEATURES", "0"), {"endpoint-counts-drift"}),
    (SERVER, ENV, env("MLOPS_OBSERVE_BYTES", "0"), {"endpoint-counts-drift"}),
    (SERVER, ENV, env("MLOPS_OTLP_ENDPOINT", "http://traces.example.com"), {"endpoint-traces-encrypted"}),
    (SERVER, ENV, env("MLOPS_STORE_URL", "http://s3.example.com"), {"endpoint-store-encrypted"}),
    (SERVER, ENV, env("MLOPS_REPOSITORY_API", "true"), {"endpoint-operators-known"}),
    (SERVER, ENV, env("AWS_SECRET_ACCESS_KEY", "x"), {"stack-no-plain-secrets"}),
    (SERVER, "spec.template.metadata.labels", {}, {"endpoint-metrics"}),
    ("mlops-monitoring-prometheus-config", "data", {}, {"endpoint-metrics"}),
    ("mlops-monitoring-prometheus-rules-endpoint-mortgage", "data", {}, {"endpoint-alerts"}),
    (
        "mlops-monitoring-prometheus-config",
        "data",
        {"prometheus.yml": "token: ghp_" + "x" * 36},
        {"endpoint-metrics", "stack-config-without-secrets"},
    ),
    (
        "mlops-monitoring-prometheus",
        "spec.template.spec.volumes",
        [],
        {"endpoint-metrics", "endpoint-alerts"},
    ),
    ("mlops-model-registry-service", "spec.type", "LoadBalancer", {"stack-published-services"}),
    (
        "mlops-model-registry-flows",
        "spec.ingress[0]",
        {"from": [{"namespaceSelector": {}}]},
        {"stack-named-flows"},
    ),
    ("mlops-model-registry-server", "metadata.namespace", "default", {"stack-own-namespaces"}),
]
"""Resource, field, another value, and the rules that this breaks in every environment."""
PRODUCTION = [
    (SERVER, ENV, env("MLOPS_ALLOW_CODE", '["mortgage"]'), {"endpoint-runs-no-code"}),
    (SERVER, ENV, env("MLOPS_LOG_REQUESTS", "1"), {"endpoint-logs-little"}),
    (SERVER, ENV, env("MLOPS_LOG_LEVEL", "debug"), {"endpoint-logs-little"}),
    (
        SERVER,
        f"{ENV}[0].value",
        '[{"name": "mortgage", "endpoint": "mortgage", "version": "3"}]',
        {"endpoint-follows-releases"},
    ),
    ("mlops-mortgage-endpoint-scaler", "spec.minReplicaCount", MISSING, {"endpoint-two-replicas"}),
    ("mlops-mortgage-endpoint-scaler", "spec.maxReplicaCount", 1000, {"cost-ceiling"}),
    ("mlops-model-registry-service", "spec.type", "NodePort", {"stack-published-services"}),
    ("mlops-model-registry-flows", PEER, ANYBODY, {"stack-named-flows"}),
    ("mlops-edge-mortgage-binding", "spec.serviceRef.name", "model-registry", {"stack-routes-to-endpoints"}),
    ("mlops-edge-http", "defaultActions", [{"type": "forward"}], {"stack-listeners-encrypt"}),
    ("mlops-edge-https", "protocol", "HTTP", {"stack-listeners-encrypt"}),
    ("mlops-edge-from-203.0.113.0-24-443", "cidrIpv4", "0.0.0.0/0", {"stack-closed-groups"}),
    ("mlops-network-endpoints-https", "cidrIpv4", "0.0.0.0/0", {"stack-closed-groups"}),
    (
        "BucketPolicy mlops-store-models-policy",
        "policy",
        {"Statement": [{"Effect": "Allow", "Principal": "*"}]},
        {"stack-buckets-for-named"},
    ),
    ("mlops-eks-system-nodes", "instanceTypes", ["p5.48xlarge"], {"cost-machine-types"}),
    ("mlops-mlflow-database-instance", "instanceClass", "db.r7g.16xlarge", {"cost-database-class"}),
    ("mlops-eks-cpu-pool", "spec.template.spec.requirements", [], {"cost-node-pool-types"}),
    ("mlops-eks-cpu-pool", "spec.limits.cpu", MISSING, {"cost-node-pool-limits"}),
    ("mlops-eks-memory-pool", "spec.limits.memory", MISSING, {"cost-node-pool-limits"}),
    ("mlops-eks-cpu-pool", "spec.template.spec.requirements[4].values", ["c", "g"], {"cost-node-pool-gpus"}),
    ("mlops-budget-monthly", "limitAmount", "0", {"cost-budget"}),
    ("mlops-budget-monthly", "notifications[0].subscriberEmailAddresses", MISSING, {"cost-budget-notices"}),
    ("mlops-eks-logs", "retentionInDays", 3653, {"cost-log-retention"}),
    ("mlops-eks-cluster", "tags.mlops:owner", MISSING, {"cost-required-tags"}),
    ("mlops-eks-cpu-class", "spec.tags", MISSING, {"cost-required-tags"}),
    ("mlops-eks-system-template", "tagSpecifications[1].tags", {}, {"cost-required-tags"}),
]
"""The same in production."""
WHOLE = [
    ("mlops-budget-monthly", {"cost-budget"}),
    ("mlops-monitoring-prometheus-rules-endpoint-mortgage", {"endpoint-alerts"}),
    ("mlops-monitoring-prometheus-config", {"endpoint-metrics"}),
    ("mlops-mortgage-endpoint-scaler", {"endpoint-two-replicas"}),
]
UNDECIDED = {"stack-no-plain-secrets", "stack-buckets-for-named"}
"""What a preview on AWS cannot know: the database's address, and bucket policies with ARNs."""


@pytest.mark.parametrize("name", ALL)
def test_an_environment_breaks_no_rule_and_leaves_little_open(name: str) -> None:
    found = said(name, RULES)
    assert [
        (each.rule.name, each.urn, each.message) for each in found if each.outcome is not Outcome.UNDECIDED
    ] == []
    assert {each.rule.name for each in found} == (UNDECIDED if name in ON_AWS else set())


@pytest.mark.parametrize(("of", "path", "value", "rules"), EVERYWHERE)
@pytest.mark.parametrize("name", ["local", "prod"])
def test_a_field_of_every_environment_breaks_exactly_its_rule(
    name: str, of: str, path: str, value: object, rules: set[str]
) -> None:
    assert broken(name, RULES, of, path, value) == rules


@pytest.mark.parametrize(("of", "path", "value", "rules"), PRODUCTION)
def test_a_field_of_production_breaks_exactly_its_rule(
    of: str, path: str, value: object, rules: set[str]
) -> None:
    assert broken("prod", RULES, of, path, value) == rules


@pytest.mark.parametrize(("of", "rules"), WHOLE)
def test_a_resource_that_is_missing_breaks_exactly_its_rule(of: str, rules: set[str]) -> None:
    assert without("prod", RULES, of) == rules


@pytest.mark.parametrize(
    ("value", "rules"), [(MISSING, {"cost-expiry"}), ("2026-11-30", {"cost-expiry"}), ("2026-12-01", set())]
)
def test_an_environment_that_is_not_production_ends_on_a_day_to_come(value: object, rules: set[str]) -> None:
    assert broken("dev", RULES, "mlops-eks-cluster", "tags.mlops:expires", value) == rules


def test_every_rule_is_broken_by_some_field() -> None:
    tried = {name for *_, rules in (*EVERYWHERE, *PRODUCTION, *WHOLE) for name in rules} | {"cost-expiry"}
    assert tried == {rule.name for rule in RULES}
