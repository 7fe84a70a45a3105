"""Where pods and containers stand in objects of Kubernetes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policy.resources import Resource
from mlops_policy.views import View

WORKLOADS = (
    "kubernetes:apps/*:Deployment",
    "kubernetes:apps/*:StatefulSet",
    "kubernetes:apps/*:DaemonSet",
    "kubernetes:apps/*:ReplicaSet",
    "kubernetes:batch/*:Job",
    "kubernetes:batch/*:CronJob",
    "kubernetes:core/*:Pod",
)
"""Every kind with a pod in it."""
LONG_RUNNING = WORKLOADS[:4]
"""Kinds whose pods are to run until they are replaced."""


def pod_spec(resource: Resource) -> View:
    """The pod's specification in an object of one of WORKLOADS."""
    kind = resource.type.rpartition(":")[2]
    if kind == "Pod":
        return resource.view.at("spec")
    template = "spec.jobTemplate.spec.template.spec" if kind == "CronJob" else "spec.template.spec"
    return resource.view.at(template)


def pods(resource: Resource) -> Iterator[View]:
    """The pod's specification, as the one part."""
    yield pod_spec(resource)


def containers(resource: Resource) -> Iterator[View]:
    """Each container of the pod, those that prepare it included."""
    pod = pod_spec(resource)
    for key in ("containers", "initContainers", "ephemeralContainers"):
        yield from pod.at(key).items()


def serving_containers(resource: Resource) -> Iterator[View]:
    """Each container that runs as long as its pod, sidecars that start first included."""
    pod = pod_spec(resource)
    yield from pod.at("containers").items()
    for each in pod.at("initContainers").items():
        if each.at("restartPolicy").text() == "Always":
            yield each
