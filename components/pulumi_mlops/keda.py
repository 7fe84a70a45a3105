"""Autoscaling on what requests do, by KEDA: run here with the rights it needs, or adopted."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions.v1 import CustomResourceDefinition
from pulumi_kubernetes.apiregistration.v1 import APIService
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Service, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.rbac.v1 import ClusterRole, ClusterRoleBinding, Role, RoleBinding

from pulumi_mlops import checks, inputs, keda_pods, manifests, network_flows, rights
from pulumi_mlops.placement import Placement
from pulumi_mlops.shared_args import FlowArgs, ResourcesArgs


class KedaSource(Enum):
    """Where KEDA comes from."""

    ADOPT = "adopt"
    """The cluster has it, and it watches the endpoints' namespaces; nothing is registered."""
    RUN = "run"
    """It runs in a namespace of its own. A cluster can have one: the external metrics API is its alone."""


class KedaArgs(TypedDict):
    """Arguments of Keda."""

    source: KedaSource
    """Whether to adopt the cluster's KEDA or to run one."""
    namespace: NotRequired[pulumi.Input[str]]
    """To run: namespace of its objects. The operator reads every Secret there, so it holds nothing else."""
    operator_image: NotRequired[pulumi.Input[str]]
    """To run: image of the operator, by digest."""
    adapter_image: NotRequired[pulumi.Input[str]]
    """To run: image of the metrics adapter, by digest."""
    scaled_namespaces: NotRequired[list[pulumi.Input[str]]]
    """To run: the namespaces in which it may scale Deployments; it sees no other."""
    allowed_egress: NotRequired[list[FlowArgs]]
    """To run: where its triggers ask, such as Prometheus."""
    allowed_ingress: NotRequired[list[FlowArgs]]
    """To run: who collects its metrics, on port 8080."""
    resources: NotRequired[ResourcesArgs]
    """To run: CPU and memory of the operator and of the adapter, each."""
    object_name: NotRequired[str]
    """To run: prefix of its objects; the component's name by default."""


class Keda(pulumi.ComponentResource):
    """KEDA: the operator, its metrics adapter, their definitions and rights."""

    source: pulumi.Output[str]
    """`run` or `adopt`."""

    def __init__(self, name: str, args: KedaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:Keda", name, {}, opts)
        source = KedaSource(inputs.section(args, "source"))
        self.source = pulumi.Output.from_input(source.value)
        if source is KedaSource.RUN:
            self._run(name, args)
        self.register_outputs({"source": self.source})

    def _run(self, name: str, args: KedaArgs) -> None:
        prefix = inputs.plain(args, "object_name", checks.object_name, name)
        namespace = inputs.text(args, "namespace", inputs.any_text)
        operator, adapter = (
            Placement(part, f"{prefix}-{part.removeprefix('keda-')}", namespace)
            for part in ("keda-operator", "keda-adapter")
        )
        definitions = self._definitions(name)
        rights = [
            *self._operator_rights(name, args, operator),
            *self._adapter_rights(name, adapter),
        ]
        flows = self._flows(name, args, operator, adapter)
        services = self._services(name, operator, adapter)
        before = [*definitions, *rights, *flows, *services]
        running = self._operator(name, args, operator, adapter, before)
        self._adapter(name, args, operator, adapter, running)

    def _operator(
        self,
        name: str,
        args: KedaArgs,
        operator: Placement,
        adapter: Placement,
        before: list[pulumi.Resource],
    ) -> Deployment:
        watched = pulumi.Output.all(*self._namespaces(args)).apply(",".join)
        return Deployment(
            f"{name}-operator",
            opts=self._child(depends_on=before),
            **keda_pods.operator(
                operator,
                inputs.text(args, "operator_image", checks.image_by_digest),
                watched,
                adapter.name,
                _resources(args),
            ),
        )

    def _adapter(
        self,
        name: str,
        args: KedaArgs,
        operator: Placement,
        adapter: Placement,
        running: Deployment,
    ) -> None:
        answering = Deployment(
            f"{name}-adapter",
            opts=self._child(depends_on=[running]),
            **keda_pods.adapter(
                adapter,
                inputs.text(args, "adapter_image", checks.image_by_digest),
                operator.name,
                _resources(args),
            ),
        )
        # It goes first when all goes: no namespace can be deleted while an API of the server is not served.
        APIService(
            f"{name}-external-metrics",
            opts=self._child(depends_on=[answering]),
            **keda_pods.api_service(adapter),
        )

    def _definitions(self, name: str) -> list[pulumi.Resource]:
        return [
            CustomResourceDefinition(
                f"{name}-{crd['metadata']['name'].split('.')[0]}", opts=self._child(), **crd
            )
            for crd in keda_pods.custom_resource_definitions()
        ]

    def _operator_rights(self, name: str, args: KedaArgs, place: Placement) -> list[pulumi.Resource]:
        account = ServiceAccount(
            f"{name}-operator-account", opts=self._child(), **manifests.service_account(place.metadata())
        )
        return [
            account,
            *self._cluster_right(name, "operator", place, keda_pods.operator_cluster_rules()),
            *self._right(
                f"{name}-operator",
                place.metadata(),
                place,
                keda_pods.operator_rules(),
            ),
            *(
                resource
                for number, scaled in enumerate(self._namespaces(args))
                for resource in self._right(
                    f"{name}-scaling-{number}",
                    manifests.metadata(place.named("scaling"), scaled, place.labels),
                    place,
                    keda_pods.scaling_rules(),
                )
            ),
        ]

    def _adapter_rights(self, name: str, place: Placement) -> list[pulumi.Resource]:
        """The two rights of every server behind the API server: ask who a caller is and what it may."""
        account = ServiceAccount(
            f"{name}-adapter-account", opts=self._child(), **manifests.service_account(place.metadata())
        )
        delegator = ClusterRoleBinding(
            f"{name}-adapter-delegator",
            opts=self._child(),
            **rights.binding(
                {"name": place.named("delegator"), "labels": place.labels},
                "ClusterRole",
                "system:auth-delegator",
                place.name,
                place.namespace,
            ),
        )
        reader = RoleBinding(
            f"{name}-adapter-auth-reader",
            opts=self._child(),
            **rights.binding(
                manifests.metadata(place.named("auth-reader"), "kube-system", place.labels),
                "Role",
                "extension-apiserver-authentication-reader",
                place.name,
                place.namespace,
            ),
        )
        return [account, delegator, reader]

    def _cluster_right(
        self, name: str, part: str, place: Placement, rules: list[manifests.Object]
    ) -> list[pulumi.Resource]:
        meta = {"name": place.name, "labels": place.labels}
        role = ClusterRole(f"{name}-{part}-cluster-role", opts=self._child(), **rights.role(meta, rules))
        bound = ClusterRoleBinding(
            f"{name}-{part}-cluster-binding",
            opts=self._child(depends_on=[role]),
            **rights.binding(meta, "ClusterRole", place.name, place.name, place.namespace),
        )
        return [role, bound]

    def _right(
        self, name: str, meta: manifests.Object, place: Placement, rules: list[manifests.Object]
    ) -> list[pulumi.Resource]:
        role = Role(f"{name}-role", opts=self._child(), **rights.role(meta, rules))
        bound = RoleBinding(
            f"{name}-binding",
            opts=self._child(depends_on=[role]),
            **rights.binding(meta, "Role", meta["name"], place.name, place.namespace),
        )
        return [role, bound]

    def _flows(
        self, name: str, args: KedaArgs, operator: Placement, adapter: Placement
    ) -> list[pulumi.Resource]:
        collected = [network_flows.ingress(flow) for flow in inputs.flows(args, "allowed_ingress")]
        asked = [network_flows.egress(flow) for flow in inputs.flows(args, "allowed_egress")]
        to_api = network_flows.to_api_server()
        grpc = {"port": keda_pods.GRPC_PORT}
        return [
            NetworkPolicy(
                f"{name}-operator-flows",
                opts=self._child(),
                **network_flows.policy(
                    operator.metadata(),
                    operator.selector,
                    [network_flows.ingress({**grpc, "pods": adapter.selector}), *collected],
                    [*to_api, *asked],
                ),
            ),
            NetworkPolicy(
                f"{name}-adapter-flows",
                opts=self._child(),
                **network_flows.policy(
                    adapter.metadata(),
                    adapter.selector,
                    [network_flows.from_outside(keda_pods.SERVING_PORT), *collected],
                    [*to_api, network_flows.egress({**grpc, "pods": operator.selector})],
                ),
            ),
        ]

    def _services(self, name: str, operator: Placement, adapter: Placement) -> list[pulumi.Resource]:
        return [
            Service(
                f"{name}-operator-service",
                opts=self._child(),
                **manifests.service(operator.metadata(), operator.selector, keda_pods.GRPC_PORT, "grpc"),
            ),
            Service(
                f"{name}-adapter-service",
                opts=self._child(),
                **manifests.service(adapter.metadata(), adapter.selector, 443, "https"),
            ),
        ]

    def _namespaces(self, args: KedaArgs) -> list[pulumi.Input[str]]:
        return list(inputs.section(args, "scaled_namespaces"))

    def _child(self, depends_on: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on)


def _resources(args: KedaArgs) -> manifests.Object:
    return inputs.resources(args, cpu="20m", memory="64Mi", memory_limit="256Mi")
