"""The gate on the real engine: what it refuses when names change, and that an alias lets it pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from real_engine import RealStack
from renamed_thing import SCENARIOS, program
from upgrade_gate import Step, refusals

pytestmark = pytest.mark.timeout(600)
Open = Callable[..., RealStack]
STACK = "urn:pulumi:team::mlops::"
OLD = f"{STACK}team:index:Thing$kubernetes:core/v1:ConfigMap::one-object"
NEW = f"{STACK}team:index:Thing$kubernetes:core/v1:ConfigMap::one-new"


def test_planted_changes_of_names_are_refused_until_they_carry_an_alias(open_stack: Open) -> None:
    stack = open_stack("team", program=program("before"))
    stack.up()
    assert stack.preview() == []

    stack.program = program("without alias")
    steps = stack.preview()
    assert {word: sorted(_kinds(steps, word)) for word in SCENARIOS} == {
        "one": ["create", "delete"],
        "two": ["create", "create", "delete", "delete"],
        "three": ["create", "create", "delete", "delete"],
        "four": ["create", "create", "delete", "delete"],
        "five": ["create", "create", "delete", "delete"],
        "six": ["create", "create", "delete"],
    }
    alias = 'aliases=[pulumi.Alias(name="one-object")]'
    assert refusals("team", [step for step in steps if step.urn in (OLD, NEW)]) == [
        f"team: create {NEW}: it is {OLD} under another URN; give it {alias} in its ResourceOptions, or the"
        " old one is deleted",
        f"team: delete {OLD}: it comes back as {NEW}, which needs {alias}",
    ]

    stack.program = program("with alias")
    component = f"{STACK}team:index:Thing::six"
    assert stack.preview() == [Step("create", component)]


def test_a_planted_removal_is_refused(open_stack: Open) -> None:
    stack = open_stack("team", program=program("before", "two", "three", "four"))
    stack.up()
    stack.program = program("before", "one", "two", "three", "four")
    component = f"{STACK}team:index:Thing::one"
    advice = "register it again, or list it if it is meant to go and its data may"
    assert refusals("team", stack.preview()) == [
        f"team: delete {OLD}: {advice}",
        f"team: delete {component}: {advice}",
    ]


def _kinds(steps: list[Step], word: str) -> list[str]:
    return [step.kind for step in steps if step.urn.rpartition("::")[2].partition("-")[0] == word]
