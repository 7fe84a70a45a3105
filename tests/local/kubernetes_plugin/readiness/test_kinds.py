from __future__ import annotations

import pytest

from mlops_local.kubernetes_plugin.readiness import kinds, workloads
from mlops_local.kubernetes_plugin.readiness.related import NOTHING, of_deployment
from mlops_local.kubernetes_plugin.readiness.states import READY, Waiting
from scripted_cluster import made


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("v1", "ConfigMap"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("serving.knative.dev/v1", "Service"),
        ("example.com/v1", "Job"),
    ],
)
def test_other_kinds_are_ready_as_soon_as_they_are_accepted(api_version: str, kind: str) -> None:
    obj = made(api_version, kind, spec={"selector": {"a": "b"}})
    assert kinds.rule_of(obj).judge(obj, NOTHING) == READY


def test_kind_is_told_by_group_and_name_whatever_the_version() -> None:
    rule = kinds.rule_of(made("apps/v1beta2", "Deployment"))
    assert (rule.judge, rule.read) == (workloads.state_of_deployment, of_deployment)


def test_annotation_replaces_the_rule_but_not_what_is_read_for_the_diagnosis() -> None:
    metadata = {"annotations": {"pulumi.com/waitFor": "condition=Available"}}
    obj = made("apps/v1", "Deployment", metadata=metadata)
    rule = kinds.rule_of(obj)
    assert rule.judge(obj, NOTHING) == Waiting("no condition Available yet")
    assert rule.read is of_deployment
