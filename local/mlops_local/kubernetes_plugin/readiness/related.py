"""The objects besides the awaited one that its rule looks at, and how they are asked for.

Everything here is reading; the rules that judge what was read are pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mlops_local.kubernetes_plugin.errors import ApiError
from mlops_local.kubernetes_plugin.readiness.fields import (
    Object,
    annotations_of,
    is_owned_by,
    labels_of,
    name_of,
    namespace_of,
    selector_text,
    spec_of,
)

REVISION = "deployment.kubernetes.io/revision"
TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
PODS = "pods"


class Client(Protocol):
    """The part of the plugin's `ApiClient` that waiting needs."""

    def get(self, path: str) -> dict[str, Any] | None:
        """One object; None when there is none."""

    def list(self, path: str, params: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """The items of a collection."""

    def log_tail(self, namespace: str, pod: str, container: str, lines: int) -> str:
        """The last lines of a container's log; of its last run when it waits for a restart."""

    def path_of(self, target: Mapping[str, Any], /) -> str:
        """The path of an object."""


@dataclass(frozen=True)
class Related:
    """What a rule may look at besides the object; empty where its kind needs none.

    Pods being deleted are left out; so are those of an older revision, except of a StatefulSet,
    which cannot go on before they are ready.
    """

    pods: Sequence[Object] = ()
    makers: Sequence[Object] = ()
    """Between the object and its pods: the current ReplicaSet of a Deployment."""
    events: Sequence[Object] = ()
    """Warnings on the object itself."""
    endpoint_slices: Sequence[Object] = ()
    storage_class: Object | None = None
    ingress_classes: Sequence[Object] = ()


NOTHING = Related()


def of_deployment(client: Client, live: Object) -> Related:
    """The current ReplicaSet and its pods."""
    selector = selector_text(spec_of(live).get("selector"))
    path = f"/apis/apps/v1/namespaces/{namespace_of(live)}/replicasets"
    sets = [each for each in listed(client, path, selector) if is_owned_by(each, live)]
    newest = max(sets, key=lambda each: int(annotations_of(each).get(REVISION, 0)), default=None)
    if newest is None:
        return NOTHING
    return Related(pods=owned_pods(client, newest, selector), makers=(newest,))


def of_owner(client: Client, live: Object) -> Related:
    """The pods of a StatefulSet or Job, and its warnings while it has none."""
    pods = owned_pods(client, live, selector_text(spec_of(live).get("selector")))
    return Related(pods=pods, events=() if pods else warnings(client, live))


def of_daemon_set(client: Client, live: Object) -> Related:
    """The pods of the newest template, and the warnings while there is no pod at all."""
    found = of_owner(client, live)
    newest = annotations_of(live).get(TEMPLATE_GENERATION)
    pods = [pod for pod in found.pods if labels_of(pod).get("pod-template-generation", newest) == newest]
    return Related(pods=pods, events=found.events)


def of_service(client: Client, live: Object) -> Related:
    """The pods it selects, and its EndpointSlices."""
    selector = selector_text({"matchLabels": spec_of(live).get("selector")})
    if not selector:
        return NOTHING
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace_of(live)}/endpointslices"
    return Related(
        pods=living(listed(client, f"/api/v1/namespaces/{namespace_of(live)}/{PODS}", selector)),
        endpoint_slices=listed(client, path, f"kubernetes.io/service-name={name_of(live)}"),
    )


def of_claim(client: Client, live: Object) -> Related:
    """Its StorageClass."""
    name = spec_of(live).get("storageClassName")
    if not name:
        return NOTHING
    return Related(storage_class=_readable(client, f"/apis/storage.k8s.io/v1/storageclasses/{name}"))


def of_ingress(client: Client, live: Object) -> Related:
    """The IngressClasses of the cluster."""
    return Related(ingress_classes=listed(client, "/apis/networking.k8s.io/v1/ingressclasses", ""))


def of_pod(client: Client, live: Object) -> Related:
    """The pod itself."""
    return Related(pods=(live,))


def of_nothing(client: Client, live: Object) -> Related:
    """For kinds whose own status says all."""
    return NOTHING


def owned_pods(client: Client, owner: Object, selector: str) -> list[Object]:
    """The pods that `owner` made, oldest first, without those being deleted."""
    path = f"/api/v1/namespaces/{namespace_of(owner)}/{PODS}"
    return [pod for pod in living(listed(client, path, selector)) if is_owned_by(pod, owner)]


def living(pods: Sequence[Object]) -> list[Object]:
    """Oldest first, without those being deleted."""
    kept = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    return sorted(kept, key=lambda pod: (str(pod["metadata"].get("creationTimestamp")), name_of(pod)))


def warnings(client: Client, obj: Object) -> list[Object]:
    """The warning events of one object, oldest first."""
    namespace = namespace_of(obj) or "default"
    fields = f"involvedObject.uid={obj['metadata'].get('uid')},type=Warning"
    found = listed(client, f"/api/v1/namespaces/{namespace}/events", "", fields)
    return sorted(found, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))


def listed(client: Client, path: str, selector: str, fields: str = "") -> Sequence[Object]:
    """A collection; empty when the user may not read it, since the object's own status goes far."""
    params = {"labelSelector": selector, "fieldSelector": fields}
    try:
        return client.list(path, {key: value for key, value in params.items() if value})
    except ApiError as error:
        if error.code in (403, 404):
            return []
        raise


def _readable(client: Client, path: str) -> Object | None:
    try:
        return client.get(path)
    except ApiError as error:
        if error.code == 403:
            return None
        raise
