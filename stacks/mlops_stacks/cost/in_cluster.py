"""What objects in the cluster make at AWS: volumes and load balancers. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mlops_stacks.cost.lines import Line
from mlops_stacks.cost.reading import gib_of, items, known, part
from mlops_stacks.cost.services import Here, Pricer, balancer
from mlops_stacks.recording import Resource

_GROUP: Final = "alb.ingress.kubernetes.io/group.name"
_SCHEME: Final = "alb.ingress.kubernetes.io/scheme"
_SERVICE_SCHEME: Final = "service.beta.kubernetes.io/aws-load-balancer-scheme"
_INGRESS: Final = "kubernetes:networking.k8s.io/v1:Ingress"


def _stateful_set(resource: Resource, here: Here) -> Iterator[Line]:
    spec = resource.inputs.get("spec")
    claims = items(part(spec, "volumeClaimTemplates"))
    if not claims:
        return
    replicas = int(part(spec, "replicas") or 1)
    yield _volumes(resource, here, replicas, sum(_claimed(part(claim, "spec")) for claim in claims))


def _claim(resource: Resource, here: Here) -> Iterator[Line]:
    yield _volumes(resource, here, 1, _claimed(known(resource, "spec", {})))


def _claimed(spec: object) -> float:
    return gib_of(part(part(part(spec, "resources"), "requests"), "storage"))


def _volumes(resource: Resource, here: Here, count: int, gib: float) -> Line:
    cost = count * gib * here.unit("gp3_gb_month")
    return here.line(resource, f"{count} x {gib:g} GiB gp3", cost, "gp3_gb_month")


def _service(resource: Resource, here: Here) -> Iterator[Line]:
    if part(resource.inputs.get("spec"), "type") != "LoadBalancer":
        return
    public = _annotations(resource).get(_SERVICE_SCHEME) == "internet-facing"
    yield balancer(resource, here, network=True, public_addresses=here.zones() if public else 0)


def _ingress(resource: Resource, here: Here) -> Iterator[Line]:
    if part(resource.inputs.get("spec"), "ingressClassName") != "alb":
        return
    group = _annotations(resource).get(_GROUP)
    if group is not None and _first_of_group(resource, here, group) != resource.urn:
        yield here.line(resource, f"on the load balancer of group {group}", 0.0)
        return
    public = _annotations(resource).get(_SCHEME) == "internet-facing"
    yield balancer(resource, here, network=False, public_addresses=here.zones() if public else 0)


def _first_of_group(resource: Resource, here: Here, group: str) -> str:
    mates = [
        each.urn
        for each in here.tree.document.resources
        if each.type == _INGRESS and _annotations(each).get(_GROUP) == group
    ]
    return min(mates, default=resource.urn)


def _gateway(resource: Resource, here: Here) -> Iterator[Line]:
    """A Gateway of AWS's controller is one load balancer; whether it is public is in another object."""
    name = str(part(resource.inputs.get("spec"), "gatewayClassName") or "")
    if "alb" not in name and "nlb" not in name and "aws" not in name:
        return
    here.notes.append(f"Gateway {resource.name}: counted as public, with an address in each zone")
    yield balancer(resource, here, network="nlb" in name, public_addresses=here.zones())


def _annotations(resource: Resource) -> dict[str, str]:
    found = part(resource.inputs.get("metadata"), "annotations")
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


IN_CLUSTER: Final[dict[str, Pricer]] = {
    "kubernetes:apps/v1:StatefulSet": _stateful_set,
    "kubernetes:core/v1:PersistentVolumeClaim": _claim,
    "kubernetes:core/v1:Service": _service,
    "kubernetes:gateway.networking.k8s.io/v1:Gateway": _gateway,
    _INGRESS: _ingress,
}
"""By type token, as in `services.PRICED`."""
