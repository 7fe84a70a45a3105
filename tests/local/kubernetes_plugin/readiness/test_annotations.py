from __future__ import annotations

import pytest

from mlops_local.kubernetes_plugin.readiness import default_timeout, skips, timeout_seconds
from scripted_cluster import made


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({}, False),
        (None, False),
        ({"pulumi.com/skipAwait": "true"}, True),
        ({"pulumi.com/skipAwait": "false"}, False),
    ],
)
def test_only_the_word_true_skips_waiting(annotations: dict[str, str] | None, expected: bool) -> None:
    assert skips(made("v1", "Service", metadata={"annotations": annotations})) is expected


@pytest.mark.parametrize(
    ("kind", "annotation", "custom", "expected"),
    [
        ("Deployment", None, None, 600.0),
        ("PersistentVolumeClaim", None, None, 300.0),
        ("Deployment", "30", None, 30.0),
        ("Deployment", "30", 0.0, 30.0),
        ("Deployment", "30", 90.0, 90.0),
        ("Deployment", "soon", None, 600.0),
        ("Deployment", "1.5", None, 600.0),
    ],
)
def test_custom_timeouts_win_over_the_annotation_and_that_over_the_kind(
    kind: str, annotation: str | None, custom: float | None, expected: float
) -> None:
    annotations = {} if annotation is None else {"pulumi.com/timeoutSeconds": annotation}
    assert timeout_seconds(made("v1", kind, metadata={"annotations": annotations}), custom) == expected


@pytest.mark.parametrize(
    "kind", ["Deployment", "StatefulSet", "DaemonSet", "Job", "Pod", "Service", "Ingress"]
)
def test_most_kinds_may_take_ten_minutes(kind: str) -> None:
    assert default_timeout(kind) == 600.0
