"""Diff and Read: what an update would change, and what the cluster holds now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pulumi.provider.experimental.provider import DiffResponse

from mlops_local.kubernetes_plugin import names, state
from mlops_local.kubernetes_plugin.apply import apply
from mlops_local.kubernetes_plugin.diff import Change, changes, confirmed, marked, parse_path, response
from mlops_local.kubernetes_plugin.discovery import kind_of_object
from mlops_local.kubernetes_plugin.errors import ApiError, ConflictError, KindNotFoundError
from mlops_local.kubernetes_plugin.lifecycle import forces
from mlops_local.kubernetes_plugin.replace import IDENTITY, covers, immutable_fields, needs_replacement
from mlops_local.kubernetes_plugin.session import Session, placed
from mlops_local.kubernetes_plugin.values import (
    Properties,
    Tree,
    has_unknown,
    plain_map,
    property_map,
    secret_mask_map,
)


def compare(session: Session, identity: str, olds: Properties, news: Properties) -> DiffResponse:
    """What an update from the remembered `olds` to the inputs `news` would change.

    Raises:
        ApiError: the API server would refuse the update, and a new object too.
    """
    remembered, declared = plain_map(olds), plain_map(news)
    old, new = aligned(
        identity, state.manifest(remembered.get(state.INPUTS_KEY) or {}), state.manifest(declared)
    )
    found = changes(old, new)
    if not found:
        return DiffResponse(changes=False)
    group = kind_of_object("", new).group
    moved = bool(old) and kind_of_object("", old).group != group
    identity_fields = ("apiVersion", *IDENTITY) if moved else IDENTITY
    fields = immutable_fields(group, str(new["kind"]), session.settings.mutability)
    found = marked(found, (*identity_fields, *fields))
    is_another = any(needs_replacement(change.path, identity_fields) for change in found)
    if not is_another and not has_unknown(new):
        manager = names.field_manager(declared, remembered)
        found = with_dry_run(session, found, new, manager)
    return response(found, deletes_first(old, new))


def aligned(identity: str, old: Tree, new: Tree) -> tuple[Tree, Tree]:
    """Both objects with the namespace that the object really has."""
    namespace, _ = names.split_id(identity)
    if not isinstance(new.get("metadata"), dict) or not isinstance(old.get("metadata"), dict):
        return old, new
    if namespace is None:
        return names.with_namespace(old, "", False), names.with_namespace(new, "", False)
    return names.with_namespace(old, namespace, True), names.with_namespace(new, namespace, True)


def deletes_first(old: Tree, new: Tree) -> bool:
    """A replacement of the same name can only be made once the old object is gone."""
    if names.is_autonamed(new) or not old:
        return False
    return bool(names.name_of(old) == names.name_of(new))


def with_dry_run(session: Session, found: Sequence[Change], new: Tree, manager: str) -> list[Change]:
    """The changes that the server would really make, replacing where it refuses an update."""
    try:
        endpoint = session.client.discovery.endpoint(kind_of_object("", new))
        sent, path = placed(new, endpoint)
        live = session.client.get(path)
        if live is None:
            return list(found)
        after = apply(session.client, path, sent, manager, force=forces(session, new), dry_run=True)
    except (ConflictError, KindNotFoundError):
        # The update itself tells of the conflict; a refresh must still be able to show the drift.
        return list(found)
    except ApiError as error:
        if error.code not in (403, 422):
            raise
        return replacing(found, error)
    return confirmed(found, live, after)


def replacing(found: Sequence[Change], error: ApiError) -> list[Change]:
    """The changes, marked as replacing where the server says that a field cannot be updated.

    Raises:
        ApiError: it was refused for another reason.
    """
    if any(change.replaces for change in found):
        return list(found)
    fields = [
        ".".join(part for part in parse_path(str(cause.get("field", ""))) if isinstance(part, str))
        for cause in error.unchangeable
    ]
    blamed = [
        replace(change, replaces=any(covers(field, change.path) for field in fields)) for change in found
    ]
    if not any(change.replaces for change in blamed):
        raise error
    return blamed


def read(
    session: Session, token: str, identity: str, olds: Properties, inputs: Properties
) -> tuple[Properties, Properties] | None:
    """Outputs and inputs of the object as it is now; None when it is gone."""
    remembered, declared = plain_map(olds), plain_map(inputs)
    known = remembered or declared
    try:
        endpoint = session.client.discovery.endpoint(kind_of_object(token, known))
    except KindNotFoundError:
        return None
    live = session.client.get(endpoint.path(*names.split_id(identity)))
    if live is None:
        return None
    if remembered and declared:
        found = state.refreshed_inputs(declared, _live_part(remembered), state.in_state(live))
    else:
        found = state.imported_inputs(live)
    masks = secret_mask_map(inputs)
    manager = names.field_manager(found, {**declared, **remembered}, identity.encode())
    version = str(remembered.get(state.VERSION_KEY) or live["apiVersion"])
    outputs = state.outputs(live, found, masks, manager, version)
    return outputs, property_map(found, state.secret_parts(found, masks))


def _live_part(remembered: Tree) -> Tree:
    return {key: item for key, item in remembered.items() if not key.startswith("__")}
