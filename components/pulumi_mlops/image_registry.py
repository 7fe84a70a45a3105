"""Where images are pushed to and pulled from: one that exists, or one run in the cluster."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import ConfigMap, Secret, Service, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from pulumi_mlops import checks, image_registry_pods, inputs, manifests, network_flows
from pulumi_mlops.image_registry_pods import PORT


class ImageRegistrySource(Enum):
    """Where the registry comes from."""

    ADOPT = "adopt"
    """It exists, such as the local node's or a cloud's; nothing is registered."""
    RUN = "run"
    """It runs in the cluster, and nodes pull from it at `127.0.0.1:<node_port>`."""


class ImageRegistryArgs(TypedDict):
    """Arguments of ImageRegistry."""

    source: ImageRegistrySource
    """Whether to adopt a registry or to run one."""
    address: NotRequired[pulumi.Input[str]]
    """To adopt: its `host[:port]` with an optional path prefix."""
    namespace: NotRequired[pulumi.Input[str]]
    """To run: namespace of all its objects."""
    image: NotRequired[pulumi.Input[str]]
    """To run: image of distribution's `registry`, by digest, pulled from somewhere else."""
    size: NotRequired[pulumi.Input[str]]
    """To run: size of the volume, such as `20Gi`."""
    node_port: NotRequired[pulumi.Input[int]]
    """To run: port on every node."""
    htpasswd: NotRequired[pulumi.Input[str]]
    """To run: an htpasswd file with bcrypt hashes, of those who may push and pull; kept a secret."""
    http_secret: NotRequired[pulumi.Input[str]]
    """To run: key that signs uploads; any long random string."""
    object_name: NotRequired[str]
    """To run: name of the objects; the component's name by default."""
    storage_class: NotRequired[pulumi.Input[str]]
    """To run: StorageClass of the volume; the cluster's default class without it."""


class ImageRegistry(pulumi.ComponentResource):
    """An OCI image registry."""

    address: pulumi.Output[str]
    """Where nodes pull from: `host[:port]` with an optional path prefix."""

    def __init__(
        self, name: str, args: ImageRegistryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:index:ImageRegistry", name, {}, opts)
        if ImageRegistrySource(args["source"]) is ImageRegistrySource.ADOPT:
            self.address = pulumi.Output.from_input(inputs.text(args, "address", inputs.any_text))
        else:
            self._run(name, args)
            port = inputs.whole(args, "node_port", checks.node_port)
            self.address = pulumi.Output.concat("127.0.0.1:", pulumi.Output.from_input(port).apply(str))
        self.register_outputs({"address": self.address})

    def _run(self, name: str, args: ImageRegistryArgs) -> None:
        place = inputs.placement(name, "image-registry", args)
        child = pulumi.ResourceOptions(parent=self)
        account = ServiceAccount(f"{name}-account", opts=child, **manifests.service_account(place.metadata()))
        secret = Secret(
            f"{name}-secrets",
            metadata=place.metadata(),
            string_data={
                "htpasswd": inputs.secret(args, "htpasswd"),
                "REGISTRY_HTTP_SECRET": inputs.secret(args, "http_secret"),
            },
            opts=child,
        )
        config = ConfigMap(
            f"{name}-config",
            metadata=place.metadata(),
            data={"config.yml": image_registry_pods.config_file()},
            opts=child,
        )
        policy = NetworkPolicy(
            f"{name}-flows",
            opts=child,
            **network_flows.policy(place.metadata(), place.selector, [network_flows.from_outside(PORT)], []),
        )
        size = inputs.text(args, "size", checks.bytes_quantity)
        before = pulumi.ResourceOptions(depends_on=[account, secret, config, policy])
        StatefulSet(
            f"{name}-server",
            opts=pulumi.ResourceOptions.merge(child, before),
            **image_registry_pods.server(
                place,
                inputs.text(args, "image", checks.image_by_digest),
                manifests.volume_claim("data", size, args.get("storage_class")),
            ),
        )
        node_port = inputs.whole(args, "node_port", checks.node_port)
        Service(
            f"{name}-service",
            opts=child,
            **manifests.service(place.metadata(), place.selector, PORT, "registry", node_port),
        )
