"""S3 storage: one that exists, or the `versitygw` gateway over a folder on one volume, its users and buckets.

To run it needs the cluster alone. Model artifacts, data and MLflow's files live here; the servers read with
a key that can only read.
"""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.batch.v1 import Job
from pulumi_kubernetes.core.v1 import Secret, Service, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from pulumi_mlops import checks, inputs, manifests, network_flows, object_store_pods
from pulumi_mlops.object_store_pods import PORT
from pulumi_mlops.placement import Placement
from pulumi_mlops.shared_args import FlowArgs, ResourcesArgs

_OF_ADOPT = ("url", "region", "buckets")
_OF_RUN = ("image", "setup_image", "size", "root", "read_only", "read_write", "node_port", "storage_class")


class StoreKeyArgs(TypedDict):
    """One S3 key."""

    access_key_id: pulumi.Input[str]
    """Access key id; also the name bucket policies give the user."""
    secret_access_key: pulumi.Input[str]
    """Secret key."""


class ObjectStoreSource(Enum):
    """Where the object store comes from."""

    RUN = "run"
    """It runs in the cluster."""
    ADOPT = "adopt"
    """It exists, such as a cloud's; nothing is registered."""


class ObjectStoreArgs(TypedDict):
    """Arguments of ObjectStore."""

    source: NotRequired[ObjectStoreSource]
    """Whether to run a store or to adopt one; to run it by default."""
    url: NotRequired[pulumi.Input[str]]
    """To adopt: its S3 endpoint, such as `https://s3.eu-central-1.amazonaws.com`."""
    region: NotRequired[pulumi.Input[str]]
    """To adopt: region to sign requests for; `us-east-1` by default."""
    buckets: NotRequired[dict[str, pulumi.Input[str]]]
    """To adopt: names of its buckets for `models`, `data` and `requests`, where they differ from these."""
    namespace: NotRequired[pulumi.Input[str]]
    """To run: namespace of all its objects."""
    image: NotRequired[pulumi.Input[str]]
    """To run: image of versitygw, by digest."""
    setup_image: NotRequired[pulumi.Input[str]]
    """To run: image of the pipelines, by digest; its `store-setup` command makes the buckets and their
    policies."""
    size: NotRequired[pulumi.Input[str]]
    """To run: size of the volume, such as `10Gi`."""
    root: NotRequired[StoreKeyArgs]
    """To run: the key that may do anything; only the gateway and the setup hold it."""
    read_only: NotRequired[StoreKeyArgs]
    """To run: the key of those who load models."""
    read_write: NotRequired[StoreKeyArgs]
    """To run: the key of those who write models, data and request logs."""
    object_name: NotRequired[str]
    """To run: name of the Service and the other objects; the component's name by default."""
    storage_class: NotRequired[pulumi.Input[str]]
    """To run: StorageClass of the volume; the cluster's default class without it."""
    node_port: NotRequired[pulumi.Input[int]]
    """To run: port on every node for clients outside the cluster; none without it."""
    ingress_address: NotRequired[pulumi.Input[str]]
    """To run: address on which clients reach `node_port`; needed with it."""
    allowed_ingress: NotRequired[list[FlowArgs]]
    """To run: who in the cluster may connect, beyond the setup Job."""
    resources: NotRequired[ResourcesArgs]
    """To run: CPU and memory of the gateway."""


class ObjectStore(pulumi.ComponentResource):
    """An S3 object store with buckets for models, data and requests."""

    url: pulumi.Output[str]
    """S3 endpoint inside the cluster."""
    external_url: pulumi.Output[str | None]
    """S3 endpoint for clients outside, if published."""

    def __init__(self, name: str, args: ObjectStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:ObjectStore", name, {}, opts)
        self.external_url: pulumi.Output[str | None] = pulumi.Output.from_input(None)
        if ObjectStoreSource(args.get("source") or "run") is ObjectStoreSource.ADOPT:
            inputs.refuse_given(args, _OF_RUN, "source adopt")
            self.url = pulumi.Output.from_input(inputs.text(args, "url", checks.http_url))
        else:
            inputs.refuse_given(args, _OF_ADOPT, "source run")
            self.external_url = inputs.external_url(args)
            self.url = self._run(name, args)
        self.register_outputs({"url": self.url, "external_url": self.external_url})

    def _run(self, name: str, args: ObjectStoreArgs) -> pulumi.Output[str]:
        """Register the gateway; returns its endpoint inside the cluster."""
        place = inputs.placement(name, "object-store", args)
        setup = Placement("object-store-setup", place.named("setup"), place.namespace)
        child = pulumi.ResourceOptions(parent=self)
        url = pulumi.Output.concat("http://", place.name, ".", place.namespace, f".svc:{PORT}")
        account = ServiceAccount(f"{name}-account", opts=child, **manifests.service_account(place.metadata()))
        secrets = _secrets(name, args, place, child)
        gateway = StatefulSet(
            f"{name}-gateway",
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[account, *secrets])),
            **object_store_pods.gateway(
                place,
                inputs.text(args, "image", checks.image_by_digest),
                inputs.text(args, "size", checks.bytes_quantity),
                args.get("storage_class"),
                inputs.resources(args, cpu="50m", memory="64Mi", memory_limit="512Mi"),
            ),
        )
        service = Service(
            f"{name}-service",
            opts=child,
            **manifests.service(
                place.metadata(), place.selector, PORT, "s3", inputs.optional_node_port(args)
            ),
        )
        policies = _network(name, args, place, setup, child)
        Job(
            f"{name}-setup",
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(depends_on=[gateway, service, *policies])
            ),
            **object_store_pods.setup_job(
                place, setup, inputs.text(args, "setup_image", checks.image_by_digest), url
            ),
        )
        return url


def _secrets(
    name: str, args: ObjectStoreArgs, place: Placement, child: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    read_only, read_write = inputs.store_key(args, "read_only"), inputs.store_key(args, "read_write")
    users = pulumi.Output.all(*read_only.values(), *read_write.values()).apply(
        lambda known: object_store_pods.users_file([(known[0], known[1]), (known[2], known[3])])
    )
    return [
        Secret(
            f"{name}-root",
            metadata=place.metadata("root"),
            string_data={
                **inputs.store_key(args, "root"),
                "MLOPS_STORE_READ_ONLY_KEY_ID": read_only["AWS_ACCESS_KEY_ID"],
                "MLOPS_STORE_READ_WRITE_KEY_ID": read_write["AWS_ACCESS_KEY_ID"],
            },
            opts=child,
        ),
        Secret(
            f"{name}-users", metadata=place.metadata("users"), string_data={"users.json": users}, opts=child
        ),
    ]


def _network(
    name: str, args: ObjectStoreArgs, place: Placement, setup: Placement, child: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    flows = inputs.flows(args, "allowed_ingress")
    own = {"name": "bucket setup", "port": PORT, "pods": setup.selector}
    ingress = [network_flows.ingress(flow) for flow in [own, *flows]]
    if inputs.given(args, "node_port"):
        ingress.append(network_flows.from_outside(PORT))
    to_gateway = network_flows.egress({"port": PORT, "pods": place.selector})
    return [
        NetworkPolicy(
            f"{name}-flows",
            opts=child,
            **network_flows.policy(place.metadata(), place.selector, ingress, []),
        ),
        NetworkPolicy(
            f"{name}-setup-flows",
            opts=child,
            **network_flows.policy(setup.metadata(), setup.selector, [], [to_gateway]),
        ),
    ]
