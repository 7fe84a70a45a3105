"""The gate on the real engine: what it refuses when names change, and that an alias lets it pass."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from real_engine import RealStack
from renamed_thing import BEFORE, SCENARIOS, Thing
from upgrade_gate import refusals

pytestmark = pytest.mark.timeout(600)
Open = Callable[..., RealStack]
URN = "urn:pulumi:team::mlops::"
MAP = "kubernetes:core/v1:ConfigMap"


def test_each_change_of_names_is_refused_until_it_has_an_alias(open_stack: Open) -> None:
    stack = open_stack("team", program=BEFORE)
    refused, accepted = {}, {}
    for name, (before, without, with_alias) in SCENARIOS.items():
        stack.program = before
        stack.up()
        stack.program = without
        refused[name] = {(step.kind, step.urn.rpartition("::")[2]) for step in stack.preview()}
        stack.program = with_alias
        accepted[name] = stack.preview()
        stack.destroy()
    assert accepted["child renamed"] == []
    assert refused == {}
    assert accepted == {}


def test_a_planted_rename_is_told_its_alias(open_stack: Open) -> None:
    stack = open_stack("team", program=BEFORE)
    stack.up()
    stack.program = SCENARIOS["child renamed"][1]
    old, new = f"{URN}team:index:Thing${MAP}::thing-map", f"{URN}team:index:Thing${MAP}::thing-settings"
    assert refusals("team", stack.preview()) == [
        f'team: create {new}: it is {old} under another URN; give it aliases=[pulumi.Alias(name="thing-map")]'
        " in its ResourceOptions, or the old one is deleted",
        f'team: delete {old}: it comes back as {new}, which needs aliases=[pulumi.Alias(name="thing-map")]',
    ]
    stack.program = partial(Thing, children=False)
    assert refusals("team", stack.preview()) == [
        f"team: delete {old}: register it again, or list it if it is meant to go and its data may"
    ]
