"""When a Service has somebody behind it and an Ingress has an address."""

from __future__ import annotations

from collections.abc import Sequence

from mlops_local.kubernetes_plugin.readiness.fields import (
    Object,
    annotations_of,
    name_of,
    spec_of,
    status_of,
)
from mlops_local.kubernetes_plugin.readiness.pods import with_note
from mlops_local.kubernetes_plugin.readiness.related import NOTHING, Related
from mlops_local.kubernetes_plugin.readiness.states import READY, State, Waiting

DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
OLD_CLASS = "kubernetes.io/ingress.class"
ENDED = ("Succeeded", "Failed")


def state_of_service(obj: Object, related: Related = NOTHING) -> State:
    """A ready endpoint stands behind it, and a load balancer has its address.

    A Service that selects no pod at all is ready at once: its workload may come after it, and
    may even wait for it.
    """
    spec = spec_of(obj)
    if spec.get("type") == "ExternalName":
        return READY
    if spec.get("type") == "LoadBalancer" and not _has_address(obj):
        return Waiting("no address from the load balancer yet")
    if spec.get("clusterIP") == "None" or not spec.get("selector"):
        return READY
    pods = [pod for pod in related.pods if status_of(pod).get("phase") not in ENDED]
    if not pods or _has_endpoint(related.endpoint_slices):
        return READY
    return Waiting(with_note(f"none of the {len(pods)} selected pods is ready", pods))


def state_of_ingress(obj: Object, related: Related = NOTHING) -> State:
    """A controller has given it an address; without a controller for its class there is none to wait for."""
    if _has_address(obj):
        return READY
    name = spec_of(obj).get("ingressClassName") or annotations_of(obj).get(OLD_CLASS)
    found = [each for each in related.ingress_classes if _is_meant(each, name)]
    if not found:
        return READY
    return Waiting(f"no address from the controller of IngressClass {name_of(found[0])} yet; is it running?")


def _is_meant(ingress_class: Object, name: str | None) -> bool:
    if name:
        return name_of(ingress_class) == name
    return annotations_of(ingress_class).get(DEFAULT_CLASS) == "true"


def _has_address(obj: Object) -> bool:
    return bool((status_of(obj).get("loadBalancer") or {}).get("ingress"))


def _has_endpoint(slices: Sequence[Object]) -> bool:
    """The API's rule: an endpoint that does not say whether it is ready counts as ready."""
    return any(
        (endpoint.get("conditions") or {}).get("ready") is not False
        for part in slices
        for endpoint in part.get("endpoints") or ()
    )
