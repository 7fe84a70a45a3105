"""The contract every other component builds on: what must be known about a cluster, wherever it is.

`local_node` and `existing_context` make its arguments; nothing past this file knows which was used.
"""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from pulumi_mlops import inputs


class ClusterArgs(TypedDict):
    """How to reach a Kubernetes cluster, and the four facts that differ between clusters."""

    kubeconfig: pulumi.Input[str]
    """Text of a kubeconfig; kept a secret in the state."""
    image_registry: pulumi.Input[str]
    """Where nodes pull images from: `host[:port]` with an optional path prefix."""
    ingress_address: NotRequired[pulumi.Input[str]]
    """Address on which clients reach NodePorts, such as `127.0.0.1`; needed by what is published so."""
    context: NotRequired[pulumi.Input[str]]
    """Context of the kubeconfig; its current one by default."""
    storage_class: NotRequired[pulumi.Input[str]]
    """StorageClass of volumes; the cluster's default class without it."""


class Cluster(pulumi.ComponentResource):
    """A cluster that exists: it is described, checked to be reachable by its first object, never created.

    `provider` is the Kubernetes provider to hand to other components (Python programs only).
    """

    kubeconfig: pulumi.Output[str]
    """Text of the kubeconfig, secret."""
    image_registry: pulumi.Output[str]
    """Where nodes pull images from."""
    ingress_address: pulumi.Output[str | None]
    """Address on which clients reach NodePorts, absent where none is published."""
    storage_class: pulumi.Output[str | None]
    """StorageClass of volumes, absent for the cluster's default."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:Cluster", name, {}, opts)
        self.kubeconfig = inputs.secret(args, "kubeconfig")
        self.image_registry = pulumi.Output.from_input(inputs.text(args, "image_registry", inputs.any_text))
        self.ingress_address = pulumi.Output.from_input(args.get("ingress_address"))
        self.storage_class = pulumi.Output.from_input(args.get("storage_class"))
        provider_options: dict[str, Any] = (
            {"context": args["context"]} if inputs.given(args, "context") else {}
        )
        self._provider = kubernetes.Provider(
            f"{name}-kubernetes",
            kubeconfig=self.kubeconfig,
            enable_server_side_apply=True,
            opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["kubeconfig"]),
            **provider_options,
        )
        self.register_outputs(
            {
                "kubeconfig": self.kubeconfig,
                "image_registry": self.image_registry,
                "ingress_address": self.ingress_address,
                "storage_class": self.storage_class,
            }
        )

    @property
    def provider(self) -> kubernetes.Provider:
        """The provider that applies objects to this cluster."""
        return self._provider


def local_node(kubeconfig: pulumi.Input[str], registry_port: int) -> ClusterArgs:
    """The contract of the node that `mlops_local` runs on this machine; everything is on 127.0.0.1."""
    return {
        "kubeconfig": kubeconfig,
        "image_registry": f"127.0.0.1:{registry_port}",
        "ingress_address": "127.0.0.1",
        "storage_class": "standard",
    }


def existing_context(
    kubeconfig: pulumi.Input[str],
    context: str,
    image_registry: str,
    ingress_address: str,
    storage_class: str | None = None,
) -> ClusterArgs:
    """The contract of a cluster the user already has, by a context of their kubeconfig."""
    args: ClusterArgs = {
        "kubeconfig": kubeconfig,
        "context": context,
        "image_registry": image_registry,
        "ingress_address": ingress_address,
    }
    if storage_class is not None:
        args["storage_class"] = storage_class
    return args
