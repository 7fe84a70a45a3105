from __future__ import annotations

import pytest

from mlops_local.kubernetes_plugin.readiness.refusals import is_refusal, refused_by_event
from mlops_local.kubernetes_plugin.readiness.related import Related
from mlops_local.kubernetes_plugin.readiness.states import Failed
from scripted_cluster import made, pod, warning

OBJECT = made("apps/v1", "StatefulSet")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('pods "x" is forbidden: exceeded quota: small', True),
        ('pods "x" is forbidden: violates PodSecurity "restricted:latest"', True),
        ('admission webhook "policy.example.com" denied the request: no', True),
        ('Pod "x" is invalid: spec.containers[0].name: Required value', True),
        ("Internal error occurred: failed calling webhook: connection refused", False),
    ],
)
def test_refusal_is_told_from_a_server_that_only_has_trouble(message: str, expected: bool) -> None:
    assert is_refusal(message) is expected


def test_newest_failed_create_event_is_the_reason() -> None:
    old = warning(OBJECT, "FailedCreate", "a is forbidden", last="2026-01-01")
    new = warning(OBJECT, "FailedCreate", "b is forbidden", last="2026-01-02")
    other = warning(OBJECT, "FailedDelete", "c is forbidden", last="2026-01-03")
    assert refused_by_event(OBJECT, Related(events=[old, new, other])) == Failed(
        ("StatefulSet ns/web may not make its pods: b is forbidden",), after_seconds=30.0
    )


def test_old_event_of_an_object_that_has_pods_is_no_failure() -> None:
    related = Related(pods=[pod()], events=[warning(OBJECT, "FailedCreate", "a is forbidden")])
    assert refused_by_event(OBJECT, related) is None
