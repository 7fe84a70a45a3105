"""What a cluster needs before anything else can run on it: names, metrics for autoscaling, and volumes.

Applied server-side after `start`, once the images are in the node's registry; every call leaves the same
objects.
"""

import time
from collections.abc import Callable, Iterator, Mapping

import lightkube
from lightkube.codecs import AnyResource, load_all_yaml
from lightkube.resources.apiregistration_v1 import APIService
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Event, Pod

from mlops_local.errors import NodeError
from mlops_local.node.access import FIELD_MANAGER
from mlops_local.node.layout import Layout
from mlops_local.node.polling import until
from mlops_local.node.readiness import API_ERRORS, api_client
from mlops_local.node.render import render
from mlops_local.node.spec import CLUSTER_DOMAIN, DNS_ADDRESS, Binaries, NodeSpec

ADDON_IMAGES = ("base", "coredns", "local-path-provisioner", "metrics-server")
"""Names that `apply_addons` needs a reference for; `base` must hold a shell, mkdir and rm."""
STORAGE_CLASS = "standard"

_DEPLOYMENTS = (
    ("kube-system", "coredns"),
    ("local-path-storage", "local-path-provisioner"),
    ("kube-system", "metrics-server"),
)
_METRICS_API = "v1beta1.metrics.k8s.io"
_READY_SECONDS = 120.0
_POLL_SECONDS = 0.3


def apply_addons(
    spec: NodeSpec, binaries: Binaries, images: Mapping[str, str], report: Callable[[str], None]
) -> None:
    """Apply CoreDNS, metrics-server and the StorageClass `standard`, and return when all of them work.

    `images`: name -> reference by digest, for each of ADDON_IMAGES. Raises NodeError: an image is missing, or
    why an add-on is not ready.
    """
    objects = addon_objects(spec, images)
    with api_client(spec) as client:
        report("Applying cluster DNS, metrics and storage")
        for item in objects:
            _apply(client, item)
        _await_all(client, report)


def _await_all(client: lightkube.Client, report: Callable[[str], None]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    for namespace, name in _DEPLOYMENTS:
        report(f"Waiting for {name}")
        _await(client, namespace, name, deadline)
    if not until(lambda: _metrics_served(client), deadline - time.monotonic(), _POLL_SECONDS):
        raise NodeError(_reasons(client, "kube-system", "metrics-server"))


def addon_objects(spec: NodeSpec, images: Mapping[str, str]) -> list[AnyResource]:
    """Every object of the add-ons, in the order of applying. Raises NodeError naming the images not given."""
    missing = [name for name in ADDON_IMAGES if name not in images]
    if missing:
        raise NodeError(f"the add-ons need the images {', '.join(missing)}; build and push these first")
    dns = {"cluster_domain": CLUSTER_DOMAIN, "dns_address": DNS_ADDRESS}
    storage = {"helper_image": images["base"], "volumes": Layout(spec.home).volumes}
    texts = (
        render("addons/coredns.yaml", image=images["coredns"], **dns),
        render("addons/local-path.yaml", image=images["local-path-provisioner"], **storage),
        render("addons/metrics-server.yaml", image=images["metrics-server"]),
    )
    return [item for text in texts for item in load_all_yaml(text)]


def _apply(client: lightkube.Client, item: AnyResource) -> None:
    try:
        client.apply(item, field_manager=FIELD_MANAGER, force=True)
    except API_ERRORS as error:
        meta = item.metadata
        raise NodeError(
            f"the API server did not take {type(item).__name__} {meta and meta.name}: {error}; "
            "run the command again"
        ) from error


def _await(client: lightkube.Client, namespace: str, name: str, deadline: float) -> None:
    rest = deadline - time.monotonic()
    if not until(lambda: _is_rolled_out(client, namespace, name), rest, _POLL_SECONDS):
        raise NodeError(_reasons(client, namespace, name))


def _is_rolled_out(client: lightkube.Client, namespace: str, name: str) -> bool:
    try:
        return rolled_out(client.get(Deployment, name, namespace=namespace))
    except API_ERRORS:
        return False


def rolled_out(deployment: Deployment) -> bool:
    """Whether the newest pods, and only those, are available (`kubectl rollout status`)."""
    status, meta, spec = deployment.status, deployment.metadata, deployment.spec
    if status is None or meta is None or spec is None:
        return False
    return (status.observedGeneration or 0) >= (meta.generation or 0) and (
        status.updatedReplicas == status.replicas == status.availableReplicas == spec.replicas
    )


def _metrics_served(client: lightkube.Client) -> bool:
    try:
        service = client.get(APIService, _METRICS_API)
    except API_ERRORS:
        return False
    conditions = (service.status and service.status.conditions) or []
    return any(condition.type == "Available" and condition.status == "True" for condition in conditions)


def _reasons(client: lightkube.Client, namespace: str, name: str) -> str:
    lines = [f"{name} is not ready after {_READY_SECONDS:.0f} s"]
    try:
        lines += _pod_lines(client, namespace, name)
    except API_ERRORS as error:
        lines.append(f"the API server does not say why: {error}")
    return "\n".join([*lines, "Running the same command again continues from here."])


def _pod_lines(client: lightkube.Client, namespace: str, name: str) -> list[str]:
    lines: list[str] = []
    for pod in client.list(Pod, namespace=namespace):
        if not _name(pod).startswith(f"{name}-"):
            continue
        lines += pod_reasons(pod)
        lines += [
            f"  event {event.reason}: {event.message}"
            for event in client.list(Event, namespace=namespace, fields={"involvedObject.name": _name(pod)})
            if event.type == "Warning"
        ][-3:]
        lines += [f"  log: {line}" for line in _log(client, namespace, _name(pod))]
    return lines


def pod_reasons(pod: Pod) -> Iterator[str]:
    """What a pod says about itself, one line for each container that does not run."""
    phase = (pod.status and pod.status.phase) or "unknown"
    yield f"pod {_name(pod)}: {phase}"
    for container in (pod.status and pod.status.containerStatuses) or []:
        state = container.state and (container.state.waiting or container.state.terminated)
        if state:
            yield f"  container {container.name}: {state.reason} {state.message or ''}".rstrip()


def _log(client: lightkube.Client, namespace: str, pod: str) -> list[str]:
    try:
        return [line.rstrip() for line in client.log(pod, namespace=namespace, tail_lines=5)]
    except API_ERRORS:
        return []


def _name(pod: Pod) -> str:
    return (pod.metadata and pod.metadata.name) or ""
