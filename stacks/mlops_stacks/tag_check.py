"""Whether every AWS resource of a rendered document carries the required tags. Pure but for the SDK's types.

A provider's default tags do not reach what AWS makes by itself from a launch template, an auto scaling group
or Karpenter's class (awsx#979), and no document shows them; so tags are looked for in each resource.
"""

from __future__ import annotations

import importlib
import inspect
import keyword
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from mlops_stacks.recording import SECRET_MARK, UNKNOWN_MARK, Document, Resource
from pulumi_mlops.aws import aws_tags

_NODE_CLASS: Final = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
_LAUNCH_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
_MADE_BY_TEMPLATES: Final = ("instance", "volume")
_NESTED: Final = {
    "aws:ec2/instance:Instance": ("volumeTags",),
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": ("resourceTags",),
}
"""Inputs with the tags of what AWS makes along with a resource."""


def untagged(document: Document) -> list[str]:
    """One line for each place that lacks required tags: the resource, the input, and the tags; sorted."""
    return sorted(line for resource in document.resources for line in _lacking(resource))


@cache
def is_taggable(kind: str) -> bool:
    """True if the SDK's class of this type token takes `tags`.

    Raises:
        ValueError: the SDK has no such class.
    """
    package, module, name = kind.split(":")
    folder = module.partition("/")[0]
    path = f"pulumi_{package}.{folder}{'_' if keyword.iskeyword(folder) else ''}"
    with warnings.catch_warnings():
        # The SDK deprecates some of a package's own classes as it is imported.
        warnings.simplefilter("ignore", DeprecationWarning)
        arguments = getattr(importlib.import_module(path), f"{name}Args", None)
    if arguments is None:
        raise ValueError(f"the SDK has no class for {kind}")
    return "tags" in inspect.signature(arguments.__init__).parameters


def _lacking(resource: Resource) -> Iterator[str]:
    if resource.type == _NODE_CLASS:
        spec = resource.inputs.get("spec")
        yield from _checked(resource, "spec.tags", spec.get("tags") if isinstance(spec, Mapping) else None)
    if not resource.type.startswith("aws:") or not resource.custom:
        return
    if is_taggable(resource.type):
        yield from _checked(resource, "tags", resource.inputs.get("tags"))
    for name in _NESTED.get(resource.type, ()):
        yield from _checked(resource, name, resource.inputs.get(name))
    if resource.type == _LAUNCH_TEMPLATE:
        specifications = _by_kind(resource.inputs.get("tagSpecifications"))
        for kind in _MADE_BY_TEMPLATES:
            yield from _checked(resource, f"tagSpecifications of {kind}", specifications.get(kind))


def _by_kind(specifications: Any) -> dict[Any, Any]:
    """The tags of a launch template by the kind of what it makes."""
    if not isinstance(specifications, list):
        return {}
    found = [each for each in specifications if isinstance(each, Mapping)]
    return {each.get("resourceType"): each.get("tags") for each in found}


def _checked(resource: Resource, path: str, tags: Any) -> Iterator[str]:
    if tags in (UNKNOWN_MARK, SECRET_MARK):
        yield f"{resource.urn}: {path} is not known before an update, so nobody can check it; give plain tags"
        return
    missing = [name for name in aws_tags.REQUIRED if not _keys(tags).get(name)]
    if missing:
        yield f"{resource.urn}: {path} lacks {', '.join(missing)}"


def _keys(tags: Any) -> dict[Any, Any]:
    """Tags by key; auto scaling groups have them as a list."""
    if isinstance(tags, list):
        return {each.get("key"): each.get("value") for each in tags if isinstance(each, Mapping)}
    return dict(tags) if isinstance(tags, Mapping) else {}
