"""The part of a user's kubeconfig that one context needs.

The provider keeps what it is given in the stack's state, so it is given no other cluster's credentials.
"""

from pathlib import Path
from typing import Any

import yaml

from mlops_stacks.errors import SettingsError

_FILE_KEYS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def read(path: Path, context: str | None = None) -> str:
    """The text of a kubeconfig with one context in it, by default its current one.

    Raises `SettingsError` for a file that is missing or has no such context.
    """
    expanded = path.expanduser()
    try:
        document = yaml.safe_load(expanded.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"the kubeconfig {path} cannot be read ({error.strerror}): `mlops up` writes the local node's; "
            "another cluster's is named by mlops:cluster.kubeconfig"
        ) from None
    except yaml.YAMLError:
        raise SettingsError(f"the kubeconfig {path} is not YAML") from None
    return yaml.safe_dump(only_context(document, context, expanded.parent), sort_keys=True)


def only_context(document: Any, context: str | None, folder: Path) -> dict[str, Any]:
    """A kubeconfig of one context; file names in it become absolute, from `folder`. Pure."""
    contexts = _by_name(document, "contexts")
    wanted = context or (document.get("current-context") if isinstance(document, dict) else None)
    if wanted not in contexts:
        raise SettingsError(
            f"the kubeconfig has no context {wanted!r}; allowed are {', '.join(sorted(contexts)) or 'none'}"
        )
    chosen = contexts[wanted]["context"]
    kept: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": wanted,
        "contexts": [contexts[wanted]],
    }
    for key, inner in (("clusters", "cluster"), ("users", "user")):
        entry = _by_name(document, key).get(chosen[inner])
        if entry is None:
            raise SettingsError(
                f"the kubeconfig's context {wanted!r} names the {inner} {chosen[inner]!r}, which is not there"
            )
        kept[key] = [{**entry, inner: _absolute(entry.get(inner) or {}, folder)}]
    return kept


def _by_name(document: Any, key: str) -> dict[str, Any]:
    entries = document.get(key) if isinstance(document, dict) else None
    return {entry["name"]: entry for entry in entries or []}


def _absolute(fields: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {
        key: str(folder / value) if key in _FILE_KEYS and value else value for key, value in fields.items()
    }
