"""Names, namespaces and field managers, by tables."""

from __future__ import annotations

import pytest

from mlops_local.kubernetes_plugin.errors import InputError
from mlops_local.kubernetes_plugin.names import (
    AUTONAMED,
    Proposal,
    field_manager,
    random_hex,
    resource_id,
    split_id,
    with_name,
    with_namespace,
)
from mlops_local.kubernetes_plugin.values import UNKNOWN, Tree

SEED = b"seed"


def made(name: str) -> Tree:
    """The metadata of an object whose name was made up."""
    return {"name": name, "annotations": {AUTONAMED: "true"}}


@pytest.mark.parametrize(
    ("news", "olds", "proposal", "expected"),
    [
        ({"name": "given"}, {}, None, {"name": "given"}),
        ({"name": UNKNOWN}, {}, None, {"name": UNKNOWN}),
        ({}, {}, None, made(f"web-{random_hex(SEED, 'name')}")),
        ({}, {"metadata": made("web-old")}, None, made("web-old")),
        ({}, {"metadata": {"name": "given"}}, None, made(f"web-{random_hex(SEED, 'name')}")),
        ({}, {}, Proposal("proposed"), made("proposed")),
        (
            {"annotations": {"a": "b"}},
            {},
            Proposal("p"),
            {"name": "p", "annotations": {"a": "b", AUTONAMED: "true"}},
        ),
        ({"annotations": UNKNOWN}, {}, Proposal("p"), {"name": "p", "annotations": UNKNOWN}),
    ],
)
def test_a_name_is_given_kept_proposed_or_made_up(
    news: Tree, olds: Tree, proposal: Proposal | None, expected: Tree
) -> None:
    assert with_name({"metadata": news}, olds, "web", SEED, proposal) == {"metadata": expected}


def test_an_unknown_metadata_is_left_alone() -> None:
    assert with_name({"metadata": UNKNOWN}, {}, "web", SEED, None) == {"metadata": UNKNOWN}
    assert with_namespace({"metadata": UNKNOWN}, "home", True) == {"metadata": UNKNOWN}


@pytest.mark.parametrize(
    ("metadata", "proposal", "path"),
    [
        ({"generateName": "web-"}, None, "metadata.generateName"),
        ({}, Proposal(None), "metadata.name"),
    ],
)
def test_a_name_that_cannot_be_is_refused(metadata: Tree, proposal: Proposal | None, path: str) -> None:
    with pytest.raises(InputError) as caught:
        with_name({"metadata": metadata}, {}, "web", SEED, proposal)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("metadata", "namespaced", "expected"),
    [
        ({"name": "a"}, True, {"name": "a", "namespace": "home"}),
        ({"name": "a", "namespace": "b"}, True, {"name": "a", "namespace": "b"}),
        ({"name": "a", "namespace": "b"}, False, {"name": "a"}),
    ],
)
def test_a_namespace_is_given_kept_or_taken_off(metadata: Tree, namespaced: bool, expected: Tree) -> None:
    assert with_namespace({"metadata": metadata}, "home", namespaced) == {"metadata": expected}


def test_a_field_manager_is_annotated_kept_or_made_of_the_seed() -> None:
    annotated = {"metadata": {"annotations": {"pulumi.com/patchFieldManager": "mine"}}}
    kept = {"__fieldManager": "pulumi-kubernetes-01234567"}
    assert field_manager(annotated, kept, SEED) == "mine"
    assert field_manager({}, kept, SEED) == "pulumi-kubernetes-01234567"
    assert field_manager({}, {}, SEED) == f"pulumi-kubernetes-{random_hex(SEED, 'manager')}"
    assert random_hex(SEED, "manager") != random_hex(SEED, "name")


@pytest.mark.parametrize(
    ("metadata", "identity", "parts"),
    [
        ({"name": "a", "namespace": "b"}, "b/a", ("b", "a")),
        ({"name": "a"}, "a", (None, "a")),
    ],
)
def test_an_id_is_namespace_and_name(metadata: Tree, identity: str, parts: tuple[str | None, str]) -> None:
    assert resource_id({"metadata": metadata}) == identity
    assert split_id(identity) == parts
