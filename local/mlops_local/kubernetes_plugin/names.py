"""Completes what the program declares: name, namespace, field manager.

Called by Check, before anything else sees a resource. All names come from Check's random seed, so
the engine may repeat the call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlops_local.kubernetes_plugin.errors import InputError
from mlops_local.kubernetes_plugin.values import UNKNOWN, Tree

MANAGER_PREFIX = "pulumi-kubernetes-"
MANAGER_KEY = "__fieldManager"
AUTONAMED = "pulumi.com/autonamed"
PATCH_MANAGER = "pulumi.com/patchFieldManager"


@dataclass(frozen=True)
class Proposal:
    """The engine's autonaming: its proposed name, or None where the project forbids making one up."""

    name: str | None


def annotation(manifest: Mapping[str, Any], key: str) -> str | None:
    """The value of an annotation; None when absent or not known yet."""
    metadata = manifest.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    value = annotations.get(key) if isinstance(annotations, dict) else None
    return value if isinstance(value, str) else None


def is_true(manifest: Mapping[str, Any], key: str) -> bool:
    """True when the annotation says "true" (or "1", as Go reads booleans)."""
    return str(annotation(manifest, key)).lower() in ("true", "1", "t")


def is_autonamed(manifest: Mapping[str, Any]) -> bool:
    """True when the object's name was made up for it."""
    return is_true(manifest, AUTONAMED)


def name_of(manifest: Mapping[str, Any]) -> tuple[str | None, str]:
    """Namespace and name of an object."""
    metadata = manifest["metadata"]
    return metadata.get("namespace"), metadata["name"]


def resource_id(manifest: Mapping[str, Any]) -> str:
    """The official plugin's id: `namespace/name`, or `name` for a cluster-scoped object."""
    namespace, name = name_of(manifest)
    return f"{namespace}/{name}" if namespace else name


def split_id(identity: str) -> tuple[str | None, str]:
    """Namespace and name of an id."""
    namespace, _, name = identity.rpartition("/")
    return namespace or None, name


def random_hex(seed: bytes, purpose: str) -> str:
    """Eight hex digits for one purpose, the same for the same seed."""
    return hashlib.sha256(seed + b"\0" + purpose.encode()).hexdigest()[:8]


def field_manager(manifest: Mapping[str, Any], state: Mapping[str, Any], seed: bytes = b"") -> str:
    """The manager of an object: its annotation's, else the one in state, else a new one."""
    kept = state.get(MANAGER_KEY)
    return (
        annotation(manifest, PATCH_MANAGER)
        or (kept if isinstance(kept, str) and kept else None)
        or MANAGER_PREFIX + random_hex(seed, "manager")
    )


def with_name(news: Tree, olds: Tree, name: str, seed: bytes, proposal: Proposal | None) -> Tree:
    """`news` with a name: its own, the one made up before, the engine's, or `<name>-<8 hex>`.

    Raises:
        InputError: `generateName` is used, or the project forbids made-up names.
    """
    metadata = news.get("metadata") or {}
    if metadata is UNKNOWN or metadata.get("name"):
        return news
    if metadata.get("generateName"):
        raise InputError("metadata.generateName", "use `metadata.name`, or no name to have one made up")
    if is_autonamed(olds):
        made = str(olds["metadata"]["name"])
    elif proposal is None:
        made = f"{name}-{random_hex(seed, 'name')}"
    elif proposal.name is None:
        raise InputError("metadata.name", "must be set: this project's autonaming is disabled")
    else:
        made = proposal.name
    annotations = metadata.get("annotations") or {}
    if annotations is not UNKNOWN:
        annotations = {**annotations, AUTONAMED: "true"}
    return {**news, "metadata": {**metadata, "name": made, "annotations": annotations}}


def with_namespace(news: Tree, namespace: str, namespaced: bool) -> Tree:
    """`news` in a namespace of its own, or in the provider's; cluster-scoped objects in none."""
    metadata = news.get("metadata")
    if not isinstance(metadata, dict):
        return news
    if not namespaced:
        return {**news, "metadata": {key: value for key, value in metadata.items() if key != "namespace"}}
    if metadata.get("namespace"):
        return news
    return {**news, "metadata": {**metadata, "namespace": namespace}}
