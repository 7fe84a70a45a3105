from __future__ import annotations

import fnmatch
import json
from typing import Any

import pytest

from iam_evaluator import allows
from mlops_stacks import recording
from policy_linter import findings, size
from pulumi_mlops.aws import boundary_policy, iam_policy
from pulumi_mlops.aws.iam_policy import Statement
from pulumi_mlops.aws.permissions_boundary import PermissionsBoundary
from recording_engine import registered

ACCOUNT = "111122223333"
REGION = "eu-central-1"
TAGS = {"mlops:environment": "prod"}
GROUND: dict[str, Any] = {"region": REGION, "account_id": ACCOUNT, "tags": TAGS}
NODES = f"arn:aws:iam::{ACCOUNT}:role/prod-node-*"
BOUNDARY = boundary_policy.document(region=REGION, account_id=ACCOUNT)
WITH_NODES = boundary_policy.document(region=REGION, account_id=ACCOUNT, node_role_arns=[NODES])
ADMIN = iam_policy.document(
    Statement(
        "All", [f"{service}:*" for service in ("iam", "s3", "kms", "ec2", "logs", "organizations")], ["*"]
    ),
    Statement("More", ["cloudtrail:*", "sqs:*", "wafv2:*", "sts:*", "secretsmanager:*", "lambda:*"], ["*"]),
)
HERE = {"aws:RequestedRegion": REGION, "aws:ResourceAccount": ACCOUNT}
DENIED = [
    *(
        f"iam:{each}"
        for each in ("CreateRole", "CreateUser", "CreateAccessKey", "CreateLoginProfile", "CreateGroup")
    ),
    *(f"iam:{each}" for each in ("CreateOpenIDConnectProvider", "CreateSAMLProvider", "CreatePolicyVersion")),
    *(f"iam:{each}" for each in ("AddUserToGroup", "AttachUserPolicy", "DetachRolePolicy", "PutGroupPolicy")),
    *(
        f"iam:{each}"
        for each in ("PutRolePolicy", "PutUserPolicy", "DeleteRolePermissionsBoundary", "DeletePolicy")
    ),
    *(
        f"iam:{each}"
        for each in ("SetDefaultPolicyVersion", "UpdateAssumeRolePolicy", "UpdateRole", "PassRole")
    ),
    "iam:UpdateOpenIDConnectProviderThumbprint",
    "organizations:LeaveOrganization",
    "account:CloseAccount",
    *(f"cloudtrail:{each}" for each in ("DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail")),
    *(f"cloudwatch:{each}" for each in ("DeleteAlarms", "DisableAlarmActions")),
    *(f"config:{each}" for each in ("DeleteConfigurationRecorder", "StopConfigurationRecorder")),
    *(f"guardduty:{each}" for each in ("DeleteDetector", "UpdateDetector")),
    *(f"logs:{each}" for each in ("DeleteLogGroup", "DeleteLogStream")),
    *(f"logs:{each}" for each in ("DeleteRetentionPolicy", "PutRetentionPolicy")),
    *(f"wafv2:{each}" for each in ("DeleteLoggingConfiguration", "DisassociateWebACL")),
    *(f"ec2:{each}" for each in ("DeleteFlowLogs", "ModifyImageAttribute", "ModifySnapshotAttribute")),
    *(f"ecr:{each}" for each in ("PutRegistryPolicy", "SetRepositoryPolicy")),
    *(f"kms:{each}" for each in ("DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion")),
    *(
        f"s3:{each}"
        for each in ("PutBucketLogging", "BypassGovernanceRetention", "DeleteBucket", "DeleteBucketPolicy")
    ),
    *(f"s3:{each}" for each in ("PutAccountPublicAccessBlock", "PutBucketAcl", "PutBucketOwnershipControls")),
    *(f"s3:{each}" for each in ("PutBucketPolicy", "PutBucketPublicAccessBlock", "PutBucketVersioning")),
    *(f"s3:{each}" for each in ("PutEncryptionConfiguration", "PutObjectAcl")),
    "secretsmanager:PutResourcePolicy",
]
SERVICES = {action.split(":")[0] for action in DENIED}


def capped(action: str, resource: str = "*", boundary: str = BOUNDARY, **context: str) -> bool:
    """What an administrator with the boundary still may."""
    assert allows(ADMIN, action, resource, **{**HERE, **context})
    return allows(ADMIN, action, resource, boundary=boundary, **{**HERE, **context})


def test_it_gives_nothing_and_leaves_what_roles_of_the_platform_need() -> None:
    assert not allows([], "s3:GetObject", "arn:aws:s3:::models/a", boundary=BOUNDARY, **HERE)
    for action in ("s3:GetObject", "s3:PutObject", "kms:Decrypt", "ec2:RunInstances", "logs:PutLogEvents"):
        assert capped(action)
    assert capped("secretsmanager:GetSecretValue")
    assert capped("sts:GetCallerIdentity", **{"aws:RequestedRegion": "us-east-1"})
    assert capped("iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/a")


@pytest.mark.parametrize(
    "action",
    [
        "iam:CreateRole",
        "iam:CreateUser",
        "iam:CreateAccessKey",
        "iam:CreatePolicyVersion",
        "iam:PutRolePolicy",
        "iam:PutRolePermissionsBoundary",
        "iam:DeleteRolePermissionsBoundary",
        "iam:AttachRolePolicy",
        "iam:UpdateAssumeRolePolicy",
        "iam:SetDefaultPolicyVersion",
        "iam:PassRole",
        "iam:CreateInstanceProfile",
        "organizations:LeaveOrganization",
        "cloudtrail:StopLogging",
        "ec2:DeleteFlowLogs",
        "logs:DeleteLogGroup",
        "logs:PutRetentionPolicy",
        "wafv2:DeleteLoggingConfiguration",
        "s3:PutBucketLogging",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:DeleteBucket",
        "s3:BypassGovernanceRetention",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "sts:AssumeRole",
        "lambda:InvokeFunction",
    ],
)
def test_no_role_may(action: str) -> None:
    assert not capped(action)
    assert not capped(action, boundary=WITH_NODES) or action == "iam:CreateInstanceProfile"


@pytest.mark.parametrize("action", ["s3:GetObject", "ec2:RunInstances", "kms:Decrypt", "sqs:SendMessage"])
def test_no_role_leaves_its_region(action: str) -> None:
    assert not capped(action, **{"aws:RequestedRegion": "us-east-1"})


@pytest.mark.parametrize("action", ["s3:PutObject", "kms:Decrypt", "sqs:SendMessage"])
def test_no_role_reaches_the_data_of_another_account(action: str) -> None:
    assert not capped(action, **{"aws:ResourceAccount": "999999999999"})


@pytest.mark.parametrize("action", ["logs:PutRetentionPolicy", "logs:DeleteRetentionPolicy"])
def test_how_long_a_log_is_kept_is_rds_to_say_of_its_own_metrics_alone(action: str) -> None:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
    for own in ("RDSOSMetrics", "RDSOSMetrics:*"):
        assert capped(action, f"{group}{own}")
    for other in ("RDSOSMetrics2", "/aws/rds/instance/mlops-prod/postgresql", "/aws/eks/mlops/cluster:*"):
        assert not capped(action, f"{group}{other}")
    elsewhere = group.replace(ACCOUNT, "999999999999")
    assert not capped(action, f"{elsewhere}RDSOSMetrics")


def test_no_role_deletes_the_metrics_of_rds() -> None:
    assert not capped("logs:DeleteLogGroup", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:RDSOSMetrics")


def test_keys_are_granted_to_services_only() -> None:
    assert capped("kms:CreateGrant", **{"kms:GrantIsForAWSResource": "true"})
    assert not capped("kms:CreateGrant", **{"kms:GrantIsForAWSResource": "false"})


def test_linked_roles_are_those_of_named_services() -> None:
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
    assert capped("iam:CreateServiceLinkedRole", linked, **{"iam:AWSServiceName": "spot.amazonaws.com"})
    assert not capped("iam:CreateServiceLinkedRole", linked, **{"iam:AWSServiceName": "rds.amazonaws.com"})


def test_a_node_role_is_passed_to_ec2_where_it_is_named() -> None:
    node = f"arn:aws:iam::{ACCOUNT}:role/prod-node-1"
    to_ec2 = {"iam:PassedToService": "ec2.amazonaws.com"}
    profile = f"arn:aws:iam::{ACCOUNT}:instance-profile/prod"
    assert capped("iam:PassRole", node, WITH_NODES, **to_ec2)
    assert capped("iam:AddRoleToInstanceProfile", profile, WITH_NODES)
    assert not capped("iam:PassRole", node, BOUNDARY, **to_ec2)
    assert not capped("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", WITH_NODES, **to_ec2)
    assert not capped("iam:PassRole", node, WITH_NODES, **{"iam:PassedToService": "lambda.amazonaws.com"})
    assert not capped("iam:AddRoleToInstanceProfile", profile, BOUNDARY)


def test_its_denials_are_these_whatever_its_allows_let_through() -> None:
    statements = {each["Sid"]: each for each in json.loads(BOUNDARY)["Statement"]}
    assert [sid for sid, each in statements.items() if each["Effect"] == "Allow"] == [
        "ServicesOfThisRegion",
        "DataOfThisAccount",
        "Global",
        "ReadRoles",
        "LinkedRoles",
    ]
    denials = (
        iam_policy.document(Statement("All", [f"{service}:*" for service in sorted(SERVICES)], ["*"])),
        json.dumps({"Statement": [each for each in statements.values() if each["Effect"] == "Deny"]}),
    )
    for action in DENIED:
        assert allows(denials[0], action, "*", **HERE), action
        assert not allows(denials, action, "*", **HERE), action
    patterns = {
        action
        for sid in ("NoIdentities", "NoSilence", "NoShorterLogs", "NoExposure")
        for action in statements[sid]["Action"]
    }
    unseen = {each for each in patterns if not any(fnmatch.fnmatchcase(action, each) for action in DENIED)}
    assert unseen == set()


@pytest.mark.parametrize("document", [BOUNDARY, WITH_NODES])
def test_the_linter_finds_only_that_a_cap_is_on_all_resources(document: str) -> None:
    assert findings(document) == ["RESOURCE_STAR"]
    assert size(document) < 6144


def test_it_is_one_managed_policy() -> None:
    made = registered(lambda: PermissionsBoundary("boundary", {"ground": GROUND, "node_role_arns": [NODES]}))
    assert [(each.type, each.name, each.parent) for each in made.resources] == [
        ("aws:iam/policy:Policy", "boundary-policy", "boundary"),
        ("mlops:index:PermissionsBoundary", "boundary", ""),
    ]
    assert made.of("Policy").inputs == {
        "description": "Caps every role of the platform: no identities, no other region, no silence",
        "policy": WITH_NODES,
        "tags": {**TAGS, "Name": "boundary"},
    }


@pytest.mark.parametrize("production", [True, False])
def test_in_production_it_is_protected(production: bool) -> None:
    made = recording.record(
        lambda: PermissionsBoundary("boundary", {"ground": {**GROUND, "production": production}}),
        project="mlops",
        stack="test",
        config={},
        preview=False,
    )
    assert {each.name: each.protect for each in made.resources} == {
        "boundary": False,
        "boundary-policy": production,
    }
