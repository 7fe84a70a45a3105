"""What the stack exports: the names and shapes other stacks may rely on through a `StackReference`."""

from typing import TypedDict, cast

import pulumi

from pulumi_mlops import Platform


class EndpointEntry(TypedDict):
    """One endpoint: its name, where clients ask, its model, and `release` or a version number."""

    name: str
    url: str
    model: str
    version: str


class StackOutputs(TypedDict):
    """Every output of an environment's stack."""

    endpoints: pulumi.Output[list[EndpointEntry]]
    modelRegistryUrl: pulumi.Output[str]
    objectStoreUrl: pulumi.Output[str]
    imageRegistry: pulumi.Output[str]
    prometheusUrl: pulumi.Output[str | None]
    alertmanagerUrl: pulumi.Output[str | None]
    kubeconfig: pulumi.Output[str]


def of(platform: Platform) -> StackOutputs:
    """The outputs of a platform; the kubeconfig is a secret.

    Prometheus and Alertmanager have addresses inside the cluster, and none where there is no monitoring.
    """
    return {
        "endpoints": cast(pulumi.Output[list[EndpointEntry]], platform.endpoints),
        "modelRegistryUrl": platform.model_registry_url,
        "objectStoreUrl": platform.object_store_url,
        "imageRegistry": platform.image_registry,
        "prometheusUrl": platform.prometheus_url,
        "alertmanagerUrl": platform.alertmanager_url,
        "kubeconfig": platform.kubeconfig,
    }
