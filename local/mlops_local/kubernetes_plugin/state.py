"""What Pulumi remembers of an object: outputs, and the inputs that a refresh finds.

The shapes are the official plugin's: the live object, beside it `__inputs` (as submitted),
`__initialApiVersion` and `__fieldManager`; keys that start with `x-kubernetes-` are spelt with
underscores.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from mlops_local.kubernetes_plugin.names import MANAGER_KEY
from mlops_local.kubernetes_plugin.values import UNKNOWN, Mask, Properties, Tree, property_map

INPUTS_KEY = "__inputs"
VERSION_KEY = "__initialApiVersion"
EXTENSIONS = (
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
)
_TO_DASH = {name.replace("-", "_"): name for name in EXTENSIONS}
_TO_UNDERSCORE = {name: name.replace("-", "_") for name in EXTENSIONS}
SERVER_METADATA = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def _renamed(tree: Any, names: Mapping[str, str]) -> Any:
    if isinstance(tree, dict):
        return {names.get(key, key): _renamed(item, names) for key, item in tree.items() if item is not None}
    if isinstance(tree, list):
        return [_renamed(item, names) for item in tree]
    return tree


def manifest(inputs: Mapping[str, Any]) -> Tree:
    """The object that the API server is sent: inputs without our own keys and nulls."""
    own = {key: item for key, item in inputs.items() if not key.startswith("__")}
    sent: Tree = _renamed(own, _TO_DASH)
    return sent


def apply_body(sent: Mapping[str, Any]) -> Tree:
    """What goes over the wire: a Secret's `stringData` becomes `data`.

    The server would convert it too, but then the fields of `data` would have no owner, and a key
    that the program drops would stay.
    """
    texts = sent.get("stringData")
    if not is_secret(sent) or not isinstance(texts, dict):
        return dict(sent)
    body = {key: item for key, item in sent.items() if key != "stringData"}
    encoded = {key: base64.b64encode(str(item).encode()).decode() for key, item in texts.items()}
    return {**body, "data": {**body.get("data", {}), **encoded}}


def with_texts(live: Mapping[str, Any], like: Mapping[str, Any]) -> Tree:
    """A Secret's object with the keys that `like` gives as `stringData` decoded back into it."""
    texts = like.get("stringData")
    if not is_secret(live) or not isinstance(texts, dict):
        return dict(live)
    data = live.get("data") or {}
    return {**live, "stringData": {key: _decoded(data[key]) for key in texts if key in data}}


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text


def is_secret(tree: Mapping[str, Any]) -> bool:
    """True for the core Secret kind."""
    return tree.get("kind") == "Secret" and tree.get("apiVersion") == "v1"


def in_state(live: Mapping[str, Any]) -> Tree:
    """An object of the API server in the spelling of Pulumi's SDK."""
    spelt: Tree = _renamed(live, _TO_UNDERSCORE)
    return spelt


def secret_parts(tree: Mapping[str, Any], masks: Mapping[str, Mask]) -> dict[str, Mask]:
    """What is secret in an object: what its inputs mark, and everything that a Secret holds."""
    parts = dict(masks)
    if is_secret(tree):
        parts |= {"data": True, "stringData": True}
        annotations: Mask = {"annotations": {LAST_APPLIED: True}}
        if parts.get("metadata") is not True:
            parts["metadata"] = _merged(parts.get("metadata", {}), annotations)
    return parts


def _merged(one: Mask, other: Mask) -> Mask:
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: _merged(one.get(key, False), other.get(key, False)) for key in {**one, **other}}
    return one or other


def outputs(
    live: Mapping[str, Any],
    inputs: Mapping[str, Any],
    masks: Mapping[str, Mask],
    manager: str,
    first_version: str,
) -> Properties:
    """The outputs of a resource: `live` with its `inputs`, secret where `masks` or the kind says so."""
    submitted = {key: item for key, item in inputs.items() if not key.startswith("__")}
    parts = secret_parts(inputs, masks)
    tree = {
        **in_state(live),
        INPUTS_KEY: submitted,
        VERSION_KEY: first_version,
        MANAGER_KEY: manager,
    }
    return property_map(tree, {**parts, INPUTS_KEY: parts} if parts else parts)


def previewed(inputs: Tree, after: Tree | None, before: Tree | None) -> Tree:
    """The outputs of a preview: what the program sets, as the dry run `after` normalises it.

    Everything else is unknown unless it is there already (`before`) and stays as it is.
    """
    submitted = {key: item for key, item in inputs.items() if not key.startswith("__")}
    tree = _known(submitted, in_state(after or {}), before or {})
    metadata = tree.get("metadata")
    if isinstance(metadata, dict):
        kept = (before or {}).get("metadata", {})
        fresh = {name: UNKNOWN for name in SERVER_METADATA if name != "selfLink"}
        fresh |= {name: kept[name] for name in ("uid", "creationTimestamp") if name in kept}
        tree["metadata"] = {**metadata, **fresh}
    return {**tree, "status": UNKNOWN}


def _known(given: Any, after: Any, before: Any) -> Any:
    if given is UNKNOWN:
        return UNKNOWN
    if isinstance(given, dict):
        after, before = _as_dict(after), _as_dict(before)
        known = {key: _known(item, after.get(key, item), before.get(key)) for key, item in given.items()}
        return {**{key: _settled(after[key], before.get(key)) for key in after if key not in given}, **known}
    if isinstance(given, list) and isinstance(after, list) and len(after) >= len(given):
        olds = before if isinstance(before, list) and len(before) == len(after) else [None] * len(after)
        pairs = zip(given, after, olds, strict=False)
        return [_known(*each) for each in pairs] + [UNKNOWN] * (len(after) - len(given))
    return after


def _settled(after: Any, before: Any) -> Any:
    return after if after == before else UNKNOWN


def _as_dict(value: Any) -> Tree:
    return value if isinstance(value, dict) else {}


def imported_inputs(live: Mapping[str, Any]) -> Tree:
    """The inputs that would declare `live`: without status and what the server fills in."""
    tree = in_state({key: item for key, item in live.items() if key != "status"})
    metadata = {key: item for key, item in tree.get("metadata", {}).items() if key not in SERVER_METADATA}
    annotations = {key: item for key, item in metadata.pop("annotations", {}).items() if key != LAST_APPLIED}
    return {**tree, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}}


def refreshed_inputs(inputs: Tree, then: Mapping[str, Any], now: Mapping[str, Any]) -> Tree:
    """The inputs with what has drifted since: values that differ between `then` and `now`.

    A value that the server only spells differently (`1000m` and `1`) is the same then and now, so it
    keeps the program's spelling. Keys that the program does not set are not its business.
    """
    own = {key: item for key, item in inputs.items() if key.startswith("__")}
    rest = {key: item for key, item in inputs.items() if not key.startswith("__")}
    return {**own, **_drifted_map(rest, with_texts(then, rest), with_texts(now, rest))}


def _drifted_map(given: Tree, then: Mapping[str, Any], now: Mapping[str, Any]) -> Tree:
    found = {}
    for key, item in given.items():
        if now.get(key) == then.get(key):
            found[key] = item
        elif key in now:
            found[key] = _drifted(item, then.get(key), now[key])
    return found


def _drifted(given: Any, then: Any, now: Any) -> Any:
    if then == now:
        return given
    if isinstance(given, dict) and isinstance(now, dict):
        return _drifted_map(given, _as_dict(then), now)
    if isinstance(given, list) and isinstance(then, list) and isinstance(now, list):
        return _drifted_list(given, then, now)
    return now


def _drifted_list(given: list[Any], then: list[Any], now: list[Any]) -> list[Any]:
    if all(_names(part) for part in (given, then, now)):
        olds, items = _names(then), _names(now)
        kept = [
            _drifted(item, olds.get(item["name"]), items[item["name"]])
            for item in given
            if item["name"] in items
        ]
        known = _names(given).keys() | olds.keys()
        return kept + [item for name, item in items.items() if name not in known]
    if len(given) == len(then) == len(now):
        return [_drifted(*each) for each in zip(given, then, now, strict=True)]
    return now


def _names(items: list[Any]) -> dict[str, Any]:
    """The elements by name, where each has one of its own; else nothing."""
    names = {item["name"]: item for item in items if isinstance(item, dict) and "name" in item}
    return names if len(names) == len(items) else {}
