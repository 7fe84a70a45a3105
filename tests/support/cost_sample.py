"""The environment whose cost `docs/aws-cost.md` reckons by hand."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
from pulumi_kubernetes.apiextensions import CustomResource

from cost_documents import Part, deployment, node_group

ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")


def program() -> None:
    """A small staging environment of one endpoint, in eu-central-1."""
    _network(pulumi.ResourceOptions(parent=Part("network")))
    _cluster(pulumi.ResourceOptions(parent=Part("cluster")))
    _stores(pulumi.ResourceOptions(parent=Part("stores")))
    _edge(pulumi.ResourceOptions(parent=Part("edge")))
    deployment("mlflow", {"cpu": "250m", "memory": "1Gi"}, replicas=1, parent=Part("registry"))
    deployment("churn", {"cpu": "500m", "memory": "2Gi"}, scale=(2, 6), parent=Part("churn", "ModelEndpoint"))


def _network(opts: pulumi.ResourceOptions) -> None:
    subnets = [
        aws.ec2.Subnet(f"private-{zone[-1]}", vpc_id="vpc", availability_zone=zone, opts=opts)
        for zone in ZONES
    ]
    address = aws.ec2.Eip("nat-address", opts=opts)
    aws.ec2.NatGateway("nat", subnet_id=subnets[0].id, allocation_id=address.id, opts=opts)
    aws.ec2.VpcEndpoint("s3", vpc_id="vpc", service_name="s3", opts=opts)
    for name in ("ecr", "sts"):
        aws.ec2.VpcEndpoint(
            name,
            vpc_id="vpc",
            service_name=name,
            vpc_endpoint_type="Interface",
            subnet_ids=[each.id for each in subnets],
            opts=opts,
        )


def _cluster(opts: pulumi.ResourceOptions) -> None:
    aws.eks.Cluster(
        "eks",
        role_arn="arn:aws:iam::123456789012:role/eks",
        vpc_config={"subnet_ids": ["subnet-1"]},
        version="1.35",
        opts=opts,
    )
    node_group(
        "system",
        2,
        3,
        instance_types=["m7g.large"],
        disk_size=50,
        taints=[{"key": "CriticalAddonsOnly", "effect": "NO_SCHEDULE"}],
    )
    CustomResource(
        "cpu-class",
        api_version="karpenter.k8s.aws/v1",
        kind="EC2NodeClass",
        metadata={"name": "cpu"},
        spec={"blockDeviceMappings": [{"deviceName": "/dev/xvdb", "ebs": {"volumeSize": "100Gi"}}]},
        opts=opts,
    )
    requirements = {
        "kubernetes.io/arch": ["amd64", "arm64"],
        "karpenter.sh/capacity-type": ["on-demand"],
        "karpenter.k8s.aws/instance-category": ["c", "m"],
    }
    CustomResource(
        "cpu",
        api_version="karpenter.sh/v1",
        kind="NodePool",
        metadata={"name": "cpu"},
        spec={
            "limits": {"cpu": "16", "memory": "64Gi"},
            "template": {
                "spec": {
                    "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "cpu"},
                    "requirements": [
                        {"key": key, "operator": "In", "values": values}
                        for key, values in requirements.items()
                    ],
                }
            },
        },
        opts=opts,
    )


def _stores(opts: pulumi.ResourceOptions) -> None:
    for name in ("models", "data", "requests"):
        aws.s3.Bucket(name, opts=opts)
    for name in ("serving", "pipeline"):
        aws.ecr.Repository(name, opts=opts)
    aws.kms.Key("key", enable_key_rotation=True, opts=opts)
    aws.cloudwatch.LogGroup("control-plane-logs", retention_in_days=90, opts=opts)
    aws.rds.Instance(
        "database",
        instance_class="db.t4g.medium",
        storage_type="gp3",
        allocated_storage=20,
        max_allocated_storage=100,
        manage_master_user_password=True,
        opts=opts,
    )


def _edge(opts: pulumi.ResourceOptions) -> None:
    aws.lb.LoadBalancer("balancer", subnets=["subnet-a", "subnet-b", "subnet-c"], opts=opts)
    seen = {"cloudwatch_metrics_enabled": True, "metric_name": "x", "sampled_requests_enabled": True}
    rules = [
        {"name": name, "priority": number, "statement": {}, "visibility_config": seen}
        for number, name in enumerate(("common", "rate"))
    ]
    aws.wafv2.WebAcl(
        "acl",
        scope="REGIONAL",
        default_action={"allow": {}},
        visibility_config=seen,
        rules=rules,
        opts=opts,
    )
