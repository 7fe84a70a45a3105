"""Each hardening field of each component and of the local environment: breaking it breaks its rule alone."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import pulumi
import pytest

import policy_mutations
from component_samples import COMPONENTS
from mlops_cli import render
from mlops_policy import documents
from mlops_policy.checking import RULES
from policy_mutations import Program, allowing, fired, mutations

ROOT = Path(__file__).parents[2]
NOTHING_TO_BREAK = {"helm-chart-reviewed", "helm-chart-version"}
"""Rules that are about no component."""


@functools.cache
def _of(component: type[pulumi.ComponentResource]) -> Program:
    return policy_mutations.of_component(component)


@functools.cache
def _local() -> Program:
    # Without the images of whoever runs this.
    source = dataclasses.replace(render.find("local", {}, ROOT), images={})
    document = render.render(source).model_dump(by_alias=True)
    found = [each for each in documents.resources(document) if each.type.startswith("kubernetes:")]
    return Program(found, allowing("docker.io/placeholder"))


def _survivors(program: Program) -> list[str]:
    return [
        f"{each.rule}: {each.resource.name}: with {each.what} broken are {sorted(found) or 'none'}"
        for each in mutations(program)
        if (found := fired(program, each)) != {each.rule}
    ]


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_a_component_breaks_no_rule(component: type[pulumi.ComponentResource]) -> None:
    program = _of(component)

    assert program.judge().all(program.resources) == []


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_what_is_taken_from_a_component_is_noticed_by_its_rule_alone(
    component: type[pulumi.ComponentResource],
) -> None:
    assert _survivors(_of(component)) == []


def test_what_is_taken_from_the_local_environment_is_noticed_by_its_rule_alone() -> None:
    assert _local().judge().all(_local().resources) == []
    assert _survivors(_local()) == []


def test_every_rule_has_something_to_hold_of_in_the_components() -> None:
    broken = {each.rule for component in COMPONENTS for each in mutations(_of(component))}

    assert broken == {rule.name for rule in RULES} - NOTHING_TO_BREAK
