"""What Pulumi remembers: shapes, secrets, previews and refreshed inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi.provider.experimental.property_value import PropertyValue

from mlops_local.kubernetes_plugin.state import (
    apply_body,
    imported_inputs,
    manifest,
    outputs,
    previewed,
    refreshed_inputs,
)
from mlops_local.kubernetes_plugin.values import UNKNOWN, Tree, plain_map, property_map, secret_mask_map

SECRET: Tree = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"a": "b"}}


def secrets_in(value: PropertyValue, path: str = "") -> set[str]:
    """The paths of the secret parts of a value."""
    if value.is_secret:
        return {path}
    content = value.value
    items = content.items() if isinstance(content, Mapping) else ()
    return {found for key, item in items for found in secrets_in(item, f"{path}/{key}")}


def test_the_object_sent_has_no_nulls_and_kubernetes_own_spelling() -> None:
    inputs = {"__fieldManager": "m", "spec": {"x_kubernetes_list_type": "map", "a": None, "b": [{"c": None}]}}
    assert manifest(inputs) == {"spec": {"x-kubernetes-list-type": "map", "b": [{}]}}


def test_the_texts_of_a_secret_are_sent_as_data() -> None:
    body = apply_body({**SECRET, "data": {"c": "ZA=="}})
    assert "stringData" not in body
    assert body["data"] == {"a": "Yg==", "c": "ZA=="}


def test_outputs_are_the_live_object_and_what_was_submitted() -> None:
    live = {**SECRET, "data": {"a": "Yg=="}, "metadata": {"name": "key", "uid": "1"}}
    del live["stringData"]
    found = outputs(live, {**SECRET, "__fieldManager": "old"}, {}, "manager", "v1")
    assert plain_map(found) == {
        **live,
        "__inputs": SECRET,
        "__initialApiVersion": "v1",
        "__fieldManager": "manager",
    }
    assert secrets_in(PropertyValue(found)) == {"/data", "/__inputs/stringData"}


def test_a_secret_input_is_secret_wherever_it_shows() -> None:
    inputs = property_map({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "x", "b": "y"}})
    data = PropertyValue({"a": PropertyValue("x").with_secret(True), "b": PropertyValue("y")})
    masks = secret_mask_map({**inputs, "data": data})
    found = outputs(plain_map(inputs), plain_map(inputs), masks, "m", "v1")
    assert secrets_in(PropertyValue(found)) == {"/data/a", "/__inputs/data/a"}


def test_a_list_of_another_length_than_its_secret_inputs_is_secret_as_a_whole() -> None:
    masks = secret_mask_map({"a": PropertyValue([PropertyValue("x").with_secret(True)])})
    found = property_map({"a": ["w", "x"]}, masks)
    assert secrets_in(PropertyValue(found)) == {"/a"}


def test_a_preview_knows_what_is_declared_and_nothing_else() -> None:
    inputs: Tree = {"metadata": {"name": "a"}, "spec": {"cpu": "1000m", "ports": [{"port": 80}]}}
    after: Tree = {
        "metadata": {"name": "a", "uid": "dry"},
        "spec": {"cpu": "1", "clusterIP": "10.0.0.7", "ports": [{"port": 80, "nodePort": 30001}]},
    }
    found = previewed(inputs, after, None)
    assert found["spec"] == {"cpu": "1", "clusterIP": UNKNOWN, "ports": [{"port": 80, "nodePort": UNKNOWN}]}
    assert found["metadata"]["name"] == "a"
    assert found["metadata"]["uid"] is UNKNOWN
    assert found["status"] is UNKNOWN


def test_a_preview_of_an_update_keeps_what_stays() -> None:
    before: Tree = {"metadata": {"name": "a", "uid": "1"}, "spec": {"cpu": "1", "clusterIP": "10.0.0.7"}}
    after: Tree = {"metadata": {"name": "a", "uid": "1"}, "spec": {"cpu": "2", "clusterIP": "10.0.0.7"}}
    found = previewed({"metadata": {"name": "a"}, "spec": {"cpu": "2"}}, after, before)
    assert found["spec"] == {"cpu": "2", "clusterIP": "10.0.0.7"}
    assert found["metadata"]["uid"] == "1"


def named(**ports: Any) -> list[dict[str, Any]]:
    """A list of objects with names."""
    return [{"name": name, "value": value} for name, value in ports.items()]


@pytest.mark.parametrize(
    ("given", "then", "now", "expected"),
    [
        ({"a": "1000m"}, {"a": "1"}, {"a": "1"}, {"a": "1000m"}),
        ({"a": "1000m"}, {"a": "1"}, {"a": "2"}, {"a": "2"}),
        ({"a": 1}, {"a": 1}, {}, {}),
        ({"a": 1}, {"a": 1}, {"a": 1, "b": 2}, {"a": 1}),
        ({"a": [1]}, {"a": [1]}, {"a": [1, 2]}, {"a": [1, 2]}),
        (
            {"a": named(x="1000m", y="3")},
            {"a": named(x="1", y="3")},
            {"a": named(z="9", y="4", x="1")},
            {"a": named(x="1000m", y="4", z="9")},
        ),
        ({"a": named(x=1)}, {"a": named(x=1, injected=2)}, {"a": named(x=3, injected=2)}, {"a": named(x=3)}),
    ],
)
def test_refreshed_inputs_differ_where_the_object_drifted(
    given: Tree, then: Tree, now: Tree, expected: Tree
) -> None:
    assert refreshed_inputs({**given, "__fieldManager": "m"}, then, now) == {
        **expected,
        "__fieldManager": "m",
    }


def test_a_secret_that_drifted_is_seen_in_its_texts() -> None:
    then = {**SECRET, "data": {"a": "Yg=="}}
    now = {**SECRET, "data": {"a": "Yw=="}}
    assert refreshed_inputs(SECRET, then, then) == SECRET
    assert refreshed_inputs(SECRET, then, now) == {**SECRET, "stringData": {"a": "c"}}


def test_imported_inputs_leave_out_what_the_server_fills_in() -> None:
    live = {
        "kind": "Service",
        "metadata": {
            "name": "a",
            "uid": "1",
            "managedFields": [],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
        },
        "spec": {"x-kubernetes-list-type": "map"},
        "status": {},
    }
    assert imported_inputs(live) == {
        "kind": "Service",
        "metadata": {"name": "a"},
        "spec": {"x_kubernetes_list_type": "map"},
    }
