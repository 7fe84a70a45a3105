"""Where things stand in objects of Kubernetes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policy.resources import Resource, Stack
from mlops_policy.views import UnknownRead, View

WORKLOADS = (
    "kubernetes:apps/*:Deployment",
    "kubernetes:apps/*:StatefulSet",
    "kubernetes:apps/*:DaemonSet",
    "kubernetes:apps/*:ReplicaSet",
    "kubernetes:core/*:ReplicationController",
    "kubernetes:batch/*:Job",
    "kubernetes:batch/*:CronJob",
    "kubernetes:core/*:Pod",
)
"""Every kind with a pod in it."""
LONG_RUNNING = WORKLOADS[:5]
"""Kinds whose pods are to run until they are replaced."""
REPLICATED = WORKLOADS[:2]
"""Kinds that keep a number of equal pods."""
NAMESPACE = "kubernetes:core/*:Namespace"
SERVICE = "kubernetes:core/*:Service"
CONFIG_MAP = "kubernetes:core/*:ConfigMap"
NETWORK_POLICY = "kubernetes:networking.k8s.io/*:NetworkPolicy"
_DEFAULT_NAMESPACE = "default"


def pod_template(resource: Resource) -> View:
    """What has the pod's metadata and specification in an object of one of WORKLOADS."""
    kind = resource.type.rpartition(":")[2]
    if kind == "Pod":
        return resource.view
    return resource.view.at("spec.jobTemplate.spec.template" if kind == "CronJob" else "spec.template")


def pod_spec(resource: Resource) -> View:
    """The pod's specification in an object of one of WORKLOADS."""
    return pod_template(resource).key("spec")


def templates(resource: Resource) -> Iterator[View]:
    """The pod with its metadata, as the one part."""
    yield pod_template(resource)


def pods(resource: Resource) -> Iterator[View]:
    """The pod's specification, as the one part."""
    yield pod_spec(resource)


def containers(resource: Resource) -> Iterator[View]:
    """Each container of the pod, those that prepare and those that debug it included."""
    yield from planned_containers(resource)
    yield from pod_spec(resource).key("ephemeralContainers").items()


def planned_containers(resource: Resource) -> Iterator[View]:
    """Each container that is there from the start, and so may ask for resources."""
    pod = pod_spec(resource)
    for key in ("containers", "initContainers"):
        yield from pod.key(key).items()


def serving_containers(resource: Resource) -> Iterator[View]:
    """Each container that runs as long as its pod; of sidecars that start first, those that have ports."""
    pod = pod_spec(resource)
    yield from pod.key("containers").items()
    for each in pod.key("initContainers").items():
        if each.key("restartPolicy").text() == "Always" and each.key("ports").given:
            yield each


def name_of(resource: Resource) -> View:
    """The object's own name."""
    return resource.view.at("metadata.name")


def namespace_of(resource: Resource) -> str:
    """The namespace that the object is in.

    Raises:
        UnknownRead: it is not known yet.
    """
    return resource.view.at("metadata.namespace").text(_DEFAULT_NAMESPACE)


def in_namespace(resource: Resource, namespace: Resource) -> bool:
    """Whether an object is in a namespace that is a resource too: by reference, or by its name."""
    if namespace.urn in resource.references.get("metadata", ()):
        return True
    name = name_of(namespace)
    return bool(name.given) and namespace_of(resource) == name.text()


def within(stack: Stack, kinds: tuple[str, ...], namespace: str) -> list[Resource]:
    """The resources of these kinds in a namespace, and those of which it is not known."""
    index: dict[str | None, list[Resource]] | None = stack.memo.get((within, kinds))
    if index is None:
        index = {}
        for each in stack.of(*kinds):
            index.setdefault(_namespace_if_known(each), []).append(each)
        stack.memo[within, kinds] = index
    return [*index.get(namespace, ()), *index.get(None, ())]


def _namespace_if_known(resource: Resource) -> str | None:
    try:
        return namespace_of(resource)
    except UnknownRead:
        return None


def names(resource: Resource, place: View, key: str, target: Resource) -> bool:
    """Whether `place`, in the input `key` of a resource, names a target: by reference, or by its name."""
    if target.urn in resource.references.get(key, ()):
        return True
    name = name_of(target)
    return bool(name.given) and place.text() == name.text()


def selects(selector: View, labels: View) -> bool:
    """Whether a label selector, which is there, takes a pod with these labels."""
    for key, wanted in selector.key("matchLabels").entries():
        if labels.key(key).text() != wanted.text():
            return False
    return all(_meets(each, labels) for each in selector.key("matchExpressions").items())


def _meets(expression: View, labels: View) -> bool:
    label = labels.key(expression.key("key").text())
    operator = expression.key("operator").text()
    if operator in ("Exists", "DoesNotExist"):
        return label.given == (operator == "Exists")
    listed = label.given and label.text() in expression.key("values").texts()
    return listed == (operator == "In")
