"""When claims, namespaces and custom resource definitions are ready: their own status says it."""

from __future__ import annotations

from mlops_local.kubernetes_plugin.readiness.fields import (
    Object,
    because,
    condition,
    holds,
    spec_of,
    status_of,
)
from mlops_local.kubernetes_plugin.readiness.related import NOTHING, Related
from mlops_local.kubernetes_plugin.readiness.states import READY, Failed, State, Waiting


def state_of_claim(obj: Object, related: Related = NOTHING) -> State:
    """Bound; or pending when its StorageClass binds only for a pod that mounts it."""
    phase = status_of(obj).get("phase", "Pending")
    if phase == "Bound":
        return READY
    if phase == "Lost":
        return Failed(("the volume of this PersistentVolumeClaim is lost: restore it, or delete the claim",))
    name = spec_of(obj).get("storageClassName")
    if related.storage_class is None:
        missing = f"StorageClass {name} does not exist" if name else "it names no StorageClass"
        return Waiting(f"the claim is {phase}; {missing}, so only an existing volume can be bound")
    if related.storage_class.get("volumeBindingMode") == "WaitForFirstConsumer":
        return READY
    return Waiting(f"the claim is {phase}; StorageClass {name} has not made a volume yet")


def state_of_definition(obj: Object, _: Related = NOTHING) -> State:
    """Its names are accepted and its kind is served."""
    names = condition(obj, "NamesAccepted")
    if names.get("status") == "False":
        return Failed((f"the names of this CustomResourceDefinition are taken: {because(names)}",))
    if holds(obj, "Established") and holds(obj, "NamesAccepted"):
        return READY
    return Waiting("the API server does not serve the new kind yet")


def state_of_namespace(obj: Object, _: Related = NOTHING) -> State:
    """Active."""
    phase = status_of(obj).get("phase", "Active")
    if phase == "Active":
        return READY
    return Failed((f"the Namespace is {phase}: wait until it is gone, then run again",))
