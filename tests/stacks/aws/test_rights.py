"""What the pods and nodes of production may do in AWS, request by request, as IAM would judge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from aws_environments import ACCOUNT, document
from iam_evaluator import allows

REGION = "eu-central-1"
BUCKET = f"arn:aws:s3:::mlops-prod-{ACCOUNT}-{REGION}-{{}}"
MODELS, DATA, REQUESTS, LOGS = (BUCKET.format(each) for each in ("models", "data", "requests", "logs"))
HERE = {"aws:RequestedRegion": REGION, "aws:ResourceAccount": ACCOUNT}

SERVER, PIPELINE, REGISTRY = (
    "mlops-mortgage-identity",
    "mlops-mortgage-approval-pipeline-identity",
    "mlops-model-registry-identity",
)
REMEDIATION, CONTROLLER = "mlops-remediation-identity", "mlops-edge-controller-role"
KARPENTER, VOLUMES = "mlops-eks-karpenter", "mlops-eks-aws-ebs-csi-driver"
NODES = ("mlops-eks-pool-node", "mlops-eks-system-node")
PODS = (SERVER, PIPELINE, REGISTRY, REMEDIATION, CONTROLLER, VOLUMES, "mlops-eks-vpc-cni")
"""Roles of service accounts; Karpenter, which gives nodes their role, is looked at by itself."""


def inputs(name: str, type_: str) -> Mapping[str, Any]:
    return next(
        each.inputs for each in document("prod").resources if (each.name, each.type) == (name, f"aws:{type_}")
    )


def policies(role: str) -> list[str]:
    """The inline policies of the role of a component."""
    given = inputs(f"{role}-role", "iam/role:Role")
    names = [given.get("name"), given.get("namePrefix")]
    return [
        each.inputs["policy"]
        for each in document("prod").resources
        if each.type == "aws:iam/rolePolicy:RolePolicy"
        and (each.inputs["role"] in names or each.inputs["role"].startswith(f"{role}-role-"))
    ]


def managed(role: str) -> list[str]:
    """The names of AWS's own policies that a role has."""
    name = inputs(f"{role}-role", "iam/role:Role")["name"]
    return sorted(
        each.inputs["policyArn"].rpartition("/")[2]
        for each in document("prod").resources
        if each.type == "aws:iam/rolePolicyAttachment:RolePolicyAttachment" and each.inputs["role"] == name
    )


def boundary() -> str:
    return str(inputs("mlops-boundary-policy", "iam/policy:Policy")["policy"])


def may(role: str, action: str, resource: str, **context: str) -> bool:
    """Whether the role's own policies allow it, within its boundary."""
    return allows(policies(role), action, resource, boundary=boundary(), **HERE, **context)


@pytest.mark.parametrize(
    ("role", "action", "resource"),
    [
        (SERVER, "s3:GetObject", f"{MODELS}/models/mortgage/1/model.json"),
        (SERVER, "s3:GetObject", f"{MODELS}/releases/mortgage/current.json"),
        (SERVER, "s3:PutObject", f"{REQUESTS}/endpoint=mortgage/day=2026-11-28/part.parquet"),
        (PIPELINE, "s3:GetObject", f"{DATA}/tables/loans.parquet"),
        (PIPELINE, "s3:PutObject", f"{DATA}/tables/loans.parquet"),
        (PIPELINE, "s3:PutObject", f"{MODELS}/models/mortgage/2/model.json"),
        (PIPELINE, "s3:PutObject", f"{MODELS}/releases/mortgage/current.json"),
        (REGISTRY, "s3:GetObject", f"{DATA}/mlflow/1/artifacts/model.json"),
        (REGISTRY, "s3:PutObject", f"{DATA}/mlflow/1/artifacts/model.json"),
        (REMEDIATION, "s3:PutObject", f"{MODELS}/releases/mortgage/current.json"),
    ],
)
def test_a_role_may_do_what_its_pods_are_for(role: str, action: str, resource: str) -> None:
    assert may(role, action, resource)


@pytest.mark.parametrize(
    ("role", "action", "resource"),
    [
        (SERVER, "s3:GetObject", f"{MODELS}/models/mortgage2/1/model.json"),
        (SERVER, "s3:GetObject", f"{MODELS}/models/credit/1/model.json"),
        (SERVER, "s3:GetObject", f"{MODELS}/releases/credit/current.json"),
        (SERVER, "s3:PutObject", f"{MODELS}/models/mortgage/1/model.json"),
        (SERVER, "s3:PutObject", f"{MODELS}/releases/mortgage/current.json"),
        (SERVER, "s3:DeleteObject", f"{MODELS}/models/mortgage/1/model.json"),
        (SERVER, "s3:GetObject", f"{REQUESTS}/endpoint=mortgage/day=2026-11-28/part.parquet"),
        (SERVER, "s3:DeleteObject", f"{REQUESTS}/endpoint=mortgage/day=2026-11-28/part.parquet"),
        (SERVER, "s3:PutObject", f"{REQUESTS}/endpoint=credit/day=2026-11-28/part.parquet"),
        (SERVER, "s3:ListBucket", REQUESTS),
        (SERVER, "s3:GetObject", f"{DATA}/tables/loans.parquet"),
        (PIPELINE, "s3:DeleteObject", f"{MODELS}/models/mortgage/1/model.json"),
        (PIPELINE, "s3:DeleteObjectVersion", f"{MODELS}/models/mortgage/1/model.json"),
        (PIPELINE, "s3:DeleteObject", f"{DATA}/tables/loans.parquet"),
        (PIPELINE, "s3:GetObject", f"{REQUESTS}/endpoint=mortgage/day=2026-11-28/part.parquet"),
        (REGISTRY, "s3:GetObject", f"{DATA}/tables/loans.parquet"),
        (REGISTRY, "s3:GetObject", f"{DATA}/mlflow-other/1/model.json"),
        (REGISTRY, "s3:GetObject", f"{MODELS}/models/mortgage/1/model.json"),
        (REGISTRY, "s3:DeleteObject", f"{DATA}/mlflow/1/artifacts/model.json"),
        (REMEDIATION, "s3:DeleteObject", f"{MODELS}/releases/mortgage/current.json"),
        (REMEDIATION, "s3:GetObject", f"{DATA}/tables/loans.parquet"),
    ],
)
def test_a_role_may_do_nothing_else_with_objects(role: str, action: str, resource: str) -> None:
    assert not may(role, action, resource)


def test_a_server_lists_its_own_model_and_releases_and_no_other() -> None:
    for folder in ("models/mortgage/", "models/mortgage/1/", "releases/mortgage/"):
        assert may(SERVER, "s3:ListBucket", MODELS, **{"s3:prefix": folder})
    assert not may(SERVER, "s3:ListBucket", MODELS, **{"s3:prefix": "releases/credit/"})
    assert not may(SERVER, "s3:ListBucket", MODELS, **{"s3:prefix": "releases/"})
    assert not may(SERVER, "s3:ListBucket", MODELS, **{"s3:prefix": "models/credit/"})
    assert not may(SERVER, "s3:ListBucket", MODELS)


def test_the_key_opens_for_a_server_only_what_s3_hands_it_of_its_buckets() -> None:
    key = str(json.loads(policies(SERVER)[0])["Statement"][-1]["Resource"][0])
    by_s3 = {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}
    context = "kms:EncryptionContext:aws:s3:arn"
    assert may(SERVER, "kms:Decrypt", key, **by_s3, **{context: MODELS})
    assert may(SERVER, "kms:GenerateDataKey", key, **by_s3, **{context: REQUESTS})
    assert not may(SERVER, "kms:GenerateDataKey", key, **by_s3, **{context: MODELS})
    assert not may(SERVER, "kms:Decrypt", key, **by_s3, **{context: DATA})
    assert not may(SERVER, "kms:Decrypt", key, **{context: MODELS})


def test_mlflow_reads_the_password_of_its_database_and_no_other_secret() -> None:
    own = [
        statement["Resource"]
        for statement in json.loads(policies(REGISTRY)[0])["Statement"]
        if "secretsmanager:GetSecretValue" in statement["Action"]
    ]
    assert len(own) == 1
    assert may(REGISTRY, "secretsmanager:GetSecretValue", own[0][0])
    other = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:billing-AbCdEf"
    assert not may(REGISTRY, "secretsmanager:GetSecretValue", other)
    assert not may(REGISTRY, "secretsmanager:PutSecretValue", own[0][0])


@pytest.mark.parametrize("role", [SERVER, PIPELINE, REMEDIATION, CONTROLLER, VOLUMES, KARPENTER, *NODES])
def test_nobody_but_mlflow_reads_a_secret(role: str) -> None:
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!db-1-AbCdEf"
    assert not may(role, "secretsmanager:GetSecretValue", secret)


@pytest.mark.parametrize("role", PODS)
@pytest.mark.parametrize("action", ["iam:PassRole", "sts:AssumeRole", "iam:CreateRole", "iam:PutRolePolicy"])
def test_no_pod_takes_on_gives_or_makes_a_role(role: str, action: str) -> None:
    for other in ("mlops-prod-admin", f"mlops-prod-{REGION}-pool-node"):
        arn = f"arn:aws:iam::{ACCOUNT}:role/{other}"
        assert not may(role, action, arn, **{"iam:PassedToService": "ec2.amazonaws.com"})


def test_karpenter_gives_nodes_their_role_and_no_other() -> None:
    def passes(role: str, service: str) -> bool:
        arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        return may(KARPENTER, "iam:PassRole", arn, **{"iam:PassedToService": service})

    node = f"mlops-prod-{REGION}-pool-node"
    assert not passes("mlops-prod-admin", "ec2.amazonaws.com")
    assert not passes("admin", "ec2.amazonaws.com")
    assert not passes(node, "lambda.amazonaws.com")
    assert passes(node, "ec2.amazonaws.com")


@pytest.mark.parametrize("role", NODES)
def test_a_node_has_no_right_of_an_application(role: str) -> None:
    assert policies(role) == []
    assert managed(role) == [
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonEKSWorkerNodePolicy",
        "AmazonSSMManagedInstanceCore",
    ]


def test_every_role_has_the_boundary() -> None:
    roles = [each for each in document("prod").resources if each.type == "aws:iam/role:Role"]
    bounded = {each.inputs.get("permissionsBoundary") for each in roles}
    assert len(roles) == 14
    assert len(bounded) == 1
    assert str(bounded.pop()).startswith(f"arn:aws:iam::{ACCOUNT}:policy/mlops-boundary-")


def test_the_boundary_takes_nothing_away_that_a_policy_gives() -> None:
    lost = {
        f"{each.name} {action} {resource}"
        for each in document("prod").resources
        if each.type == "aws:iam/rolePolicy:RolePolicy"
        for action, resource, context in _requests(each.inputs["policy"])
        if not allows(boundary(), action, resource, **{**HERE, **context})
    }
    assert lost == set()


def _requests(policy: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """One request for each action and resource that the statements allow, fulfilling their conditions."""
    for statement in json.loads(policy)["Statement"]:
        context = {
            key: (values if isinstance(values, str) else values[0]).replace("*", "x")
            for operator, keys in statement.get("Condition", {}).items()
            if "Not" not in operator and operator != "Null"
            for key, values in keys.items()
        }
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                yield action, resource.replace("*", "x"), context
