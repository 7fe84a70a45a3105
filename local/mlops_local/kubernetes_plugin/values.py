"""Between Pulumi's property values and plain JSON trees.

Plain trees hold dicts, lists, strings, numbers, booleans and `UNKNOWN`, never null: a null in a
manifest means the same as no key. Secrets travel beside the tree as a mask of the same shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime import rpc

Tree: TypeAlias = dict[str, Any]
Mask: TypeAlias = "bool | dict[str, Mask] | list[Mask]"
Properties: TypeAlias = dict[str, PropertyValue]


class Unknown:
    """A value that is known only after an update."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


def plain(value: PropertyValue) -> Any:
    """The JSON tree of one property value; whole numbers become `int`."""
    content = value.value
    if isinstance(content, Computed) or content == rpc.UNKNOWN:
        return UNKNOWN
    if isinstance(content, float) and content.is_integer():
        return int(content)
    if content is None or isinstance(content, (bool, float, str)):
        return content
    if isinstance(content, Mapping):
        return plain_map(content)
    if isinstance(content, Sequence):
        return [plain(item) for item in cast("Sequence[PropertyValue]", content)]
    raise TypeError(f"a Kubernetes object cannot hold a {type(content).__name__}; pass text or plain values")


def plain_map(values: Mapping[str, PropertyValue]) -> Tree:
    """The JSON tree of a property map, nulls left out."""
    return {key: plain(item) for key, item in values.items() if item.value is not None}


def has_unknown(tree: Any) -> bool:
    """True when `UNKNOWN` stands anywhere in the tree."""
    if isinstance(tree, dict):
        return any(has_unknown(item) for item in tree.values())
    if isinstance(tree, list):
        return any(has_unknown(item) for item in tree)
    return tree is UNKNOWN


def secret_mask(value: PropertyValue) -> Mask:
    """Which parts of the value are secret: True for all of it, or the shape of those that are."""
    if value.is_secret:
        return True
    content = value.value
    if isinstance(content, Mapping):
        return secret_mask_map(content) or False
    if isinstance(content, Sequence) and not isinstance(content, str):
        masks = [secret_mask(item) for item in content]
        return masks if any(masks) else False
    return False


def secret_mask_map(values: Mapping[str, PropertyValue]) -> dict[str, Mask]:
    """The masks of a property map's secret entries only."""
    masks = {key: secret_mask(item) for key, item in values.items()}
    return {key: mask for key, mask in masks.items() if mask}


def property_value(tree: Any, mask: Mask = False) -> PropertyValue:
    """The property value of a plain tree, secret where `mask` says so.

    A value of another shape than its mask's (a list that grew, say) is secret as a whole: positions
    no longer tell which element the secret was.
    """
    if mask is True or _misshapen(tree, mask):
        return property_value(tree).with_secret(True)
    if tree is UNKNOWN:
        return PropertyValue(rpc.UNKNOWN)
    if isinstance(tree, dict):
        masks = mask if isinstance(mask, dict) else {}
        return PropertyValue(property_map(tree, masks))
    if isinstance(tree, list):
        each = mask if isinstance(mask, list) else [False] * len(tree)
        return PropertyValue([property_value(item, part) for item, part in zip(tree, each, strict=True)])
    if isinstance(tree, int) and not isinstance(tree, bool):
        return PropertyValue(float(tree))
    return PropertyValue(tree)


def _misshapen(tree: Any, mask: Mask) -> bool:
    if isinstance(mask, list):
        return not isinstance(tree, list) or len(tree) != len(mask)
    return isinstance(mask, dict) and bool(mask) and not isinstance(tree, dict)


def property_map(tree: Mapping[str, Any], masks: Mapping[str, Mask] | None = None) -> Properties:
    """The property map of a plain object, nulls left out, secret where `masks` says so."""
    masks = masks or {}
    return {
        key: property_value(item, masks.get(key, False)) for key, item in tree.items() if item is not None
    }


def without_nulls(tree: Any) -> Any:
    """The same tree without null entries, as deep as it goes."""
    if isinstance(tree, dict):
        return {key: without_nulls(item) for key, item in tree.items() if item is not None}
    if isinstance(tree, list):
        return [without_nulls(item) for item in tree]
    return tree
