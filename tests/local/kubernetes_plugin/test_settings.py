"""Provider inputs: what is understood, what is refused, and when another cluster is meant."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_local.kubernetes_plugin.settings import is_other_cluster, refusals, settings_of


def kubeconfig(server: str, user: str = "u") -> str:
    """The text of a kubeconfig for `server`."""
    return f"""current-context: c
clusters: [{{name: c, cluster: {{server: "{server}"}}}}]
users: [{{name: {user}, user: {{token: t}}}}]
contexts: [{{name: c, context: {{cluster: c, user: {user}}}}}]
"""


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"kubeconfig": "a", "context": "b", "namespace": "c", "version": "4"}, set()),
        ({"enableServerSideApply": "true"}, set()),
        ({"enableServerSideApply": "false"}, {"enableServerSideApply"}),
        ({"renderYamlToDirectory": "out"}, {"renderYamlToDirectory"}),
        ({"kubeConfig": "a"}, {"kubeConfig"}),
    ],
)
def test_inputs_that_cannot_be_honoured_are_refused(values: dict[str, Any], expected: set[str]) -> None:
    assert set(refusals(values)) == expected


def test_flags_come_as_text_or_from_the_environment() -> None:
    assert settings_of({"enablePatchForce": "true"}, {}).patch_force
    assert not settings_of({}, {}).patch_force
    assert settings_of({}, {"PULUMI_K8S_ENABLE_PATCH_FORCE": "1"}).patch_force
    assert not settings_of({"enablePatchForce": False}, {"PULUMI_K8S_ENABLE_PATCH_FORCE": "1"}).patch_force


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"kubeconfig": kubeconfig("https://a")}, {"kubeconfig": kubeconfig("https://a", "new")}, False),
        ({"kubeconfig": kubeconfig("https://a")}, {"kubeconfig": kubeconfig("https://b")}, True),
        ({"kubeconfig": "/nowhere"}, {"kubeconfig": kubeconfig("https://b")}, False),
        (
            {"kubeconfig": kubeconfig("https://a"), "clusterIdentifier": "x"},
            {"kubeconfig": kubeconfig("https://b"), "clusterIdentifier": "x"},
            False,
        ),
    ],
)
def test_another_server_is_another_cluster(old: dict[str, Any], new: dict[str, Any], expected: bool) -> None:
    assert is_other_cluster(settings_of(old, {}), settings_of(new, {})) is expected
