"""Comparison of trees, paths and what replaces, by tables."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.provider.experimental.provider import PropertyDiffKind

from mlops_local.kubernetes_plugin.diff import (
    Change,
    changes,
    confirmed,
    marked,
    parse_path,
    path_text,
    response,
)
from mlops_local.kubernetes_plugin.replace import Mutability, Path, immutable_fields
from mlops_local.kubernetes_plugin.values import UNKNOWN


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [Change(("a",), "update")]),
        ({"a": 1}, {}, [Change(("a",), "delete")]),
        ({}, {"a": {}}, [Change(("a",), "add")]),
        ({"a": [1]}, {"a": [1, 2]}, [Change(("a", 1), "add")]),
        ({"a": [1, 2]}, {"a": [1]}, [Change(("a", 1), "delete")]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, [Change(("a", 0, "b"), "update")]),
        ({"a": True}, {"a": 1}, [Change(("a",), "update")]),
        ({"a": "x"}, {"a": UNKNOWN}, [Change(("a",), "update")]),
    ],
)
def test_changes_are_found_where_they_are(old: Any, new: Any, expected: list[Change]) -> None:
    assert changes(old, new) == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("spec", "ports", 0, "name"), "spec.ports[0].name"),
        (("metadata", "labels", "app.kubernetes.io/name"), 'metadata.labels["app.kubernetes.io/name"]'),
        (("data", 'a"b'), 'data["a\\"b"]'),
    ],
)
def test_a_path_is_spelt_as_the_engine_does(path: Path, text: str) -> None:
    assert path_text(path) == text
    assert parse_path(text) == path


def test_what_only_reads_differently_is_no_change() -> None:
    found = [Change(("spec", "cpu"), "update"), Change(("spec", "image"), "update")]
    live = {"metadata": {"resourceVersion": "1"}, "spec": {"cpu": "1", "image": "a"}, "status": {"x": 1}}
    after = {"metadata": {"resourceVersion": "2"}, "spec": {"cpu": "1", "image": "b"}, "status": {}}
    assert confirmed(found, live, after) == [Change(("spec", "image"), "update")]
    assert confirmed(found, live, live) == []


def test_a_secret_text_is_confirmed_by_its_data() -> None:
    found = [Change(("stringData", "key"), "update")]
    live, after = {"metadata": {}, "data": {"key": "YQ=="}}, {"metadata": {}, "data": {"key": "Yg=="}}
    assert confirmed(found, live, after) == found


@pytest.mark.parametrize(
    ("group", "kind", "path", "replaces"),
    [
        ("apps", "Deployment", ("spec", "selector", "matchLabels", "app"), True),
        ("apps", "Deployment", ("spec", "replicas"), False),
        ("apps", "StatefulSet", ("spec", "volumeClaimTemplates", 0, "spec"), True),
        ("batch", "Job", ("spec", "template", "spec", "containers", 0, "image"), True),
        ("batch", "CronJob", ("spec", "jobTemplate", "spec"), False),
        ("", "PersistentVolumeClaim", ("spec", "storageClassName"), True),
        ("", "PersistentVolumeClaim", ("spec", "resources", "requests", "storage"), False),
        ("", "ConfigMap", ("data", "a"), True),
        ("", "ServiceAccount", ("metadata", "name"), True),
        ("", "ServiceAccount", ("metadata", "labels", "name"), False),
        ("rbac.authorization.k8s.io", "RoleBinding", ("roleRef", "name"), True),
        ("example.com", "Widget", ("metadata", "namespace"), True),
    ],
)
def test_immutable_fields_replace(group: str, kind: str, path: Path, replaces: bool) -> None:
    fields = immutable_fields(group, kind, Mutability())
    assert marked([Change(path, "update")], fields) == [Change(path, "update", replaces)]


def test_the_provider_can_allow_config_maps_and_secrets_to_change() -> None:
    change = [Change(("data", "a"), "update")]
    assert not marked(change, immutable_fields("", "ConfigMap", Mutability(config_maps=True)))[0].replaces
    assert not marked(change, immutable_fields("", "Secret", Mutability(secrets=True)))[0].replaces
    assert marked(change, immutable_fields("", "Secret", Mutability(config_maps=True)))[0].replaces


def test_the_answer_names_what_replaces() -> None:
    found = [Change(("spec", "selector"), "update", True), Change(("spec", "replicas"), "add")]
    answer = response(found, delete_first=True)
    assert answer.changes is True
    assert answer.replaces == ["spec.selector"]
    assert answer.delete_before_replace is True
    assert answer.diffs == ["spec"]
    kinds = {path: diff.kind for path, diff in answer.detailed_diff.items()}
    assert kinds == {"spec.selector": PropertyDiffKind.UPDATE_REPLACE, "spec.replicas": PropertyDiffKind.ADD}
    assert response(found[1:], delete_first=True).delete_before_replace is False
