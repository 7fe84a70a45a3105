"""What would change: pure comparison of trees, and the form in which the engine wants it.

Two comparisons work together. The first, of the old inputs with the new ones, needs no request and
finds nothing in most runs. Only if it finds something are a server-side dry run and the live object
compared, to drop what merely reads differently (`1000m` and `1`) and what the server would default
anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pulumi.provider.experimental.provider import DiffResponse, PropertyDiff, PropertyDiffKind

from mlops_local.kubernetes_plugin.replace import Path, needs_replacement
from mlops_local.kubernetes_plugin.state import SERVER_METADATA
from mlops_local.kubernetes_plugin.values import UNKNOWN, Tree

Kind = Literal["add", "delete", "update"]
KINDS = {
    ("add", False): PropertyDiffKind.ADD,
    ("add", True): PropertyDiffKind.ADD_REPLACE,
    ("delete", False): PropertyDiffKind.DELETE,
    ("delete", True): PropertyDiffKind.DELETE_REPLACE,
    ("update", False): PropertyDiffKind.UPDATE,
    ("update", True): PropertyDiffKind.UPDATE_REPLACE,
}


@dataclass(frozen=True)
class Change:
    """One place where old and new differ."""

    path: Path
    kind: Kind
    replaces: bool = False


def changes(old: Any, new: Any, path: Path = ()) -> list[Change]:
    """Every difference between two trees, at the deepest place where it shows."""
    if new is UNKNOWN:
        return [Change(path, "update")]
    if isinstance(old, dict) and isinstance(new, dict):
        return _dict_changes(old, new, path)
    if isinstance(old, list) and isinstance(new, list):
        return _list_changes(old, new, path)
    return [] if same(old, new) else [Change(path, "update")]


def _dict_changes(old: Tree, new: Tree, path: Path) -> list[Change]:
    found: list[Change] = []
    for key in [*old, *(key for key in new if key not in old)]:
        here = (*path, key)
        if key not in new:
            found.append(Change(here, "delete"))
        elif key not in old:
            found.append(Change(here, "add"))
        else:
            found += changes(old[key], new[key], here)
    return found


def _list_changes(old: list[Any], new: list[Any], path: Path) -> list[Change]:
    found: list[Change] = []
    for index in range(max(len(old), len(new))):
        here = (*path, index)
        if index >= len(new):
            found.append(Change(here, "delete"))
        elif index >= len(old):
            found.append(Change(here, "add"))
        else:
            found += changes(old[index], new[index], here)
    return found


def same(old: Any, new: Any) -> bool:
    """Equal values; a boolean is never a number."""
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)


def desired(tree: Tree) -> Tree:
    """An object without status and bookkeeping: what a change of the program could change."""
    kept = {key: value for key, value in tree.items() if key != "status"}
    kept["metadata"] = {
        key: value for key, value in tree.get("metadata", {}).items() if key not in SERVER_METADATA
    }
    return kept


def confirmed(found: Sequence[Change], live: Tree, dry_run: Tree) -> list[Change]:
    """Those of the `found` changes that the server would really make."""
    real = [change.path for change in changes(desired(live), desired(dry_run))]
    if not real:
        return []
    kept = [change for change in found if any(overlap(change.path, path) for path in real)]
    return kept or list(found)


def overlap(one: Path, other: Path) -> bool:
    """True when one path leads to or through the other; a Secret's two spellings of data are one."""
    one, other = _data_alias(one), _data_alias(other)
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def _data_alias(path: Path) -> Path:
    return ("data", *path[1:]) if path[:1] == ("stringData",) else path


def marked(found: Iterable[Change], immutable: Iterable[str]) -> list[Change]:
    """The changes with `replaces` set where a field of `immutable` is touched."""
    fields = tuple(immutable)
    return [replace(change, replaces=needs_replacement(change.path, fields)) for change in found]


def path_text(path: Path) -> str:
    """A path as the engine spells it: `spec.ports[0].name`, `metadata.labels["app.kubernetes.io/name"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.search(r'[."\[\]]', part):
            escaped = part.replace('"', '\\"')
            text += f'["{escaped}"]'
        else:
            text += f".{part}" if text else part
    return text


def parse_path(text: str) -> Path:
    """The parts of a path in the engine's spelling; `[*]` stands for any element."""
    parts: list[str | int] = []
    for match in re.finditer(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\[(\*)\]|([^.\[\]]+)', text):
        quoted, index, star, word = match.groups()
        if index is not None:
            parts.append(int(index))
        else:
            parts.append(quoted.replace('\\"', '"') if quoted is not None else star or word)
    return tuple(parts)


def response(found: Sequence[Change], delete_first: bool) -> DiffResponse:
    """The answer to the engine."""
    replacing = [path_text(change.path) for change in found if change.replaces]
    return DiffResponse(
        changes=bool(found),
        replaces=replacing,
        delete_before_replace=bool(replacing) and delete_first,
        diffs=sorted({str(change.path[0]) for change in found if change.path}),
        detailed_diff={
            path_text(change.path): PropertyDiff(KINDS[change.kind, change.replaces], input_diff=False)
            for change in found
        },
    )
