"""What inputs a resource of a Pulumi SDK takes, read from the SDK's own generated classes.

`pulumi_aws` and `pulumi_kubernetes` are generated from their providers' schemas: a class `*Args` for each
resource and nested object, whose getters carry the name on the wire, the type, whether it must be given and
whether it is deprecated.
"""

from __future__ import annotations

import enum
import functools
import importlib
import keyword
import types
import typing
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# The one place where Pulumi says which wire name a getter has; `pulumi.get` works by it.
from pulumi._types import _PULUMI_DEPRECATED_CALLABLE, _py_properties, is_input_type

PACKAGES = {"aws": "pulumi_aws", "kubernetes": "pulumi_kubernetes"}
"""Python package of an SDK by the first part of its type tokens."""
_GROUP_SUFFIX = ".k8s.io"


@dataclass(frozen=True)
class Field:
    """One input: `kinds` are what it may be, without `None`, `Output` and futures."""

    kinds: tuple[Any, ...]
    required: bool
    deprecated: bool


@functools.cache
def resource_class(token: str) -> type | None:
    """The class of a type token such as `aws:s3/bucket:Bucket`; None for custom kinds of Kubernetes.

    Raises:
        KeyError: no SDK of `PACKAGES` has the type.
    """
    package, module, name = token.split(":")
    if package == "kubernetes":
        group, _, version = module.rpartition("/")
        folder = f"{group.removesuffix(_GROUP_SUFFIX).partition('.')[0] or 'core'}.{version}"
        if "." in group and not group.endswith(_GROUP_SUFFIX):
            return None
    else:
        folder = module.partition("/")[0]
        folder += "_" if keyword.iskeyword(folder) else ""
    path = PACKAGES[package] + ("" if folder == "index" else f".{folder}")
    with warnings.catch_warnings():
        # A module warns of its own old names as it is loaded, whatever is asked of it.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return typing.cast(type, getattr(importlib.import_module(path), name))
        except (ImportError, AttributeError) as error:
            raise KeyError(f"{PACKAGES[package]} has no resource of type {token}") from error


@functools.cache
def args_class(token: str) -> type | None:
    """The class of a resource's inputs; None where `resource_class` is."""
    resource = resource_class(token)
    if resource is None:
        return None
    for variant in typing.get_overloads(resource.__init__):  # type: ignore[misc]
        kinds = _alternatives(variant.__annotations__.get("args"), {})
        if kinds and is_input_type(kinds[0]):
            return typing.cast(type, kinds[0])
    raise KeyError(f"{resource} has no class of arguments")


def deprecation(token: str) -> str | None:
    """What the SDK says of a resource that is deprecated; None of others."""
    resource: Any = resource_class(token)
    # It says so when one is made, and nowhere else.
    said = getattr(resource, "_internal_init", resource).__code__.co_consts if resource else ()
    return next((each for each in said if str(each).startswith(f"{resource.__name__} is deprecated: ")), None)


@functools.cache
def fields(args: type) -> Mapping[str, Field]:
    """Every input that a class `*Args` takes, by its name on the wire."""
    return {wire: _field(prop) for _, wire, prop in _py_properties(args)}


def item_kinds(kind: Any) -> tuple[Any, ...]:
    """What a list or a map holds: `kinds` of its items."""
    arguments = typing.get_args(kind)
    return _alternatives(arguments[-1], {}) if arguments else ()


def is_list(kind: Any) -> bool:
    """Whether the values are lists."""
    return typing.get_origin(kind) is Sequence or kind is list


def is_map(kind: Any) -> bool:
    """Whether the values are maps by keys of the user's own."""
    return typing.get_origin(kind) is Mapping or kind is dict


def is_object(kind: Any) -> bool:
    """Whether the values are objects with keys of the schema's."""
    return isinstance(kind, type) and is_input_type(kind)


def is_enum(kind: Any) -> bool:
    """Whether the SDK lists the values."""
    return isinstance(kind, type) and issubclass(kind, enum.Enum)


def _field(prop: property) -> Field:
    getter: Any = prop.fget
    getter = getter.__dict__.get(_PULUMI_DEPRECATED_CALLABLE) or getter
    annotation = getter.__annotations__["return"]
    kinds = _alternatives(annotation, getter.__globals__)
    return Field(
        kinds=tuple(kind for kind in kinds if kind is not types.NoneType),
        required=types.NoneType not in kinds,
        deprecated=_PULUMI_DEPRECATED_CALLABLE in prop.fget.__dict__,
    )


def _alternatives(annotation: Any, names: Mapping[str, Any]) -> tuple[Any, ...]:
    """The members of a union, nested ones included, without what only wraps a value."""
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        if annotation.startswith("Output["):
            return ()
        # Names in generated code, as Python itself would resolve them.
        return _alternatives(eval(annotation, dict(names)), names)  # noqa: S307
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return tuple(kind for each in typing.get_args(annotation) for kind in _alternatives(each, names))
    origin = typing.get_origin(annotation)
    if origin is not None and getattr(origin, "__name__", "") in ("Awaitable", "Output"):
        return ()
    if origin in (Sequence, Mapping):
        *rest, item = typing.get_args(annotation)
        kinds = _alternatives(item, names)
        # `Any` stands for a union that has no type of its own, such as free JSON.
        inner = typing.Union[kinds] if kinds else Any  # noqa: UP007 - made at run time
        return (origin[(*rest, inner)] if rest else origin[inner],)  # type: ignore[index]
    return () if annotation is None else (annotation,)
