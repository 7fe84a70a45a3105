from __future__ import annotations

from typing import Any

import pytest

from mlops_local.kubernetes_plugin.readiness.networks import state_of_ingress, state_of_service
from mlops_local.kubernetes_plugin.readiness.related import NOTHING, Related
from mlops_local.kubernetes_plugin.readiness.states import READY, State, Waiting
from scripted_cluster import made, pod, ready_pod, waiting

SELECTOR = {"selector": {"app": "web"}, "clusterIP": "10.96.0.9", "type": "ClusterIP"}
BALANCER = SELECTOR | {"type": "LoadBalancer"}
ADDRESS = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
STARTING = pod(containers=[waiting("ContainerCreating")])
NOBODY = Waiting("none of the 1 selected pods is ready; pod web-1: ContainerCreating")


def slices(*ready: bool | None) -> list[dict[str, Any]]:
    conditions = [{} if each is None else {"ready": each} for each in ready]
    return [{"endpoints": [{"addresses": ["10.0.0.1"], "conditions": each} for each in conditions]}]


@pytest.mark.parametrize(
    ("spec", "status", "related", "expected"),
    [
        (SELECTOR, {}, NOTHING, READY),
        (SELECTOR, {}, Related(pods=[STARTING], endpoint_slices=slices()), NOBODY),
        (SELECTOR, {}, Related(pods=[STARTING], endpoint_slices=[{"endpoints": None}]), NOBODY),
        (SELECTOR, {}, Related(pods=[STARTING], endpoint_slices=slices(False)), NOBODY),
        (SELECTOR, {}, Related(pods=[STARTING], endpoint_slices=slices(False, True)), READY),
        (SELECTOR, {}, Related(pods=[ready_pod()], endpoint_slices=slices(None)), READY),
        (SELECTOR, {}, Related(pods=[pod(phase="Succeeded"), pod(phase="Failed")]), READY),
        (SELECTOR | {"clusterIP": "None"}, {}, Related(pods=[STARTING]), READY),
        ({"clusterIP": "10.96.0.9"}, {}, NOTHING, READY),
        ({"type": "ExternalName", "externalName": "x.example"}, {}, NOTHING, READY),
        (BALANCER, {}, NOTHING, Waiting("no address from the load balancer yet")),
        (BALANCER, {"loadBalancer": {}}, NOTHING, Waiting("no address from the load balancer yet")),
        (BALANCER, ADDRESS, Related(pods=[STARTING]), NOBODY),
        (BALANCER, ADDRESS, Related(pods=[ready_pod()], endpoint_slices=slices(True)), READY),
    ],
)
def test_service_waits_for_an_endpoint_only_when_there_are_pods_to_wait_for(
    spec: dict[str, Any], status: dict[str, Any], related: Related, expected: State
) -> None:
    assert state_of_service(made("v1", "Service", spec=spec, status=status), related) == expected


NGINX = {"metadata": {"name": "nginx"}}
DEFAULT = {
    "metadata": {"name": "main", "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}}
}


def no_address(name: str) -> Waiting:
    return Waiting(f"no address from the controller of IngressClass {name} yet; is it running?")


@pytest.mark.parametrize(
    ("metadata", "spec", "status", "classes", "expected"),
    [
        ({}, {"ingressClassName": "nginx"}, {}, [], READY),
        ({}, {"ingressClassName": "nginx"}, {}, [DEFAULT, NGINX], no_address("nginx")),
        ({}, {"ingressClassName": "nginx"}, ADDRESS, [NGINX], READY),
        ({"annotations": {"kubernetes.io/ingress.class": "nginx"}}, {}, {}, [NGINX], no_address("nginx")),
        ({}, {}, {}, [NGINX], READY),
        ({}, {}, {}, [NGINX, DEFAULT], no_address("main")),
    ],
)
def test_ingress_waits_for_an_address_only_when_its_class_exists(
    metadata: dict[str, Any],
    spec: dict[str, Any],
    status: dict[str, Any],
    classes: list[dict[str, Any]],
    expected: State,
) -> None:
    obj = made("networking.k8s.io/v1", "Ingress", metadata=metadata, spec=spec, status=status)
    assert state_of_ingress(obj, Related(ingress_classes=classes)) == expected
