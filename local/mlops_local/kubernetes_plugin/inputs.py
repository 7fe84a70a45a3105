"""What a program submits: made whole at Check, sent at apply, compared with what lives.

All functions are pure. `Manifest` trees come from `values.plain_map` and may hold `UNKNOWN`.
"""

from __future__ import annotations

import base64
import binascii
import copy
from collections.abc import Mapping
from typing import Any

from mlops_local.kubernetes_plugin.discovery import Kind
from mlops_local.kubernetes_plugin.values import UNKNOWN, Tree, without_nulls

SERVER_METADATA = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
SERVER_ANNOTATIONS = ("deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration")
DASHED = {
    key.replace("-", "_"): key
    for key in (
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-map-type",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    )
}
UNDERSCORED = {dashed: underscored for underscored, dashed in DASHED.items()}
LIST_KEYS = ("name", "containerPort", "port", "mountPath", "type", "key")


def renamed(tree: Any, names: Mapping[str, str]) -> Any:
    """The tree with keys renamed, as deep as it goes: the SDK spells `x-kubernetes-*` with underscores."""
    if isinstance(tree, dict):
        return {names.get(key, key): renamed(item, names) for key, item in tree.items()}
    if isinstance(tree, list):
        return [renamed(item, names) for item in tree]
    return tree


def submitted(values: Tree) -> Tree:
    """A program's values as a manifest in Kubernetes' spelling, without what only the server sets."""
    manifest: Tree = without_nulls(renamed(copy.deepcopy(values), DASHED))
    for internal in [key for key in manifest if key.startswith("__")]:
        del manifest[internal]
    if isinstance(manifest.get("metadata"), dict):
        for name in SERVER_METADATA:
            manifest["metadata"].pop(name, None)
    return manifest


def with_identity(manifest: Tree, kind: Kind) -> Tree:
    """The manifest with `apiVersion` and `kind`, which other languages' SDKs may leave out."""
    return {**manifest, "apiVersion": manifest.get("apiVersion", kind.api_version), "kind": kind.kind}


def set_namespace(manifest: Tree, namespaced: bool, default: str) -> None:
    """Give a namespaced object the default namespace if it names none; take it off any other."""
    metadata = manifest.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        return
    if not namespaced:
        metadata.pop("namespace", None)
    elif not metadata.get("namespace"):
        metadata["namespace"] = default


def namespace_of(manifest: Mapping[str, Any]) -> Any:
    """`metadata.namespace`: text, `UNKNOWN`, or None."""
    metadata = manifest.get("metadata")
    return metadata.get("namespace") if isinstance(metadata, dict) else None


def is_secret(manifest: Mapping[str, Any]) -> bool:
    """True for the core Secret kind."""
    return manifest.get("kind") == "Secret" and manifest.get("apiVersion") == "v1"


def apply_body(manifest: Tree) -> Tree:
    """What goes over the wire: a Secret's `stringData` becomes `data`.

    The server would convert it too, but then the fields of `data` would have no owner, and a key
    that the program drops would stay.
    """
    if not is_secret(manifest) or not isinstance(manifest.get("stringData"), dict):
        return manifest
    body = {key: value for key, value in manifest.items() if key != "stringData"}
    encoded = {
        key: base64.b64encode(str(value).encode()).decode() for key, value in manifest["stringData"].items()
    }
    body["data"] = {**manifest.get("data", {}), **encoded}
    return body


def readable_secret(live: Tree, like: Mapping[str, Any]) -> Tree:
    """A live Secret with the keys that `like` gives as `stringData` decoded back into it."""
    if not is_secret(live) or not isinstance(like.get("stringData"), dict):
        return live
    data = dict(live.get("data") or {})
    wanted = like["stringData"]
    decoded = {key: _decoded(data[key]) for key in wanted if key in data}
    ours = {key: value for key, value in data.items() if key not in wanted or key in like.get("data", {})}
    return {**live, "data": ours, "stringData": decoded}


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text


def pruned(live: Any, like: Any) -> Any:
    """The part of `live` that `like` speaks of: drift in other fields is not ours to see.

    Elements of a list are matched by their merge key where they have one, else by position;
    elements that `like` does not have are kept, since a list is submitted whole.
    """
    if isinstance(live, dict) and isinstance(like, dict):
        return {key: pruned(live[key], like[key]) for key in like if key in live}
    if isinstance(live, list) and isinstance(like, list):
        return _pruned_list(live, like)
    return live


def _pruned_list(live: list[Any], like: list[Any]) -> list[Any]:
    key = merge_key(like)
    if key is None:
        return [pruned(item, like[index]) if index < len(like) else item for index, item in enumerate(live)]
    templates = {item[key]: item for item in like}
    order = {item[key]: index for index, item in enumerate(like)}
    known = [item for item in live if isinstance(item, dict) and item.get(key) in order]
    extra = [item for item in live if not (isinstance(item, dict) and item.get(key) in order)]
    known.sort(key=lambda item: order[item[key]])
    return [pruned(item, templates[item[key]]) for item in known] + extra


def merge_key(items: list[Any]) -> str | None:
    """The field that tells the elements of a list of objects apart, if there is one."""
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    for key in LIST_KEYS:
        values = [item.get(key) for item in items]
        plain = all(isinstance(value, (str, int)) for value in values)
        if plain and len(set(values)) == len(values):
            return key
    return None


def pruned_live(live: Tree, like: Tree) -> Tree:
    """The live object cut to the shape of the inputs `like`, a Secret's text decoded again."""
    result: Tree = pruned(readable_secret(live, like), like)
    return result


def imported(live: Tree) -> Tree:
    """The inputs of an object that Pulumi did not make: all of it but what only the server sets."""
    manifest = submitted(live)
    manifest.pop("status", None)
    noted = manifest.get("metadata", {}).get("annotations")
    if isinstance(noted, dict):
        for name in SERVER_ANNOTATIONS:
            noted.pop(name, None)
        if not noted:
            del manifest["metadata"]["annotations"]
    return manifest


def preview_outputs(live: Tree, manifest: Tree) -> Tree:
    """What a preview may say of an object that does not exist yet: no status, no identity."""
    outputs = {key: value for key, value in copy.deepcopy(live).items() if key != "status"}
    for name in ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"):
        outputs["metadata"].pop(name, None)
    outputs["metadata"]["uid"] = UNKNOWN
    outputs["metadata"]["resourceVersion"] = UNKNOWN
    if "status" in live:
        outputs["status"] = UNKNOWN
    if live.get("kind") == "Service" and live.get("apiVersion") == "v1":
        _hide_allocations(outputs.setdefault("spec", {}), manifest.get("spec") or {})
    return outputs


def _hide_allocations(spec: Tree, given: Tree) -> None:
    for name in ("clusterIP", "clusterIPs", "healthCheckNodePort"):
        if name in spec and name not in given:
            spec[name] = UNKNOWN
    asked = given.get("ports") or []
    for index, port in enumerate(spec.get("ports") or []):
        if "nodePort" in port and (index >= len(asked) or "nodePort" not in asked[index]):
            port["nodePort"] = UNKNOWN
