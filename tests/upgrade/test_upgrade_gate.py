"""The judge of upgrades: what it lets pass, and what it says of the rest."""

from __future__ import annotations

from typing import Any

import pytest

from upgrade_gate import BadExpectation, Expected, Step, expectations, refusals, unused

AT = "urn:pulumi:dev::mlops::"
OLD = f"{AT}mlops:index:Thing$kubernetes:core/v1:Service::web-old"
NEW = f"{AT}mlops:index:Thing$kubernetes:core/v1:Service::web-new"


def test_an_upgrade_that_changes_nothing_passes() -> None:
    assert refusals("dev", []) == []


def test_an_update_is_refused_with_the_inputs_that_differ() -> None:
    step = Step("update", OLD, ("spec.replicas", "spec.strategy"))
    assert refusals("dev", [step]) == [
        f"dev: update {OLD} (spec.replicas, spec.strategy): find what changed its inputs, or list it if the"
        " change is meant"
    ]


def test_a_replacement_is_one_refusal_though_the_engine_takes_three_steps() -> None:
    keys = ("spec.selector",)
    steps = [Step("create-replacement", OLD, keys), Step("replace", OLD, keys), Step("delete-replaced", OLD)]
    assert refusals("dev", steps) == [
        f"dev: replace {OLD} (spec.selector): keep these inputs as they were, or list it if the old one may"
        " be deleted"
    ]


@pytest.mark.parametrize(
    ("operation", "advice"),
    [
        ("create", "list it if it is meant to be new"),
        ("delete", "register it again, or list it if it is meant to go and its data may"),
        ("import", "find out why"),
    ],
)
def test_every_other_change_is_refused_with_its_way_out(operation: str, advice: str) -> None:
    assert refusals("dev", [Step(operation, OLD)]) == [f"dev: {operation} {OLD}: {advice}"]


@pytest.mark.parametrize(
    ("old", "new", "alias"),
    [
        (OLD, NEW, 'pulumi.Alias(name="web-old")'),
        (
            OLD,
            f"{AT}mlops:index:Thing$kubernetes:core/v1:Endpoints::web-old",
            'pulumi.Alias(type_="kubernetes:core/v1:Service")',
        ),
        (
            OLD,
            f"{AT}mlops:index:Other$kubernetes:core/v1:Service::web-old",
            'pulumi.Alias(parent="<URN of the mlops:index:Thing it was a child of>")',
        ),
        (
            f"{AT}kubernetes:core/v1:Service::web-old",
            OLD,
            "pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)",
        ),
    ],
    ids=["renamed", "retyped", "reparented", "adopted"],
)
def test_a_resource_under_another_urn_is_told_its_alias(old: str, new: str, alias: str) -> None:
    assert refusals("dev", [Step("delete", old), Step("create", new)]) == [
        f"dev: create {new}: it is {old} under another URN; give it aliases=[{alias}] in its"
        " ResourceOptions, or the old one is deleted",
        f"dev: delete {old}: it comes back as {new}, which needs aliases=[{alias}]",
    ]


def test_no_alias_is_guessed_where_two_would_fit() -> None:
    steps = [Step("delete", OLD), Step("create", NEW), Step("create", f"{NEW}er")]
    assert refusals("dev", steps)[-1] == (
        f"dev: delete {OLD}: register it again, or list it if it is meant to go and its data may"
    )


@pytest.mark.parametrize(
    ("entry", "passes"),
    [
        (Expected("*", OLD, "update", "meant", ("spec.replicas",)), True),
        (Expected("d*", "*::web-*", "update", "meant", ("spec.replicas", "spec.paused")), True),
        (Expected("prod", OLD, "update", "meant", ("spec.replicas",)), False),
        (Expected("*", NEW, "update", "meant", ("spec.replicas",)), False),
        (Expected("*", OLD, "replace", "meant", ("spec.replicas",)), False),
        (Expected("*", OLD, "update", "meant", ("spec.paused",)), False),
    ],
    ids=["exact", "patterns", "environment", "urn", "change", "keys"],
)
def test_a_listed_change_passes_and_no_other(entry: Expected, passes: bool) -> None:
    step = Step("update", OLD, ("spec.replicas",))
    assert (refusals("dev", [step], [entry]) == []) is passes
    assert (unused({"dev": [step]}, [entry]) == []) is passes


def test_an_entry_that_fits_nothing_is_named() -> None:
    entry = Expected("*", OLD, "delete", "meant")
    assert unused({"dev": [], "prod": []}, [entry]) == [
        f"expected_changes.yaml: delete {OLD} fits no change; delete the entry"
    ]


def test_a_complete_list_is_read() -> None:
    document = [{"urn": OLD, "change": "update", "keys": ["spec.replicas"], "reason": "meant"}]
    assert expectations(document) == [Expected("*", OLD, "update", "meant", ("spec.replicas",))]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "expected_changes.yaml must be a list of changes, [] for none"),
        (["urn"], "expected_changes.yaml[0]: must have urn, change and reason"),
        (
            [{"urn": OLD, "change": "delete", "reason": "meant", "why": "typo"}],
            "expected_changes.yaml[0]: unknown ['why']; an entry has environment, urn, change, keys, reason",
        ),
        (
            [{"urn": OLD, "change": "delete", "reason": " "}],
            "expected_changes.yaml[0].reason: must be a text",
        ),
        ([{"change": "delete", "reason": "meant"}], "expected_changes.yaml[0].urn: must be a text"),
        (
            [{"urn": OLD, "change": "same", "reason": "meant"}],
            "expected_changes.yaml[0].change: 'same' is not one of create, update, delete, replace",
        ),
        (
            [{"urn": OLD, "change": "update", "reason": "meant"}],
            "expected_changes.yaml[0].keys: an update lists the inputs that may differ",
        ),
    ],
)
def test_an_incomplete_list_is_refused(document: Any, message: str) -> None:
    with pytest.raises(BadExpectation) as refused:
        expectations(document)
    assert str(refused.value) == message
