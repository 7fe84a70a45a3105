from __future__ import annotations

from typing import Any

import pytest

from mlops_local.kubernetes_plugin.readiness.jsonpath import compiled, select

DOCUMENT = {
    "metadata": {"labels": {"app.kubernetes.io/name": "web"}},
    "status": {
        "phase": "Running",
        "replicas": 2,
        "conditions": [
            {"type": "Ready", "status": "True", "of": {"generation": 3}},
            {"type": "Synced", "status": "False"},
        ],
    },
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".status.phase", ["Running"]),
        ("$.status.phase", ["Running"]),
        ("['status']['phase']", ["Running"]),
        ('.status["replicas"]', [2]),
        (r".metadata.labels.app\.kubernetes\.io/name", ["web"]),
        (".metadata.labels['app.kubernetes.io/name']", ["web"]),
        (".status.conditions[0].type", ["Ready"]),
        (".status.conditions[-1].type", ["Synced"]),
        (".status.conditions[2].type", []),
        (".status.conditions[*].type", ["Ready", "Synced"]),
        (".metadata.labels.*", ["web"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?@.type == 'Ready'].status", ["True"]),
        ('.status.conditions[?(@.type!="Ready")].status', ["False"]),
        (".status.conditions[?(@.of.generation==3)].type", ["Ready"]),
        (".status.missing", []),
        (".status.phase.deeper", []),
    ],
)
def test_path_selects_what_it_names(path: str, expected: list[Any]) -> None:
    assert select(DOCUMENT, compiled(path)) == expected


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "the path is empty"),
        ("status", "cannot read 'status'"),
        ("..phase", r"cannot read '\.\.phase'"),
        (".status[0:1]", r"cannot read '\[0:1\]'"),
        (".status.conditions[?(@.n > 3)]", r"cannot read '\[\?\(@\.n > 3\)\]'"),
    ],
)
def test_path_that_is_not_understood_is_refused_where_it_goes_wrong(path: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compiled(path)
