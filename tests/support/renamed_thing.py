"""A component of a team, before and after a change of names: programs for the upgrade gate's own test."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pulumi
import pulumi_kubernetes as k8s

Program = Callable[[], None]


class Thing(pulumi.ComponentResource):
    """One ConfigMap, of which every part that makes up the URN can be chosen."""

    def __init__(
        self,
        name: str = "thing",
        *,
        kind: str = "team:index:Thing",
        child: str = "thing-map",
        child_type: type[pulumi.CustomResource] = k8s.core.v1.ConfigMap,
        child_aliases: list[pulumi.Alias] | None = None,
        children: bool = True,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(kind, name, None, opts)
        if children:
            child_type(
                child,
                metadata={"name": "web", "namespace": "team"},
                opts=pulumi.ResourceOptions(parent=self, aliases=child_aliases),
            )
        self.register_outputs({})


def aliased(*aliases: pulumi.Alias) -> pulumi.ResourceOptions:
    """Options with these aliases."""
    return pulumi.ResourceOptions(aliases=list(aliases))


def adopted(alias: pulumi.Alias | None) -> None:
    """The component as a child of a new one."""
    outer = pulumi.ComponentResource("team:index:Outer", "outer")
    Thing(opts=pulumi.ResourceOptions(parent=outer, aliases=[alias] if alias else None))


def bare(*, with_component: bool, alias: bool = False) -> None:
    """The ConfigMap without a component, or in one."""
    if with_component:
        Thing(child_aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)] if alias else None)
    else:
        k8s.core.v1.ConfigMap("thing-map", metadata={"name": "web", "namespace": "team"})


BEFORE: Program = Thing
RETYPED = k8s.core.v1.Secret
SCENARIOS: dict[str, tuple[Program, Program, Program]] = {
    "child renamed": (
        BEFORE,
        partial(Thing, child="thing-settings"),
        lambda: Thing(child="thing-settings", child_aliases=[pulumi.Alias(name="thing-map")]) and None,
    ),
    "component renamed": (
        BEFORE,
        partial(Thing, "new", child="new-map"),
        lambda: Thing("new", child="new-map", opts=aliased(pulumi.Alias(name="thing"))) and None,
    ),
    "component retyped": (
        BEFORE,
        partial(Thing, kind="team:index:Better"),
        lambda: (
            Thing(kind="team:index:Better", opts=aliased(pulumi.Alias(type_="team:index:Thing"))) and None
        ),
    ),
    "component renamed and retyped": (
        BEFORE,
        partial(Thing, "new", kind="team:index:Better", child="new-map"),
        lambda: (
            Thing(
                "new",
                kind="team:index:Better",
                child="new-map",
                opts=aliased(pulumi.Alias(name="thing", type_="team:index:Thing")),
            )
            and None
        ),
    ),
    "component adopted by another": (
        BEFORE,
        partial(adopted, None),
        partial(adopted, pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)),
    ),
    "resource adopted by a component": (
        partial(bare, with_component=False),
        partial(bare, with_component=True),
        partial(bare, with_component=True, alias=True),
    ),
}
"""Before the change, after it without an alias, and after it with one, by what was changed."""
