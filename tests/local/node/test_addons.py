from __future__ import annotations

from typing import Any

import pytest
from lightkube.models.apps_v1 import DeploymentSpec, DeploymentStatus
from lightkube.models.core_v1 import (
    ContainerState,
    ContainerStateWaiting,
    ContainerStatus,
    PodStatus,
    PodTemplateSpec,
)
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Pod
from lightkube.resources.storage_v1 import StorageClass

from mlops_local.errors import NodeError
from mlops_local.node import ADDON_IMAGES, NodeSpec
from mlops_local.node.addons import addon_objects, pod_reasons, rolled_out

IMAGES = {name: f"127.0.0.1:30500/mlops/{name}@sha256:{'0' * 64}" for name in ADDON_IMAGES}


def deployments(spec: NodeSpec) -> dict[str, Any]:
    """Deployment name -> pod spec."""
    found = [item for item in addon_objects(spec, IMAGES) if isinstance(item, Deployment)]
    return {item.metadata.name: item.spec.template.spec for item in found}  # type: ignore[union-attr,misc]


def test_every_add_on_runs_the_image_that_was_given(spec: NodeSpec) -> None:
    images = {name: pod.containers[0].image for name, pod in deployments(spec).items()}
    assert images == {name: IMAGES[name] for name in ("coredns", "local-path-provisioner", "metrics-server")}


def test_every_add_on_is_unprivileged_and_bounded(spec: NodeSpec) -> None:
    for name, pod in deployments(spec).items():
        (container,) = pod.containers
        security = container.securityContext
        assert pod.securityContext.runAsNonRoot is True, name
        assert pod.securityContext.seccompProfile.type == "RuntimeDefault", name
        assert security.readOnlyRootFilesystem is True, name
        assert security.allowPrivilegeEscalation is False, name
        assert security.capabilities.drop == ["ALL"], name
        assert "memory" in container.resources.limits, name


def test_volumes_lie_below_the_nodes_home_are_the_default_and_of_the_type_that_kubelet_measures(
    spec: NodeSpec,
) -> None:
    objects = addon_objects(spec, IMAGES)
    (storage_class,) = [item for item in objects if isinstance(item, StorageClass)]
    assert storage_class.metadata is not None
    assert storage_class.metadata.name == "standard"
    assert storage_class.metadata.annotations == {
        "defaultVolumeType": "local",
        "storageclass.kubernetes.io/is-default-class": "true",
    }
    assert storage_class.volumeBindingMode == "WaitForFirstConsumer"
    config = next(item for item in objects if item.metadata and item.metadata.name == "local-path-config")
    assert '"/srv/mlops/volumes"' in config.data["config.json"]


def test_images_not_given_are_named(spec: NodeSpec) -> None:
    with pytest.raises(
        NodeError, match=r"^the add-ons need the images base, coredns; build and push these first$"
    ):
        addon_objects(spec, {"local-path-provisioner": "x", "metrics-server": "x"})


def deployment(generation: int, **status: int) -> Deployment:
    """One that wants two pods."""
    return Deployment(
        metadata=ObjectMeta(name="coredns", generation=generation),
        spec=DeploymentSpec(replicas=2, selector=LabelSelector(), template=PodTemplateSpec()),
        status=DeploymentStatus(**status),
    )


@pytest.mark.parametrize(
    ("status", "done"),
    [
        ({"observedGeneration": 3, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 2}, True),
        ({"observedGeneration": 2, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 2}, False),
        ({"observedGeneration": 3, "updatedReplicas": 2, "replicas": 3, "availableReplicas": 2}, False),
        ({"observedGeneration": 3, "updatedReplicas": 2, "replicas": 2}, False),
        ({}, False),
    ],
)
def test_a_rollout_is_done_when_only_new_pods_are_there(status: dict[str, int], done: bool) -> None:
    assert rolled_out(deployment(3, **status)) is done


def test_a_pod_says_why_it_waits() -> None:
    waiting = ContainerState(waiting=ContainerStateWaiting(reason="ErrImagePull", message="not found"))
    status = ContainerStatus(
        name="coredns", image="i", imageID="", ready=False, restartCount=0, state=waiting
    )
    pod = Pod(
        metadata=ObjectMeta(name="coredns-1"), status=PodStatus(phase="Pending", containerStatuses=[status])
    )
    assert list(pod_reasons(pod)) == ["pod coredns-1: Pending", "  container coredns: ErrImagePull not found"]
