"""Small programs on AWS as rendered documents, and a price file of round figures to reckon with by hand."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler

from mlops_stacks.cost.prices import SERVICES, Group, Prices, Region, Shape, Support, Usage
from mlops_stacks.recording import Document, document_of, record

with warnings.catch_warnings():
    # The SDK imports its packages when they are first used, and deprecates some of their resources then.
    warnings.simplefilter("ignore", DeprecationWarning)
    for used in (lambda: aws.ec2.Vpc, lambda: aws.s3.Bucket, lambda: aws.alb.LoadBalancer):
        used()

TODAY = date(2026, 11, 28)
REGION = "eu-central-1"
USAGE = Usage(
    nat_gb=100.0,
    endpoint_gb=10.0,
    internet_gb=200.0,
    cross_zone_gb=50.0,
    bucket_gb=50.0,
    repository_gb=5.0,
    log_gb=4.0,
    flow_log_gb=10.0,
    requests_millions=10.0,
    load_balancer_units=2.0,
    kms_requests_millions=1.0,
    samples_millions=1000.0,
    grafana_editors=2.0,
    zones=3.0,
    spot_factor=0.5,
    node_reserve=0.2,
)
SHAPES = {
    "m7i.large": Shape(cpu=2, memory_gib=8, gpus=0, arch="amd64"),
    "m7i.xlarge": Shape(cpu=4, memory_gib=16, gpus=0, arch="amd64"),
    "m7g.xlarge": Shape(cpu=4, memory_gib=16, gpus=0, arch="arm64"),
    "r7i.large": Shape(cpu=2, memory_gib=16, gpus=0, arch="amd64"),
    "g5.xlarge": Shape(cpu=4, memory_gib=16, gpus=1, arch="amd64"),
    "g5.12xlarge": Shape(cpu=48, memory_gib=192, gpus=4, arch="amd64"),
}
HOURLY = {
    "m7i.large": 0.1,
    "m7i.xlarge": 0.2,
    "m7g.xlarge": 0.16,
    "r7i.large": 0.14,
    "g5.xlarge": 1.0,
    "g5.12xlarge": 6.0,
}
SERVICE_PRICES = dict.fromkeys(SERVICES, 1.0) | {
    "alarm_month": 0.1,
    "cross_zone_gb": 0.02,
    "ecr_gb_month": 0.1,
    "eks_cluster_hour": 0.1,
    "eks_extended_support_hour": 0.6,
    "gp3_gb_month": 0.1,
    "grafana_editor_month": 9.0,
    "hosted_zone_month": 0.5,
    "interface_endpoint_gb": 0.01,
    "interface_endpoint_hour": 0.01,
    "internet_gb": 0.09,
    "kms_key_month": 1.0,
    "kms_million_requests": 3.0,
    "load_balancer_hour": 0.02,
    "load_balancer_unit_hour": 0.01,
    "log_gb": 0.5,
    "log_storage_gb_month": 0.03,
    "metric_million_samples": 0.09,
    "metric_month": 0.3,
    "nat_gateway_gb": 0.05,
    "nat_gateway_hour": 0.05,
    "network_unit_hour": 0.005,
    "private_ca_month": 400.0,
    "public_ipv4_hour": 0.005,
    "rds_gp3_gb_month": 0.13,
    "s3_gb_month": 0.02,
    "secret_month": 0.4,
    "vended_log_gb": 0.6,
    "vended_log_s3_gb": 0.25,
    "waf_acl_month": 5.0,
    "waf_million_requests": 0.6,
    "waf_rule_month": 1.0,
}


def group(prices: dict[str, float], unverified: Sequence[str] = ()) -> Group:
    """Prices that are verified but for the named ones."""
    return Group(
        unit="USD",
        sources=("https://aws.amazon.com/pricing/",),
        date=TODAY,
        verified=True,
        note="made up",
        unverified=tuple(unverified),
        prices=prices,
    )


def prices(unverified: Sequence[str] = ()) -> Prices:
    """A month of 1000 hours, one region."""
    return Prices(
        version=1,
        currency="USD",
        hours_per_month=1000.0,
        date=TODAY,
        eks_standard_support=Support(
            sources=("https://docs.aws.amazon.com/eks/",),
            until={"1.33": date(2026, 7, 29), "1.34": date(2026, 12, 2)},
        ),
        assumptions=USAGE,
        shapes=SHAPES,
        regions={
            REGION: Region(
                instances=group(HOURLY, [name for name in unverified if name in HOURLY]),
                databases=group({"db.t4g.medium": 0.07}),
                services=group(SERVICE_PRICES, [name for name in unverified if name in SERVICE_PRICES]),
            )
        },
    )


def rendered(program: Callable[[], object]) -> Document:
    """The document of a preview."""
    return document_of("dev", record(program, project="mlops", stack="dev", config={}), ())


class Part(pulumi.ComponentResource):
    """Any component."""

    def __init__(self, name: str, kind: str = "Part", parent: pulumi.Resource | None = None) -> None:
        super().__init__(f"mlops:index:{kind}", name, {}, pulumi.ResourceOptions(parent=parent))


def node_group(name: str, least: int, most: int, **inputs: Any) -> aws.eks.NodeGroup:
    """A managed node group of m7i.large with volumes of 20 GiB."""
    return aws.eks.NodeGroup(
        name,
        **{
            "cluster_name": "platform",
            "node_role_arn": "arn:aws:iam::123456789012:role/node",
            "subnet_ids": ["subnet-1"],
            "instance_types": ["m7i.large"],
            "scaling_config": {"min_size": least, "max_size": most, "desired_size": least},
            **inputs,
        },
    )


def node_pool(
    name: str,
    requirements: dict[str, list[str]],
    limits: dict[str, str] | None,
    *,
    taints: Sequence[dict[str, str]] = (),
) -> CustomResource:
    """A NodePool of class `default`; `requirements` are the allowed values by label."""
    spec = {
        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"},
        "requirements": [
            {"key": key, "operator": "In", "values": values} for key, values in requirements.items()
        ],
        "taints": list(taints),
    }
    return CustomResource(
        name,
        api_version="karpenter.sh/v1",
        kind="NodePool",
        metadata={"name": name},
        spec={"template": {"spec": spec}, **({"limits": limits} if limits else {})},
    )


def node_class(gib: int) -> CustomResource:
    """The EC2NodeClass `default`, whose machines have one volume."""
    mappings = [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": f"{gib}Gi", "volumeType": "gp3"}}]
    return CustomResource(
        "default",
        api_version="karpenter.k8s.aws/v1",
        kind="EC2NodeClass",
        metadata={"name": "default"},
        spec={"blockDeviceMappings": mappings},
    )


def deployment(
    name: str,
    requests: dict[str, str],
    *,
    replicas: int | None = None,
    scale: tuple[int, int] | None = None,
    limits: dict[str, str] | None = None,
    tolerations: Sequence[dict[str, str]] = (),
    parent: pulumi.Resource | None = None,
) -> None:
    """A Deployment of one container, with an autoscaler between the numbers of `scale`."""
    opts, labels = pulumi.ResourceOptions(parent=parent), {"app": name}
    container = {
        "name": "main",
        "image": "x",
        "resources": {"requests": requests, **({"limits": limits} if limits else {})},
    }
    Deployment(
        f"{name}-server",
        metadata={"name": name, "namespace": "models"},
        spec={
            "selector": {"match_labels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "tolerations": list(tolerations)},
            },
            **({"replicas": replicas} if replicas is not None else {}),
        },
        opts=opts,
    )
    if scale:
        HorizontalPodAutoscaler(
            f"{name}-scaling",
            metadata={"name": name, "namespace": "models"},
            spec={
                "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": name},
                "min_replicas": scale[0],
                "max_replicas": scale[1],
            },
            opts=opts,
        )
