"""What the parts of one network share, and an output that waits for resources it does not come from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import pulumi

T = TypeVar("T")


@dataclass(frozen=True)
class Site:
    """Names, tags and parent of every part."""

    component: pulumi.Resource
    name: str
    """Of the component; children are named by it."""
    cluster_name: str
    """`Name` tags begin with it."""
    tags: Mapping[str, str]
    production: bool

    def tagged(self, part: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The tags of one part."""
        return {**self.tags, "Name": f"{self.cluster_name}-{part}", **(more or {})}

    def child(self, **options: Any) -> pulumi.ResourceOptions:
        """The options of a child."""
        return pulumi.ResourceOptions(parent=self.component, **options)

    def kept(self, **options: Any) -> pulumi.ResourceOptions:
        """The options of a child that production does not lose by a destroy or a replacement."""
        return self.child(protect=self.production or None, **options)


def after(value: pulumi.Output[T], resources: Iterable[pulumi.Resource]) -> pulumi.Output[T]:
    """The same value, for whose users `resources` are made before and removed after them.

    `Output.all` would do so too, but its value would be unknown in every preview in which one of the
    resources is new, and a cluster whose subnets are unknown shows as one to be replaced.
    """
    others = set(resources)

    async def both() -> set[pulumi.Resource]:
        return await value.resources() | others

    async def known() -> T:
        # It is None of an unknown only.
        return cast("T", await value.future(with_unknowns=True))

    return pulumi.Output(both(), known(), value.is_known(), value.is_secret())
