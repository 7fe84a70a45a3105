"""Which AWS resources take tags, and where the tags of what they make stand. Pure.

`taggable.json` has the classes of pulumi-aws whose arguments have `tags`, by service; a test compares it with
the SDK.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from importlib import resources
from typing import Final

from mlops_policy.resources import Resource
from mlops_policy.views import MISSING, View

NODE_CLASS: Final = "kubernetes:karpenter.k8s.aws/*:EC2NodeClass"
LAUNCH_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
MADE_BY_TEMPLATES: Final = ("instance", "volume")
NESTED: Final = {
    "aws:ec2/instance:Instance": ("volumeTags",),
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": ("resourceTags",),
}
"""Inputs with the tags of what AWS makes along with a resource."""


@functools.cache
def taggable() -> frozenset[str]:
    """Every type token that takes `tags`."""
    text = resources.files("mlops_policy.cost").joinpath("taggable.json").read_text()
    return frozenset(
        f"aws:{service}/{name[0].lower()}{name[1:]}:{name}"
        for service, names in json.loads(text).items()
        for name in names
    )


def tag_places(resource: Resource) -> Iterator[View]:
    """Each place of a resource where tags must stand; none for a component and what takes no tags.

    A provider's default tags do not reach what AWS makes by itself from a launch template or Karpenter's
    class (pulumi-awsx#979), so these have places of their own.
    """
    if resource.type.startswith("kubernetes:"):
        yield resource.view.at("spec.tags")
        return
    if resource.custom and resource.type in taggable():
        yield resource.view.at("tags")
    for name in NESTED.get(resource.type, ()):
        yield resource.view.key(name)
    if resource.type == LAUNCH_TEMPLATE:
        made = {
            each.key("resourceType").text(): each for each in resource.view.at("tagSpecifications").items()
        }
        for kind in MADE_BY_TEMPLATES:
            yield made[kind].key("tags") if kind in made else View(MISSING, f"tagSpecifications of {kind}")


def tags_of(place: View) -> dict[str, View]:
    """Tags by key; those of an auto scaling group stand in a list."""
    if isinstance(place.raw, list | tuple):
        return {each.key("key").text(): each.key("value") for each in place.items()}
    return dict(place.entries())
