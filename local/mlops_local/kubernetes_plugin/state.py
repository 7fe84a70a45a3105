"""What Pulumi remembers of an object: the shape of the official plugin's state.

The live object with `x-kubernetes-*` keys spelt with underscores, plus `__inputs`,
`__initialApiVersion` and `__fieldManager`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi.provider.experimental.property_value import PropertyValue

from mlops_local.kubernetes_plugin import inputs
from mlops_local.kubernetes_plugin.values import (
    Mask,
    Properties,
    Tree,
    plain_map,
    property_map,
    without_nulls,
)


@dataclass(frozen=True)
class Remembered:
    """A resource as the engine's state holds it; all empty for one that was never made."""

    inputs: Tree
    live: Tree
    initial_api_version: str
    values: Tree


def parse(state: Properties) -> Remembered:
    """Read outputs that `checkpoint`, or the official plugin, wrote."""
    values = plain_map(state)
    live = inputs.renamed(
        {key: item for key, item in values.items() if not key.startswith("__")}, inputs.DASHED
    )
    given = inputs.submitted(values.get("__inputs") or {})
    first = values.get("__initialApiVersion") or live.get("apiVersion") or given.get("apiVersion") or ""
    return Remembered(inputs=given, live=live, initial_api_version=str(first), values=values)


def checkpoint(
    given: Tree, live: Tree, masks: Mapping[str, Mask], initial_api_version: str, manager: str
) -> Properties:
    """Outputs for the engine; what was secret as an input is secret in both copies."""
    masks = with_secret_data(given, masks)
    outputs = property_map(inputs.renamed(without_nulls(live), inputs.UNDERSCORED), masks)
    remembered = property_map(inputs.renamed(given, inputs.UNDERSCORED), masks)
    extra = {"__initialApiVersion": initial_api_version, "__fieldManager": manager}
    return outputs | property_map(extra) | {"__inputs": PropertyValue(remembered)}


def with_secret_data(manifest: Mapping[str, object], masks: Mapping[str, Mask]) -> dict[str, Mask]:
    """A Secret's `data` and `stringData` are secret, whatever the program said of them."""
    if not inputs.is_secret(manifest):
        return dict(masks)
    return {**masks, "data": True, "stringData": True}
