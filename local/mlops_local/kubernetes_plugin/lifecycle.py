"""Create, update and delete one object, or preview that with a server-side dry run.

Between `provider` (the engine's requests) and `apply`, `readiness` and `delete` (the API server).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlops_local.kubernetes_plugin import delete as deletion
from mlops_local.kubernetes_plugin import names, readiness, state
from mlops_local.kubernetes_plugin.apply import FORCE, apply, leave_to_others, manager_in
from mlops_local.kubernetes_plugin.discovery import Endpoint, kind_of_object
from mlops_local.kubernetes_plugin.errors import (
    AlreadyExistsError,
    ApiError,
    ClusterUnreachableError,
    KindNotFoundError,
    PartialStateError,
    PluginError,
)
from mlops_local.kubernetes_plugin.session import Session, is_missing_prerequisite, placed
from mlops_local.kubernetes_plugin.values import (
    Mask,
    Properties,
    Tree,
    has_unknown,
    plain_map,
    property_map,
    secret_mask_map,
)

DELETE_SECONDS = 600.0


@dataclass(frozen=True)
class Resource:
    """One declared object on its way to the cluster; `custom_seconds` is 0 when not set."""

    urn: str
    declared: Tree
    masks: Mapping[str, Mask]
    manager: str
    first_version: str
    custom_seconds: float

    @property
    def sent(self) -> Tree:
        """The object as the API server gets it."""
        return state.manifest(self.declared)

    def outputs(self, live: Tree) -> Properties:
        """What Pulumi remembers when the object is `live`."""
        return state.outputs(live, self.declared, self.masks, self.manager, self.first_version)


def resource(urn: str, inputs: Properties, olds: Properties | None, custom_seconds: float) -> Resource:
    """The declared object of a Create or Update request."""
    declared, before = plain_map(inputs), plain_map(olds or {})
    return Resource(
        urn=urn,
        declared=declared,
        masks=secret_mask_map(inputs),
        manager=names.field_manager(declared, {**declared, **_manager_of(before)}),
        first_version=str(before.get(state.VERSION_KEY) or declared["apiVersion"]),
        custom_seconds=custom_seconds,
    )


def _manager_of(before: Tree) -> Tree:
    return {names.MANAGER_KEY: before[names.MANAGER_KEY]} if before.get(names.MANAGER_KEY) else {}


def create(session: Session, new: Resource) -> tuple[str, Properties]:
    """Create the object, wait until it is ready, return its id and outputs.

    Raises:
        AlreadyExistsError: an object of that name exists, which this stack did not make.
        PartialStateError: it was created and is not ready.
    """
    endpoint = session.patiently(lambda: session.client.discovery.endpoint(kind_of_object("", new.declared)))
    sent, path = placed(new.sent, endpoint)
    existing = session.client.get(path)
    if existing and existing["metadata"].get("deletionTimestamp"):
        uid, log = existing["metadata"]["uid"], session.log_for(new.urn)
        deletion.wait_until_gone(session.client, path, uid, DELETE_SECONDS, log, session.cancelled)
        existing = None
    if existing:
        new = adopted(session, new, existing)
    force = forces(session, sent)

    def applied() -> Tree:
        return session.patiently(lambda: apply(session.client, path, sent, new.manager, force=force))

    try:
        live = applied()
    except ApiError as error:
        if existing is None or manager_in(existing) is None or not error.refuses_a_change:
            raise
        # An interrupted run made it for other inputs, and it cannot become what is declared now.
        log, uid = session.log_for(new.urn), existing["metadata"]["uid"]
        deletion.delete(session.client, path, new.declared, DELETE_SECONDS, log, session.cancelled)
        deletion.wait_until_gone(session.client, path, uid, DELETE_SECONDS, log, session.cancelled)
        live = applied()
    return finish(session, new, live)


def adopted(session: Session, new: Resource, existing: Tree) -> Resource:
    """The resource with the field manager that an interrupted run created `existing` with."""
    manager = manager_in(existing)
    if manager and manager != new.manager and not names.annotation(new.declared, names.PATCH_MANAGER):
        return Resource(**{**vars(new), "manager": manager})
    if manager or session.settings.upsert or forces(session, new.declared):
        return new
    raise AlreadyExistsError(
        f"{existing['kind']} {names.resource_id(existing)} exists already and was not made by Pulumi. "
        f"Import it (`import_={names.resource_id(existing)!r}`), give this one another name, "
        f'or take it over with the annotation {FORCE}: "true".'
    )


def update(session: Session, new: Resource, ignored: Sequence[str]) -> Properties:
    """Change the object, wait until it is ready, return its outputs.

    Raises:
        ConflictError: another field manager owns a field that would change.
        PartialStateError: it was changed and is not ready.
    """
    sent, path = placed(new.sent, endpoint_of(session, new))
    sent = _yielding(session, sent, path, ignored, new.manager)
    live = apply(session.client, path, sent, new.manager, force=forces(session, sent))
    return finish(session, new, live)[1]


def _yielding(session: Session, sent: Tree, path: str, ignored: Sequence[str], manager: str) -> Tree:
    live = session.client.get(path) if ignored else None
    return leave_to_others(sent, live, ignored, manager) if live else sent


def finish(session: Session, new: Resource, live: Tree) -> tuple[str, Properties]:
    """Wait for readiness; whatever goes wrong now, the engine must remember that the object exists."""
    identity = names.resource_id(live)
    if readiness.skips(live):
        return identity, new.outputs(live)
    seconds = readiness.timeout_seconds(live, new.custom_seconds)
    try:
        live = readiness.wait_ready(
            session.client, live, seconds, session.log_for(new.urn), session.cancelled
        )
    except readiness.NotReady as error:
        raise _partial(new, identity, error.live or live, error.reasons) from error
    except PluginError as error:
        raise _partial(new, identity, live, [str(error)]) from error
    return identity, new.outputs(live)


def _partial(new: Resource, identity: str, live: Tree, reasons: Sequence[str]) -> PartialStateError:
    message = f"{live['kind']} {identity} was written but is not ready"
    inputs = property_map(new.declared, state.secret_parts(new.declared, new.masks))
    return PartialStateError(message, identity, new.outputs(live), reasons, inputs)


def preview_create(session: Session, new: Resource) -> Properties:
    """The outputs that creating would have, as far as they can be known.

    Raises:
        AlreadyExistsError: as creating would.
        ApiError: the API server would refuse the object.
    """
    after: Tree | None = None
    try:
        if not has_unknown(new.declared):
            sent, path = placed(new.sent, endpoint_of(session, new))
            existing = session.client.get(path)
            if existing:
                # Being replaced: the dry run would be an update of the old object.
                adopted(session, new, existing)
            else:
                after = apply(
                    session.client, path, sent, new.manager, force=forces(session, sent), dry_run=True
                )
    except (KindNotFoundError, ApiError) as error:
        if not is_missing_prerequisite(error):
            raise
    tree = state.previewed(new.declared, after, None)
    return new.outputs(tree)


def preview_update(session: Session, new: Resource, olds: Properties, ignored: Sequence[str]) -> Properties:
    """The outputs that updating would have, as far as they can be known."""
    before = {key: item for key, item in plain_map(olds).items() if not key.startswith("__")}
    after: Tree | None = None
    try:
        if not has_unknown(new.declared):
            sent, path = placed(new.sent, endpoint_of(session, new))
            sent = _yielding(session, sent, path, ignored, new.manager)
            after = apply(session.client, path, sent, new.manager, force=forces(session, sent), dry_run=True)
    except (KindNotFoundError, ApiError) as error:
        if not is_missing_prerequisite(error):
            raise
    return new.outputs(state.previewed(new.declared, after, before))


def remove(session: Session, urn: str, identity: str, olds: Properties, custom_seconds: float) -> None:
    """Delete the object and wait for its end; gone already, or its kind gone, is fine."""
    remembered = plain_map(olds)
    declared = remembered.get(state.INPUTS_KEY) or remembered
    try:
        endpoint = session.client.discovery.endpoint(kind_of_object("", remembered))
        path = endpoint.path(*names.split_id(identity))
        seconds = custom_seconds or DELETE_SECONDS
        deletion.delete(session.client, path, declared, seconds, session.log_for(urn), session.cancelled)
    except KindNotFoundError:
        return
    except ClusterUnreachableError as error:
        if not session.settings.delete_unreachable:
            raise
        session.progress.warn(urn, f"taken off the state although {error}")


def endpoint_of(session: Session, new: Resource) -> Endpoint:
    """Where the resource's kind is served."""
    return session.client.discovery.endpoint(kind_of_object("", new.declared))


def forces(session: Session, declared: Tree) -> bool:
    """Whether fields are taken from other managers."""
    if names.annotation(declared, FORCE) is not None:
        return names.is_true(declared, FORCE)
    return session.settings.patch_force
