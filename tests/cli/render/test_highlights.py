from __future__ import annotations

from typing import Any

import pytest

from mlops_cli.render import highlights

SECRET = {"$secret": True}
UNKNOWN = {"$unknown": True}
IMAGE = f"127.0.0.1:30500/mlops/serving@sha256:{'ab' * 32}"
POD = {"template": {"spec": {"containers": [{"image": IMAGE}, {"name": "none"}]}}}


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"replicas": 2, **POD}, "image serving@abababababab, replicas 2"),
        (
            {"schedule": "0 3 * * 1", "jobTemplate": {"spec": POD}},
            "image serving@abababababab, schedule 0 3 * * 1",
        ),
        ({"minReplicas": 1, "maxReplicas": 3}, "replicas 1 to 3"),
        ({"maxReplicas": 3}, "replicas 1 to 3"),
        ({"minReplicaCount": 2, "maxReplicaCount": 4}, "replicas 2 to 4"),
        (
            {"volumeClaimTemplates": [{"spec": {"resources": {"requests": {"storage": "5Gi"}}}}]},
            "size 5Gi",
        ),
        ({"resources": {"requests": {"storage": "1Gi"}}}, "size 1Gi"),
        (
            {"selector": {"a": "b"}, "ports": [{"port": 80, "nodePort": 30080}, {"port": 81}]},
            "port 80 on node port 30080, port 81",
        ),
        ({"ports": [{"port": 80}]}, ""),
        ({"template": {"spec": {"containers": [{"image": "redis:7"}]}}}, "image redis:7"),
        ({"replicas": UNKNOWN, "schedule": SECRET}, "replicas [unknown], schedule [secret]"),
        ({"template": UNKNOWN}, ""),
        ({"template": {"spec": {"containers": SECRET}}}, ""),
        ({"template": {"spec": {"containers": [UNKNOWN]}}}, ""),
        ({"selector": {}, "ports": UNKNOWN}, ""),
        ({"volumeClaimTemplates": UNKNOWN}, ""),
        ({"template": {"spec": {"containers": [{"image": UNKNOWN}]}}}, "image [unknown]"),
        (UNKNOWN, ""),
        ("text", ""),
    ],
)
def test_the_first_things_a_reader_looks_for(spec: Any, text: str) -> None:
    assert highlights.of({"spec": spec}) == text


def test_a_resource_without_a_spec_has_none() -> None:
    assert highlights.of({"metadata": {"name": "a"}}) == ""
