"""Names: what an unnamed object is called, which field manager writes it, and resource ids."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlops_local.kubernetes_plugin.errors import PluginError
from mlops_local.kubernetes_plugin.values import Tree

AUTONAMED = "pulumi.com/autonamed"
FIELD_MANAGER = "pulumi.com/patchFieldManager"
MANAGER_PREFIX = "pulumi-kubernetes-"
LONGEST_NAME = 253


@dataclass(frozen=True)
class Autonaming:
    """What the engine's `pulumi:autonaming` setting asks for."""

    proposed: str = ""
    enforced: bool = False
    disabled: bool = False


def annotations(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The annotations of a manifest, empty when it has none or they are unknown."""
    metadata = manifest.get("metadata")
    found = metadata.get("annotations") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def is_true(manifest: Mapping[str, Any], annotation: str) -> bool:
    """True when the annotation says "true" (or "1", as Go reads booleans)."""
    return str(annotations(manifest).get(annotation, "")).lower() in ("true", "1", "t")


def name_of(manifest: Mapping[str, Any]) -> Any:
    """`metadata.name`: text, `UNKNOWN`, or None."""
    metadata = manifest.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else None


def is_autonamed(manifest: Mapping[str, Any]) -> bool:
    """True when Check chose the name, so that a replacement may get a new one."""
    return is_true(manifest, AUTONAMED)


def give_name(manifest: Tree, old: Mapping[str, Any], resource: str, seed: bytes, wish: Autonaming) -> None:
    """Name an unnamed manifest: as before if the old name was chosen here, else a fresh one.

    Raises:
        PluginError: `generateName` is used, or autonaming is disabled.
    """
    metadata = manifest.setdefault("metadata", {})
    if not isinstance(metadata, dict) or metadata.get("name"):
        return
    if metadata.get("generateName"):
        raise PluginError(
            "`metadata.generateName` does not work with server-side apply; set `metadata.name`, "
            "or neither, for a name that Pulumi makes"
        )
    metadata["name"] = (
        str(name_of(old)) if is_autonamed(old) and name_of(old) else fresh(resource, seed, wish)
    )
    noted = metadata.setdefault("annotations", {})
    if isinstance(noted, dict):
        noted[AUTONAMED] = "true"


def fresh(resource: str, seed: bytes, wish: Autonaming) -> str:
    """A new name: the engine's proposal, or the resource's name and eight hex digits of the seed."""
    if wish.disabled:
        raise PluginError("autonaming is disabled for this resource; set `metadata.name`")
    if wish.proposed:
        return wish.proposed
    suffix = hashlib.sha256(seed).hexdigest()[:8]
    return f"{resource[: LONGEST_NAME - 9]}-{suffix}"


def manager_of(manifest: Mapping[str, Any], state: Mapping[str, Any], urn: str) -> str:
    """The field manager of a resource: annotated, else as kept in state, else derived from the URN.

    Deriving it means that a creation which was cut off before its state was written is recognised,
    by its manager, as this very resource's own when it is run again.
    """
    annotated = annotations(manifest).get(FIELD_MANAGER)
    if isinstance(annotated, str) and annotated:
        return annotated
    kept = state.get("__fieldManager")
    if isinstance(kept, str) and kept:
        return kept
    return MANAGER_PREFIX + hashlib.sha256(urn.encode()).hexdigest()[:8]


def resource_id(manifest: Mapping[str, Any]) -> str:
    """`namespace/name`, or `name` for a cluster-scoped object."""
    metadata = manifest["metadata"]
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])


def split_id(identifier: str) -> tuple[str | None, str]:
    """Namespace and name of a resource id."""
    namespace, _, name = identifier.rpartition("/")
    return namespace or None, name
