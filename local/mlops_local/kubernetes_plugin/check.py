"""Check: completes what the program declares, or says what cannot be accepted."""

from __future__ import annotations

from mlops_local.kubernetes_plugin import names
from mlops_local.kubernetes_plugin.discovery import kind_of_object, refuse_lists_and_patches
from mlops_local.kubernetes_plugin.errors import InputError
from mlops_local.kubernetes_plugin.session import Session
from mlops_local.kubernetes_plugin.state import secret_parts
from mlops_local.kubernetes_plugin.values import (
    Properties,
    Tree,
    Unknown,
    plain_map,
    property_map,
    secret_mask_map,
)


def check(
    session: Session,
    token: str,
    name: str,
    olds: Properties,
    news: Properties,
    seed: bytes,
    proposal: names.Proposal | None,
) -> Properties:
    """The inputs with kind, name, namespace and field manager filled in.

    Raises:
        InputError: a value that cannot be accepted.
        UnsupportedTypeError: a type of resource that this plugin does not do.
    """
    declared, before = plain_map(news), plain_map(olds)
    kind = kind_of_object(token, declared)
    refuse_lists_and_patches(token, kind)
    if "metadata" in declared and not isinstance(declared["metadata"], dict | Unknown):
        raise InputError("metadata", "must be an object, with `name`, `namespace`, `labels` and the like")
    declared = {**declared, "apiVersion": declared.get("apiVersion", kind.api_version), "kind": kind.kind}
    session.note_definition(declared)
    declared = names.with_name(declared, before, name, seed, proposal)
    declared = names.with_namespace(declared, session.namespace, session.is_namespaced(kind))
    declared[names.MANAGER_KEY] = names.field_manager(declared, before, seed)
    return property_map(_without_server_fields(declared), secret_parts(declared, secret_mask_map(news)))


def _without_server_fields(declared: Tree) -> Tree:
    """Status is the cluster's to write; a manifest copied from a cluster may carry it."""
    return {key: item for key, item in declared.items() if key != "status"}
