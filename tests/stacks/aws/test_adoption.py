"""An environment that adopts everything registers nothing of it, and works with what it was given."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from aws_environments import ACCOUNT, recorded
from mlops_stacks.recording import Document
from mlops_stacks.settings import Images

ARN = f"arn:aws:{{}}:eu-central-1:{ACCOUNT}:{{}}"
KEY = ARN.format("kms", "key/11111111-2222-3333-4444-555555555555")
CERTIFICATE = ARN.format("acm", "certificate/11111111-2222-3333-4444-555555555555")
FIREWALL = ARN.format("wafv2", "regional/webacl/shop/11111111-2222-3333-4444-555555555555")
SECRET = ARN.format("secretsmanager", "secret:shop-mlflow-AbCdEf")
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/shop-admin"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/shop-boundary"
PRIVATE = ["subnet-0000000000000000a", "subnet-0000000000000000b"]
BUCKETS = {"models": "shop-models", "data": "shop-data", "requests": "shop-requests", "logs": "shop-logs"}
REGISTRY = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/shop"
ENDPOINT = "https://0123.gr7.eu-central-1.eks.amazonaws.com"
DIGEST = f"sha256:{'0' * 64}"

ESTATE: dict[str, Any] = {
    "mlops:aws": {
        "region": "eu-central-1",
        "accountId": ACCOUNT,
        "owner": "ml-platform",
        "costCenter": "ml-shop",
        "expires": "2027-12-31",
        "permissionsBoundaryArn": BOUNDARY,
        "keyArn": KEY,
        "buckets": BUCKETS,
        "registry": REGISTRY,
        "network": {
            "mode": "adopt",
            "vpcId": "vpc-0123456789abcdef0",
            "cidr": "10.20.0.0/16",
            "privateSubnetIds": PRIVATE,
            "publicSubnetIds": ["subnet-0000000000000000c", "subnet-0000000000000000d"],
            "databaseSubnetIds": ["subnet-0000000000000000e", "subnet-0000000000000000f"],
        },
        "database": {
            "mode": "adopt",
            "host": "mlflow.shop.example.com",
            "secretArn": SECRET,
            "authoritiesFile": str(Path(__file__).parents[2] / "support" / "authorities.pem"),
        },
        "edge": {
            "domain": "ml.example.com",
            "allowedCidrs": ["203.0.113.0/24"],
            "zoneId": "Z0123456789ABCDEFGHIJ",
            "certificateArn": CERTIFICATE,
            "webAclArn": FIREWALL,
        },
    },
    "mlops:images": {str(field.alias): DIGEST for field in Images.model_fields.values()},
    "mlops:cluster": {
        "maker": "eks",
        "mode": "adopt",
        "name": "shop",
        "version": "1.34",
        "admins": {"deployer": ADMIN},
        "deployer": "deployer",
        "existing": {
            "endpoint": ENDPOINT,
            "certificateAuthority": "LS0tLS1CRUdJTg==",
            "securityGroupId": "sg-0000000000000000c",
            "nodeRoleArn": f"arn:aws:iam::{ACCOUNT}:role/shop-nodes",
        },
    },
}
"""A company that has all of it already."""


@functools.cache
def adopting() -> Document:
    """What is registered there, with dev's pipeline and endpoint."""
    return recorded("dev", ESTATE, preview=False, replace=True)


def names(prefix: str) -> list[str]:
    """Type and name of the resources of AWS whose name begins so."""
    return sorted(
        f"{each.type.removeprefix('aws:')} {each.name.removeprefix(prefix)}"
        for each in adopting().resources
        if each.type.startswith("aws:") and each.name.startswith(prefix)
    )


def users(value: str) -> list[str]:
    """Where a value stands: `resource input` of each."""
    return sorted(
        f"{each.name} {key}"
        for each in adopting().resources
        for key, given in each.inputs.items()
        if value in json.dumps(given)
    )


def test_nothing_that_is_adopted_is_registered() -> None:
    kinds = {each.type for each in adopting().resources if each.type.startswith("aws:")}
    assert sorted(kinds) == [
        "aws:cloudwatch/eventRule:EventRule",
        "aws:cloudwatch/eventTarget:EventTarget",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:lb/listener:Listener",
        "aws:lb/listenerRule:ListenerRule",
        "aws:lb/loadBalancer:LoadBalancer",
        "aws:lb/targetGroup:TargetGroup",
        "aws:resourcegroups/group:Group",
        "aws:route53/record:Record",
        "aws:sns/topic:Topic",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "aws:wafv2/webAclAssociation:WebAclAssociation",
    ]


@pytest.mark.parametrize(
    "component", ["network", "eks", "registry", "store", "mlflow-database", "boundary", "cluster-admin"]
)
def test_a_component_that_adopts_has_no_resource_in_aws(component: str) -> None:
    assert names(f"mlops-{component}") == []


@pytest.mark.parametrize("purpose", ["cluster", "data", "logs"])
def test_one_key_that_exists_stands_for_every_purpose(purpose: str) -> None:
    assert names(f"mlops-{purpose}-key") == []


def test_names_certificate_and_firewall_in_front_of_endpoints_are_those_that_exist() -> None:
    kinds = [each.partition(" ")[0] for each in names("mlops-edge-")]
    assert [kind for kind in kinds if kind.startswith(("acm/", "route53/", "wafv2/"))] == [
        "route53/record:Record",
        "wafv2/webAclAssociation:WebAclAssociation",
    ]


def test_of_an_adopted_cluster_no_administrator_need_be_known() -> None:
    cluster = {k: v for k, v in ESTATE["mlops:cluster"].items() if k not in ("admins", "deployer")}
    made = recorded("dev", {**ESTATE, "mlops:cluster": cluster}, preview=False, replace=True)
    (provider,) = (each for each in made.resources if each.name == "mlops-eks-kubernetes")
    (user,) = yaml.safe_load(provider.inputs["kubeconfig"])["users"]
    assert "--role-arn" not in user["user"]["exec"]["args"]
    assert [each.urn for each in made.resources] == [each.urn for each in adopting().resources]


def test_nothing_reads_what_exists_either_so_a_preview_asks_nobody() -> None:
    preview = recorded("dev", ESTATE, preview=True, replace=True)
    assert [each.urn for each in preview.resources] == [each.urn for each in adopting().resources]


@pytest.mark.parametrize(
    ("value", "where"),
    [
        pytest.param(
            "vpc-0123456789abcdef0",
            [
                "mlops-edge-controller-chart values",
                "mlops-edge-group vpcId",
                "mlops-edge-mortgage-binding spec",
                "mlops-edge-mortgage-target vpcId",
            ],
            id="vpc",
        ),
        pytest.param("10.20.0.0/16", ["mlops-mortgage-endpoint-flows spec"], id="addresses"),
        pytest.param(PRIVATE[0], ["mlops-edge-load-balancer subnets"], id="subnets"),
        pytest.param(ENDPOINT, ["mlops-eks-kubernetes kubeconfig"], id="api-server"),
        pytest.param(ADMIN, ["mlops-eks-kubernetes kubeconfig"], id="deployer"),
        pytest.param(
            "sg-0000000000000000c",
            [
                "mlops-edge-into-pods-8080 securityGroupId",
                "mlops-edge-to-pods-8080 referencedSecurityGroupId",
            ],
            id="cluster-group",
        ),
        pytest.param(
            BUCKETS["models"],
            [
                "mlops-mortgage-approval-pipeline-identity-policy policy",
                "mlops-mortgage-approval-pipeline-job spec",
                "mlops-mortgage-endpoint-server spec",
                "mlops-mortgage-identity-policy policy",
            ],
            id="models",
        ),
        pytest.param(
            BUCKETS["data"],
            [
                "mlops-model-registry-identity-policy policy",
                "mlops-model-registry-server spec",
                "mlops-mortgage-approval-pipeline-identity-policy policy",
                "mlops-mortgage-approval-pipeline-job spec",
            ],
            id="data",
        ),
        pytest.param(
            BUCKETS["requests"],
            ["mlops-mortgage-endpoint-server spec", "mlops-mortgage-identity-policy policy"],
            id="requests",
        ),
        pytest.param(BUCKETS["logs"], ["mlops-edge-load-balancer accessLogs"], id="log"),
        pytest.param(f"{REGISTRY}/serving@{DIGEST}", ["mlops-mortgage-endpoint-server spec"], id="registry"),
        pytest.param(
            SECRET,
            ["mlops-model-registry-identity-policy policy", "mlops-model-registry-server spec"],
            id="password",
        ),
        pytest.param(
            KEY,
            [
                "mlops-alarms-key-endings eventPattern",
                "mlops-alarms-topic kmsMasterKeyId",
                "mlops-model-registry-identity-policy policy",
                "mlops-mortgage-approval-pipeline-identity-policy policy",
                "mlops-mortgage-identity-policy policy",
            ],
            id="key",
        ),
        pytest.param("Z0123456789ABCDEFGHIJ", ["mlops-edge-mortgage-name zoneId"], id="zone"),
        pytest.param(CERTIFICATE, ["mlops-edge-https certificateArn"], id="certificate"),
        pytest.param(FIREWALL, ["mlops-edge-firewall-association webAclArn"], id="firewall"),
        pytest.param(
            BOUNDARY,
            [
                "mlops-edge-controller-role-role permissionsBoundary",
                "mlops-model-registry-identity-role permissionsBoundary",
                "mlops-mortgage-approval-pipeline-identity-role permissionsBoundary",
                "mlops-mortgage-identity-role permissionsBoundary",
            ],
            id="boundary",
        ),
    ],
)
def test_the_platform_works_with_what_it_was_given(value: str, where: list[str]) -> None:
    assert users(value) == where
