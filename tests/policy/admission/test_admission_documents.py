"""What rules become as policies of the API server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlops_policy.admission.documents import policies, unsaid, why_not
from mlops_policy.building import field
from mlops_policy.checking import RULES
from mlops_policy.kubernetes.objects import LONG_RUNNING, WORKLOADS, containers, pods, templates
from mlops_policy.rules import ProductionConfig, Rule, RuleConfig
from mlops_policy.wanted import ABSENT, GIVEN, YES, Wanted, at_least, equal, has, like, one_of, only, without


def rule(wanted: Wanted = YES, path: str = "hostUsers", **more: Any) -> Rule:
    return field("pod-x", "It holds.", more.pop("kinds", WORKLOADS), path, wanted, parts=pods, **more)


def expression(made: Rule, kind: str = "pods") -> str:
    (policy,) = [each for each in policies([made]) if each["name"] == kind]
    (validation,) = policy["spec"]["validations"]
    return str(validation["expression"])


@pytest.mark.parametrize(
    ("wanted", "path", "cel"),
    [
        (YES, "hostUsers", ".?hostUsers.optMap(value, value == true).orValue(false)"),
        (equal("it's"), "a.b", ".?a.?b.optMap(value, value == 'it\\'s').orValue(false)"),
        (one_of(("a", "b")), "a", ".?a.optMap(value, value in ['a', 'b']).orValue(false)"),
        (at_least(2), "a", ".?a.optMap(value, value >= 2).orValue(false)"),
        (has(["ALL"]), "a", ".?a.optMap(value, ['ALL'].all(each, each in value)).orValue(false)"),
        (only(["A"]), "a", ".?a.optMap(value, value.all(each, each in ['A'])).orValue(true)"),
        (like(r"v\d", "x"), "a", ".?a.optMap(value, value.matches('^(?:v\\\\d)$')).orValue(false)"),
        (
            without(["A"]),
            "a",
            ".?a.optMap(value, type(value) == list ? !dyn(value).exists(each, each in ['A']) : "
            "!(value in ['A'])).orValue(true)",
        ),
        (
            GIVEN,
            "a",
            ".?a.optMap(value, !(dyn(value) in [dyn(''), dyn([]), dyn({})])).orValue(false)",
        ),
        (ABSENT, "a", ".?a.optMap(value, dyn(value) in [dyn(''), dyn([]), dyn({})]).orValue(true)"),
        (
            YES,
            'a["x.y/z"].namespace',
            ".?a[?'x.y/z'][?'namespace'].optMap(value, value == true).orValue(false)",
        ),
        (
            YES,
            "a[].b[].c",
            "|size(variables.pod.?a.orValue([])) > 0 && variables.pod.?a.orValue([]).all(item, "
            "size(item.?b.orValue([])) > 0 && item.?b.orValue([]).all(item1, "
            "item1.?c.optMap(value, value == true).orValue(false)))",
        ),
        (
            ABSENT,
            "a[]",
            "|variables.pod.?a.orValue([]).all(item, "
            "optional.of(item).optMap(value, dyn(value) in [dyn(''), dyn([]), dyn({})]).orValue(true))",
        ),
    ],
)
def test_a_condition_becomes_an_expression_that_nothing_makes_fail(
    wanted: Wanted, path: str, cel: str
) -> None:
    whole = cel[1:] if cel.startswith("|") else f"variables.pod{cel}"
    assert expression(rule(wanted, path)) == whole


def test_containers_are_judged_one_by_one_and_named() -> None:
    made = field("pod-x", "It holds.", WORKLOADS, "tty", YES, parts=containers, remedy="Mend it.")
    (policy,) = [each for each in policies([made]) if each["name"] == "cron-jobs"]
    holds = "part.?tty.optMap(value, value == true).orValue(false)"
    assert policy["spec"]["validations"] == [
        {
            "expression": f"variables.containers.all(part, {holds})",
            "message": "pod-x: It holds. Mend it.",
            "reason": "Forbidden",
            "messageExpression": "'pod-x: It holds. Mend it. Container: ' + "
            f"variables.containers.filter(part, !({holds})).map(part, part.name).join(', ')",
        }
    ]
    assert policy["spec"]["variables"] == [
        {"name": "pod", "expression": "object.spec.jobTemplate.spec.template.spec"},
        {
            "name": "containers",
            "expression": "variables.pod.?containers.orValue([]) + variables.pod.?initContainers.orValue([])"
            " + variables.pod.?ephemeralContainers.orValue([])",
        },
    ]


def test_a_policy_is_about_creations_and_changes_of_what_is_judged() -> None:
    (policy,) = [each for each in policies([rule()]) if each["name"] == "pods"]
    assert policy["spec"]["failurePolicy"] == "Fail"
    assert policy["spec"]["matchConstraints"] == {
        "resourceRules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "resources": ["pods", "pods/ephemeralcontainers"],
                "operations": ["CREATE", "UPDATE"],
            }
        ]
    }
    assert policy["spec"]["matchConditions"] == [
        {"name": "changed", "expression": "request.operation == 'CREATE' || object.spec != oldObject.spec"}
    ]


def test_a_rule_is_asked_of_its_own_kinds_alone() -> None:
    made = rule(kinds=LONG_RUNNING)
    assert [each["name"] for each in policies([made])] == ["workloads"]
    assert expression(made, "workloads").startswith("object.kind in ['Job'] || variables.pod.?hostUsers")


def test_a_condition_on_the_object_comes_first() -> None:
    made = rule(where=lambda subject, stack: True, cel_where="object.metadata.name != 'a'")
    assert expression(made).startswith("!(object.metadata.name != 'a') || variables.pod.?hostUsers")


class Own(RuleConfig):
    least: int = 1


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (rule(), ""),
        (rule(kinds=("aws:s3/bucket:",)), "it is not about objects of Kubernetes"),
        (rule(across=True), "it looks at other objects too, and the API server judges one at a time"),
        (
            rule(config=ProductionConfig),
            "it holds in production alone, and a cluster does not know whether it is that",
        ),
        (rule(config=Own), "it has a configuration, which the cluster does not have"),
        (
            rule(kinds=("kubernetes:keda.sh/*:ScaledObject",)),
            "it is about objects that are in no namespace, or of kinds that not every cluster has",
        ),
        (replace(rule(), cel=None), "what it asks is more than the state of a field"),
        (rule(Wanted("odd", bool)), "what it asks is more than the state of a field"),
        (rule(where=lambda *_: True), "what it asks is more than the state of a field"),
        (replace(rule(), parts=templates), "what it asks is more than the state of a field"),
    ],
)
def test_a_rule_that_the_api_server_cannot_judge_has_a_reason(made: Rule, why: str) -> None:
    assert why_not(made) == why


def test_these_rules_about_kubernetes_the_api_server_does_not_judge() -> None:
    assert sorted(unsaid(RULES)) == [
        "availability-budget",
        "availability-budget-evicts",
        "availability-spread",
        "helm-chart-reviewed",
        "helm-chart-version",
        "image-registry",
        "namespace-limit-range",
        "namespace-quota",
        "network-default-deny",
        "network-load-balancer-ranges",
        "network-service-type",
        "rbac-no-cluster-admin",
        "rbac-no-secrets",
    ]
