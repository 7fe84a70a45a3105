"""What a change of inputs means: nothing, an update or a new resource. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from echo_plugin.aws_replace import replacing
from mlops_local.kubernetes_plugin import diff
from mlops_local.kubernetes_plugin.diff import Change
from mlops_local.kubernetes_plugin.discovery import kind_of_object
from mlops_local.kubernetes_plugin.replace import Mutability, immutable_fields
from mlops_local.kubernetes_plugin.settings import is_other_cluster, settings_of
from mlops_local.kubernetes_plugin.values import has_unknown

_RELEASE = "kubernetes:helm.sh/v3:Release"
_HOW_TO_FIND = ("version", "pluginDownloadURL")
"""Inputs of a provider that say which plugin to run."""


def of_resource(token: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """The changes from old to new inputs, each marked if it needs a new resource."""
    found = diff.changes(dict(old), dict(new))
    return diff.marked(found, fields(token, new))


def fields(token: str, inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Dotted paths of the inputs whose change needs a new resource."""
    if token.startswith("aws:"):
        return replacing(token)
    if token == _RELEASE:
        return ("name", "namespace")
    kind = kind_of_object(token, dict(inputs))
    return immutable_fields(kind.group, kind.kind, Mutability())


def delete_first(token: str, made_up_name: bool) -> bool:
    """True when old and new resource cannot be there at once, because they share a name."""
    return token.startswith("kubernetes:") and not made_up_name


def of_provider(package: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """The changes of a provider's own inputs: with another cluster all that is on it is made anew.

    A kubeconfig that is not known yet is not another cluster's, as for the official plugin.
    """
    found = [change for change in diff.changes(dict(old), dict(new)) if change.path[0] not in _HOW_TO_FIND]
    if package == "aws":
        return diff.marked(found, ("region",))
    moved = not has_unknown(new) and is_other_cluster(settings_of(old, {}), settings_of(new, {}))
    return [replace(change, replaces=moved) for change in found]
