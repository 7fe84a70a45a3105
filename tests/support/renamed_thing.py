"""A component of a team, before and after changes of names: programs for the upgrade gate's own test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import pulumi
import pulumi_kubernetes as k8s

Stage = Literal["before", "without alias", "with alias"]


class Thing(pulumi.ComponentResource):
    """One object, of which every part that makes up the URN can be chosen."""

    def __init__(
        self,
        name: str,
        *,
        kind: str = "team:index:Thing",
        child: str | None = None,
        child_aliases: list[pulumi.Alias] | None = None,
        object_name: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(kind, name, None, opts)
        _object(
            child or f"{name}-object",
            object_name or name,
            pulumi.ResourceOptions(parent=self, aliases=child_aliases),
        )
        self.register_outputs({})


def _object(name: str, object_name: str, opts: pulumi.ResourceOptions | None = None) -> None:
    k8s.core.v1.ConfigMap(name, metadata={"name": object_name, "namespace": "team"}, opts=opts)


def _aliases(stage: Stage, alias: pulumi.Alias) -> list[pulumi.Alias] | None:
    return [alias] if stage == "with alias" else None


def _options(stage: Stage, alias: pulumi.Alias) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(aliases=_aliases(stage, alias))


def _child_renamed(stage: Stage) -> None:
    if stage == "before":
        Thing("one")
    else:
        Thing("one", child="one-new", child_aliases=_aliases(stage, pulumi.Alias(name="one-object")))


def _component_renamed(stage: Stage) -> None:
    if stage == "before":
        Thing("two")
    else:
        Thing("two-new", object_name="two", opts=_options(stage, pulumi.Alias(name="two")))


def _component_retyped(stage: Stage) -> None:
    if stage == "before":
        Thing("three")
    else:
        Thing("three", kind="team:index:Better", opts=_options(stage, pulumi.Alias(type_="team:index:Thing")))


def _component_renamed_and_retyped(stage: Stage) -> None:
    if stage == "before":
        Thing("four")
    else:
        alias = pulumi.Alias(name="four", type_="team:index:Thing")
        Thing("four-new", kind="team:index:Better", object_name="four", opts=_options(stage, alias))


def _component_moved_into_another(stage: Stage) -> None:
    outer = pulumi.ComponentResource("team:index:Outer", "outer")
    if stage == "before":
        Thing("five")
    else:
        opts = _options(stage, pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE))
        Thing("five", opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=outer)))


def _object_moved_into_a_component(stage: Stage) -> None:
    if stage == "before":
        _object("six-object", "six")
    else:
        Thing("six", child_aliases=_aliases(stage, pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)))


SCENARIOS: Mapping[str, Callable[[Stage], None]] = {
    "one": _child_renamed,
    "two": _component_renamed,
    "three": _component_retyped,
    "four": _component_renamed_and_retyped,
    "five": _component_moved_into_another,
    "six": _object_moved_into_a_component,
}
"""By the word with which all names of a scenario begin."""


def program(stage: Stage, *left_out: str) -> Callable[[], None]:
    """All scenarios at one stage, but those left out."""

    def run() -> None:
        for word, scenario in SCENARIOS.items():
            if word not in left_out:
                scenario(stage)

    return run
