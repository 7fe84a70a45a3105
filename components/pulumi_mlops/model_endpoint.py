"""A model behind HTTP: hardened, autoscaled pods that load a model version from the object store.

Needs the store alone. Another team uses this component by itself, in a stack of its own.
"""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Secret, Service, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from pulumi_mlops import (
    alert_args,
    checks,
    inputs,
    manifests,
    model_endpoint_pods,
    model_gate,
    network_flows,
    scaling,
    tracing_args,
)
from pulumi_mlops.alert_args import EndpointAlertsArgs
from pulumi_mlops.model_endpoint_pods import ADMIN_PORT, GRPC_PORT, PORT
from pulumi_mlops.placement import Placement
from pulumi_mlops.scaling_args import ScalingArgs
from pulumi_mlops.shared_args import FlowArgs, ResourcesArgs, StoreAccessArgs
from pulumi_mlops.tracing_args import TracingArgs


class ModelEndpointArgs(TypedDict):
    """Arguments of ModelEndpoint."""

    namespace: pulumi.Input[str]
    """Namespace of all its objects."""
    image: pulumi.Input[str]
    """Image of the model server, by digest."""
    model: pulumi.Input[str]
    """Name of the model."""
    store: StoreAccessArgs
    """The object store that holds it, with a key that can only read."""
    version: NotRequired[pulumi.Input[str]]
    """`release` (follow the endpoint's release log; the default) or a version number."""
    object_name: NotRequired[str]
    """Name of the endpoint, its Service and the other objects; the component's name by default."""
    min_replicas: NotRequired[pulumi.Input[int]]
    """Fewest pods; 1 by default. 0 is for scaling on concurrency: a gate then holds requests until a pod is
    ready, and `scaling.idle` says how."""
    max_replicas: NotRequired[pulumi.Input[int]]
    """Most pods; 3 by default."""
    target_cpu_percent: NotRequired[pulumi.Input[int]]
    """CPU use, in percent of the request, that the autoscaler aims at; 70 by default."""
    scaling: NotRequired[ScalingArgs]
    """What the number of pods follows, and how fast; CPU by default."""
    node_port: NotRequired[pulumi.Input[int]]
    """Port on every node for clients outside the cluster; none without it."""
    ingress_address: NotRequired[pulumi.Input[str]]
    """Address on which clients reach `node_port`; needed with it."""
    public_url: NotRequired[pulumi.Input[str]]
    """Where clients outside the cluster ask, if a load balancer or an ingress leads to the Service; excludes
    `node_port`."""
    allowed_ingress: NotRequired[list[FlowArgs]]
    """Who in the cluster may ask for predictions; nobody by default."""
    allowed_egress: NotRequired[list[FlowArgs]]
    """Where the object store is."""
    poll_seconds: NotRequired[pulumi.Input[int]]
    """How often a pod looks at the release log; 5 by default."""
    drain_seconds: NotRequired[pulumi.Input[int]]
    """How long a stopping pod may finish what it has begun; 10 by default."""
    resources: NotRequired[ResourcesArgs]
    """CPU and memory of one pod."""
    grpc: NotRequired[bool]
    """Whether it also speaks gRPC, on port 9000 inside the cluster; False by default."""
    workers: NotRequired[pulumi.Input[int]]
    """Processes in one pod, each with its own copy of the model; 1 by default."""
    server_settings: NotRequired[dict[str, pulumi.Input[str]]]
    """Further settings of the server by variable name; docs/serving-reference.md lists them."""
    secret_settings: NotRequired[dict[str, pulumi.Input[str]]]
    """The same for values that nobody may read, such as MLOPS_REQUEST_LOG_HASH_KEY."""
    mounted_secrets: NotRequired[dict[str, pulumi.Input[str]]]
    """Secrets of the namespace by the name of the folder under /etc/mlops that shows their keys as files:
    certificates and access keys, to which settings such as MLOPS_TLS_CERT_FILE point."""
    tracing: NotRequired[TracingArgs]
    """Where the traces of requests go; nowhere by default."""
    alerts: NotRequired[EndpointAlertsArgs]
    """Objectives, drift, and who is told; without it, alerts without objectives for owner `platform`."""


class ModelEndpoint(pulumi.ComponentResource):
    """One model version, or whatever its release log says, served over the Open Inference Protocol V2."""

    url: pulumi.Output[str]
    """Where clients ask: the published address, or the Service's inside the cluster."""
    internal_url: pulumi.Output[str]
    """Where pods of the cluster ask."""
    model: pulumi.Output[str]
    """Name of the model."""
    version: pulumi.Output[str]
    """`release` or the version number it is pinned to."""
    alert_rules: pulumi.Output[str]
    """A Prometheus rule file: recording rules and alerts of this endpoint."""

    def __init__(
        self, name: str, args: ModelEndpointArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:index:ModelEndpoint", name, {}, opts)
        place = inputs.placement(name, "model-endpoint", args)
        child = pulumi.ResourceOptions(parent=self)
        self.internal_url = pulumi.Output.concat("http://", place.name, ".", place.namespace, f".svc:{PORT}")
        self.url = self._url(args)
        self.model = pulumi.Output.from_input(inputs.text(args, "model", checks.object_name))
        self.version = pulumi.Output.from_input(
            inputs.text(args, "version", checks.model_version, checks.FOLLOW_RELEASES)
        )
        gated = model_gate.wanted(args)
        self.alert_rules = alert_args.rule_file(
            args.get("alerts") or {}, place.name, self.model, place.namespace, gated
        )
        account = ServiceAccount(f"{name}-account", opts=child, **manifests.service_account(place.metadata()))
        hidden = self._hidden(args)
        secrets = (
            [Secret(f"{name}-store-key", metadata=place.metadata(), string_data=hidden, opts=child)]
            if hidden
            else []
        )
        policy = NetworkPolicy(f"{name}-flows", opts=child, **_flows(args, place, gated))
        deployment = Deployment(
            f"{name}-server",
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(depends_on=[account, *secrets, policy])
            ),
            **self._deployment(args, place),
        )
        after = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[deployment]))
        scaling.register(name, args, place, after)
        if gated:
            model_gate.register(name, args, place, self._drain(args), child)
        PodDisruptionBudget(f"{name}-budget", opts=child, **model_endpoint_pods.disruption_budget(place))
        Service(
            f"{name}-service",
            opts=child,
            **manifests.service(
                place.metadata(),
                model_gate.gate_of(place).selector if gated else place.selector,
                PORT,
                "http",
                inputs.optional_node_port(args),
                _grpc(args),
            ),
        )
        self.register_outputs(
            {
                "url": self.url,
                "internal_url": self.internal_url,
                "model": self.model,
                "version": self.version,
                "alert_rules": self.alert_rules,
            }
        )

    def _deployment(self, args: ModelEndpointArgs, place: Placement) -> manifests.Object:
        drain = self._drain(args)
        return model_endpoint_pods.deployment(
            place,
            inputs.text(args, "image", checks.image_by_digest),
            self._environment(args, place),
            pulumi.Output.from_input(drain).apply(model_endpoint_pods.grace_seconds),
            inputs.resources(args, cpu="100m", memory="256Mi", memory_limit="1Gi"),
            {"http": PORT, "admin": ADMIN_PORT, **_grpc(args)},
            model_endpoint_pods.Secrets(
                settings=tuple(self._hidden(args)),
                folders=inputs.named_texts(args, "mounted_secrets", checks.object_name),
            ),
            alert_args.owner(args.get("alerts") or {}),
        )

    def _drain(self, args: ModelEndpointArgs) -> Any:
        return inputs.whole(args, "drain_seconds", checks.positive, 10)

    def _url(self, args: ModelEndpointArgs) -> pulumi.Output[str]:
        if inputs.given(args, "public_url"):
            inputs.refuse_given(args, ("node_port",), "public_url")
            return pulumi.Output.from_input(inputs.text(args, "public_url", checks.http_url))
        return inputs.external_url(args).apply(str) if inputs.given(args, "node_port") else self.internal_url

    def _hidden(self, args: ModelEndpointArgs) -> dict[str, pulumi.Output[str]]:
        """The entries of the endpoint's own Secret, by the variable that each is."""
        return {**inputs.store_key(args), **inputs.named_secrets(args, "secret_settings")}

    def _environment(self, args: ModelEndpointArgs, place: Placement) -> dict[str, Any]:
        """The server's settings; docs/serving-reference.md says what each means."""
        url, region, bucket = inputs.store_place(args)
        models = [{"name": self.model, "endpoint": place.name, "version": self.version}]
        return {
            "MLOPS_MODELS": pulumi.Output.json_dumps(models),
            "MLOPS_STORE_URL": url,
            "MLOPS_STORE_BUCKET": bucket,
            "AWS_REGION": region,
            **inputs.other_bucket(args, "requests", "MLOPS_REQUEST_LOG_BUCKET"),
            "MLOPS_HTTP_PORT": str(PORT),
            "MLOPS_ADMIN_PORT": str(ADMIN_PORT),
            "MLOPS_GRPC_PORT": str(_grpc(args).get("grpc", 0)),
            "MLOPS_WORKERS": inputs.as_text(inputs.whole(args, "workers", checks.positive, 1)),
            "MLOPS_POLL_SECONDS": inputs.as_text(inputs.whole(args, "poll_seconds", checks.positive, 5)),
            "MLOPS_DRAIN_SECONDS": inputs.as_text(self._drain(args)),
            "MLOPS_REQUEST_TIMEOUT_SECONDS": str(model_endpoint_pods.REQUEST_SECONDS),
            "MLOPS_CACHE_DIR": "/var/cache/mlops",
            **tracing_args.settings(args, place),
            **inputs.named_texts(args, "server_settings", checks.server_setting),
        }


def _grpc(args: ModelEndpointArgs) -> dict[str, int]:
    """The gRPC port by its name, nothing where gRPC is off."""
    return {"grpc": GRPC_PORT} if args.get("grpc") else {}


def _flows(args: ModelEndpointArgs, place: Placement, gated: bool) -> manifests.Object:
    if gated:
        ingress = model_gate.pods_ingress(args, place)
    else:
        ingress = [network_flows.ingress(flow) for flow in inputs.flows(args, "allowed_ingress")]
        if inputs.given(args, "node_port"):
            ingress.append(network_flows.from_outside(PORT))
    egress: list[Any] = [network_flows.egress(flow) for flow in inputs.flows(args, "allowed_egress")]
    egress += [] if inputs.store_key(args) else [network_flows.to_credentials()]
    return network_flows.policy(
        place.metadata(), place.selector, ingress, [*egress, *tracing_args.flows(args)]
    )
