"""The AWS Load Balancer Controller, which adds pods to target groups and does nothing else here."""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.helm.v3 import Release

from pulumi_mlops import inputs
from pulumi_mlops.aws import aws_checks, edge_policies
from pulumi_mlops.aws.ground import GroundArgs
from pulumi_mlops.aws.service_role import ServiceRole

CHARTS = "https://aws.github.io/eks-charts"
CHART_VERSION = "1.17.1"
NAMESPACE = "kube-system"
_NAME = "aws-load-balancer-controller"


class LoadBalancerControllerArgs(TypedDict):
    """Arguments of LoadBalancerController."""

    ground: GroundArgs
    """Region, account and tags."""
    cluster_name: pulumi.Input[str]
    """Name of the EKS cluster; only target groups with its tag are filled."""
    vpc_id: pulumi.Input[str]
    """VPC of the cluster: pods cannot ask the metadata of their node for it."""
    charts: NotRequired[pulumi.Input[str]]
    """Repository of the chart; AWS's by default."""
    chart_version: NotRequired[pulumi.Input[str]]
    """Version of the chart; CHART_VERSION by default."""
    image: NotRequired[pulumi.Input[str]]
    """Repository of its image without a tag, such as a pull-through cache's; AWS's by default."""
    node_selector: NotRequired[dict[str, str]]
    """Labels of the nodes on which it runs, such as the system's."""
    tolerations: NotRequired[list[dict[str, str]]]
    """Taints of those nodes that it tolerates, as Kubernetes spells them."""


class LoadBalancerController(pulumi.ComponentResource):
    """The controller with a role of its own; pass the cluster's provider in the options' `providers`."""

    version: pulumi.Output[str]
    """Version of the chart, known once the controller runs."""

    def __init__(
        self, name: str, args: LoadBalancerControllerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:index:LoadBalancerController", name, {}, opts)
        ground = args["ground"]
        region = aws_checks.region(ground["region"])
        cluster = inputs.text(args, "cluster_name", inputs.any_text)
        role = ServiceRole(
            f"{name}-role",
            {
                "ground": ground,
                "cluster_name": cluster,
                "namespace": NAMESPACE,
                "service_account": _NAME,
                "policy": pulumi.Output.all(ground["account_id"], cluster).apply(
                    lambda known: edge_policies.controller(
                        region=region, account_id=known[0], cluster=known[1]
                    )
                ),
            },
            pulumi.ResourceOptions(parent=self),
        )
        self.release = Release(
            f"{name}-chart",
            name=_NAME,
            chart=_NAME,
            repository_opts={"repo": inputs.text(args, "charts", inputs.any_text, CHARTS)},
            version=inputs.text(args, "chart_version", inputs.any_text, CHART_VERSION),
            namespace=NAMESPACE,
            atomic=True,
            timeout=600,
            values=_values(args, region, cluster),
            # Without its role it answers its webhook and fills nothing.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )
        self.version = pulumi.Output.from_input(self.release.version)
        self.register_outputs({"version": self.version})


def _values(args: LoadBalancerControllerArgs, region: str, cluster: Any) -> dict[str, Any]:
    """The chart's values: what it could do beside filling target groups is off."""
    image = {"image": {"repository": args["image"]}} if inputs.given(args, "image") else {}
    return {
        **image,
        "clusterName": cluster,
        "region": region,
        "vpcId": inputs.text(args, "vpc_id", inputs.any_text),
        "serviceAccount": {"create": True, "name": _NAME},
        "replicaCount": 2,
        "podDisruptionBudget": {"maxUnavailable": 1},
        "nodeSelector": {"kubernetes.io/os": "linux", **(args.get("node_selector") or {})},
        "tolerations": list(args.get("tolerations") or []),
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "podSecurityContext": {"fsGroup": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
        "securityContext": {
            "runAsNonRoot": True,
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "keepTLSSecret": True,
        "clusterSecretsPermissions": {"allowAllSecrets": False},
        # A Service or an Ingress that somebody makes must not become a load balancer that no program knows.
        "enableServiceMutatorWebhook": False,
        # While the controller is away, pods come without the gate rather than not at all.
        "podMutatorWebhookConfig": {"failurePolicy": "Ignore"},
        "createIngressClassResource": False,
        "ingressClassParams": {"create": False},
        "enableBackendSecurityGroup": False,
        "enableShield": False,
        "enableWaf": False,
        "enableWafv2": False,
        "controllerConfig": {"featureGates": {"EnableServiceController": False}},
    }
