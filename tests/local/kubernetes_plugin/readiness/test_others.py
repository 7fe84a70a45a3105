from __future__ import annotations

from typing import Any

import pytest

from mlops_local.kubernetes_plugin.readiness.others import (
    state_of_claim,
    state_of_definition,
    state_of_namespace,
)
from mlops_local.kubernetes_plugin.readiness.related import Related
from mlops_local.kubernetes_plugin.readiness.states import READY, Failed, State, Waiting
from scripted_cluster import condition, made

AT_ONCE = {"volumeBindingMode": "Immediate"}
LATER = {"volumeBindingMode": "WaitForFirstConsumer"}


@pytest.mark.parametrize(
    ("phase", "class_name", "storage_class", "expected"),
    [
        ("Bound", "standard", AT_ONCE, READY),
        ("Bound", "standard", LATER, READY),
        ("Bound", None, None, READY),
        ("Pending", "standard", LATER, READY),
        (
            "Pending",
            "standard",
            AT_ONCE,
            Waiting("the claim is Pending; StorageClass standard has not made a volume yet"),
        ),
        (
            "Pending",
            "fast",
            None,
            Waiting(
                "the claim is Pending; StorageClass fast does not exist, "
                "so only an existing volume can be bound"
            ),
        ),
        (
            "Pending",
            None,
            None,
            Waiting(
                "the claim is Pending; it names no StorageClass, so only an existing volume can be bound"
            ),
        ),
        (
            "Lost",
            "standard",
            LATER,
            Failed(("the volume of this PersistentVolumeClaim is lost: restore it, or delete the claim",)),
        ),
    ],
)
def test_claim_is_ready_when_bound_or_waiting_for_its_first_consumer(
    phase: str, class_name: str | None, storage_class: dict[str, Any] | None, expected: State
) -> None:
    spec = {"storageClassName": class_name} if class_name else {}
    obj = made("v1", "PersistentVolumeClaim", spec=spec, status={"phase": phase})
    assert state_of_claim(obj, Related(storage_class=storage_class)) == expected


NOT_SERVED = Waiting("the API server does not serve the new kind yet")
TAKEN = condition("NamesAccepted", "False", "PluralConflict", '"things" is already in use')


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], NOT_SERVED),
        ([condition("NamesAccepted"), condition("Established", "False", "Installing")], NOT_SERVED),
        ([condition("Established")], NOT_SERVED),
        ([condition("NamesAccepted"), condition("Established")], READY),
        (
            [TAKEN],
            Failed(
                (
                    "the names of this CustomResourceDefinition are taken: "
                    'PluralConflict: "things" is already in use',
                )
            ),
        ),
    ],
)
def test_definition_is_ready_when_its_names_are_accepted_and_it_is_established(
    conditions: list[dict[str, Any]], expected: State
) -> None:
    obj = made("apiextensions.k8s.io/v1", "CustomResourceDefinition", status={"conditions": conditions})
    assert state_of_definition(obj) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Active"}, READY),
        ({}, READY),
        (
            {"phase": "Terminating"},
            Failed(("the Namespace is Terminating: wait until it is gone, then run again",)),
        ),
    ],
)
def test_namespace_is_ready_unless_it_is_going(status: dict[str, Any], expected: State) -> None:
    assert state_of_namespace(made("v1", "Namespace", status=status)) == expected
