"""Server-side apply, with conflicts told in words and fields that others own left to them.

Between `provider` and `client`. Semantics:
https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from mlops_local.kubernetes_plugin.client import ApiClient
from mlops_local.kubernetes_plugin.diff import parse_path
from mlops_local.kubernetes_plugin.errors import ApiError, ConflictError
from mlops_local.kubernetes_plugin.names import MANAGER_PREFIX
from mlops_local.kubernetes_plugin.replace import Path
from mlops_local.kubernetes_plugin.state import apply_body
from mlops_local.kubernetes_plugin.values import Tree

RACE_RETRIES = 4
FORCE = "pulumi.com/patchForce"


def apply(
    client: ApiClient, path: str, sent: Tree, manager: str, *, force: bool = False, dry_run: bool = False
) -> Tree:
    """Apply the object `sent` as `manager` and return the resulting object.

    Raises:
        ConflictError: other managers own fields that would change, and `force` is not set.
        ApiError: the API server refused the object.
    """
    body = apply_body(sent)
    for attempt in range(RACE_RETRIES):
        try:
            return client.apply(path, body, manager, force=force, dry_run=dry_run)
        except ApiError as error:
            if error.code != 409:
                raise
            if owners := conflicts(error):
                raise ConflictError(explain(owners)) from error
            if attempt == RACE_RETRIES - 1:
                raise
            time.sleep(0.1 * 2**attempt)
    raise AssertionError("unreachable")


def conflicts(error: ApiError) -> list[tuple[str, str]]:
    """Field and owner of every conflict in a refused apply."""
    found = []
    for cause in error.causes:
        if cause.get("reason") == "FieldManagerConflict":
            owner = re.search(r'"([^"]+)"', str(cause.get("message", "")))
            found.append((str(cause.get("field", "")), owner.group(1) if owner else "another manager"))
    return found


def explain(owners: Iterable[tuple[str, str]]) -> str:
    """What a conflict is about and the three ways out."""
    lines = "\n".join(f"  {field} is owned by {owner!r}" for field, owner in owners)
    return (
        "another field manager owns fields that this program sets to other values:\n"
        f"{lines}\n"
        "Leave those fields out of the program (or add them to `ignore_changes`), set them as they are "
        f'in the cluster, or take them over with the annotation {FORCE}: "true".'
    )


def leave_to_others(sent: Tree, live: Mapping[str, Any], ignored: Iterable[str], manager: str) -> Tree:
    """The object without ignored fields that another manager owns.

    With `ignore_changes` the engine puts back the old value of a field; sending it would fight with
    whoever owns the field now, an autoscaler for instance.
    """
    kept = copy.deepcopy(sent)
    for text in ignored:
        path = parse_path(text)
        if path and all(isinstance(part, str) for part in path) and owned_by_other(live, path, manager):
            _drop(kept, path)
    return kept


def owned_by_other(live: Mapping[str, Any], path: Path, manager: str) -> bool:
    """True when a manager other than ours is recorded as an owner of the field."""
    for entry in live.get("metadata", {}).get("managedFields") or ():
        fields: Any = entry.get("fieldsV1") or {}
        for part in path:
            fields = fields.get(f"f:{part}") if isinstance(fields, dict) else None
        if fields is not None and entry.get("manager") != manager:
            return True
    return False


def manager_in(live: Mapping[str, Any]) -> str | None:
    """The field manager with which Pulumi applied this object before, if it did."""
    for entry in live.get("metadata", {}).get("managedFields") or ():
        name = str(entry.get("manager", ""))
        if name.startswith(MANAGER_PREFIX) and entry.get("operation") == "Apply":
            return name
    return None


def _drop(tree: Any, path: Path) -> None:
    for part in path[:-1]:
        tree = tree.get(part) if isinstance(tree, dict) else None
    if isinstance(tree, dict):
        tree.pop(path[-1], None)
