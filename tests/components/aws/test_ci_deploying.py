from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ci_samples import (
    ACCOUNT,
    BOUNDARY_ARN,
    DEPLOY,
    HERE,
    IAM,
    IDENTITIES,
    KEY,
    OWN,
    PLACE,
    REGION,
    ROLE,
    STATE,
    may,
)
from iam_evaluator import allows
from policy_linter import findings, size
from pulumi_mlops.aws import boundary_policy, ci_actions, ci_policies, iam_policy
from pulumi_mlops.aws.ci_policies import Place


def test_deploying_makes_what_the_platform_is_made_of_in_its_region_only() -> None:
    for action, resource in (
        ("ec2:CreateVpc", f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/*"),
        ("eks:CreateCluster", "*"),
        ("eks:CreatePodIdentityAssociation", f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/prod"),
        ("rds:CreateDBInstance", f"arn:aws:rds:{REGION}:{ACCOUNT}:db:mlflow"),
        ("ecr:CreateRepository", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/mlops/server"),
        (
            "elasticloadbalancing:CreateLoadBalancer",
            f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/a",
        ),
        ("wafv2:CreateWebACL", f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/edge/1"),
        ("acm:RequestCertificate", "*"),
        ("logs:CreateLogGroup", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:a"),
    ):
        assert may(DEPLOY, action, resource), action
        elsewhere = {"aws:RequestedRegion": "us-east-1"}
        assert not may(DEPLOY, action, resource.replace(REGION, "us-east-1"), **elsewhere), action
        other = resource.replace(ACCOUNT, "999999999999")
        assert resource == "*" or not may(DEPLOY, action, other), action


BOUNDED = {"iam:PermissionsBoundary": BOUNDARY_ARN}


@pytest.mark.parametrize(
    "action",
    ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary"],
)
def test_deploying_makes_roles_under_the_boundary_only(action: str) -> None:
    assert may(DEPLOY, action, ROLE, **BOUNDED)
    assert not may(DEPLOY, action, ROLE)
    assert not may(DEPLOY, action, ROLE, **{"iam:PermissionsBoundary": f"{IAM}:policy/wide"})
    assert not may(DEPLOY, action, f"{IAM}:role/admin", **BOUNDED)


def test_deploying_never_lifts_the_boundary() -> None:
    assert not may(DEPLOY, "iam:DeleteRolePermissionsBoundary", ROLE, **BOUNDED)
    wide = ci_policies.identities(PLACE, ["mlops-*"], BOUNDARY_ARN, OWN)
    for action in ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy"):
        assert may([wide], action, f"{IAM}:policy/mlops-prod-a")
        assert not may([wide], action, BOUNDARY_ARN)


def test_deploying_never_changes_itself_or_passes_itself() -> None:
    wide = ci_policies.identities(PLACE, ["ci-*"], BOUNDARY_ARN, OWN)
    for action in ("iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:PassRole"):
        context = {**BOUNDED, "iam:PassedToService": "eks.amazonaws.com"}
        assert may([wide], action, f"{IAM}:role/ci-other", **context)
        for own in ("ci-deploy-1", "ci-preview-1"):
            assert not may([wide], action, f"{IAM}:role/{own}", **context)


def test_deploying_passes_its_roles_to_the_services_that_run_it() -> None:
    for service in ("eks", "ec2", "pods.eks", "vpc-flow-logs", "monitoring.rds"):
        passed = {"iam:PassedToService": f"{service}.amazonaws.com"}
        assert may(DEPLOY, "iam:PassRole", ROLE, **passed)
        assert not may(DEPLOY, "iam:PassRole", f"{IAM}:role/admin", **passed)
    assert not may(DEPLOY, "iam:PassRole", ROLE, **{"iam:PassedToService": "lambda.amazonaws.com"})
    assert not may(DEPLOY, "iam:PassRole", ROLE)


def test_deploying_makes_no_user_no_key_and_no_trust_of_its_own() -> None:
    everything = iam_policy.document(iam_policy.Statement("All", ["iam:*"], ["*"]))
    for action in ci_actions.USERS:
        assert may([everything], action)
        assert not may([everything, IDENTITIES], action)
    assert sorted(ci_actions.USERS) == [
        "iam:AddUserToGroup",
        "iam:CreateAccessKey",
        "iam:CreateGroup",
        "iam:CreateLoginProfile",
        "iam:CreateOpenIDConnectProvider",
        "iam:CreateSAMLProvider",
        "iam:CreateUser",
        "iam:UpdateLoginProfile",
        "iam:UpdateOpenIDConnectProviderThumbprint",
        "iam:UpdateSAMLProvider",
    ]


def test_every_setting_of_the_state_is_out_of_reach() -> None:
    everything = iam_policy.document(iam_policy.Statement("All", ["s3:*", "kms:*"], ["*"]))
    stores = ci_policies.stores(PLACE, ["mlops-prod-*"])
    settings = {*ci_actions.BUCKETS, "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DeleteAlias"}
    for action in settings - {"s3:CreateBucket"}:
        resource = KEY if action.startswith("kms:") else "arn:aws:s3:::acme-states"
        assert may([everything], action, resource)
        assert not may([everything, stores], action, resource), action


def test_no_document_of_ci_has_an_action_of_everything() -> None:
    for document in DEPLOY:
        for statement in json.loads(document)["Statement"]:
            assert not any(action == "*" or action.endswith(":*") for action in statement["Action"])
            if statement["Resource"] == ["*"] and statement["Effect"] == "Allow":
                assert statement["Sid"] in {
                    "Look",
                    "LookAtWhatIsGlobal",
                    "MakeClusters",
                    "MakeKeys",
                    "Registry",
                    "FirewallsAndSubscriptions",
                    "AskForCertificates",
                    "MakeZones",
                    "LogDelivery",
                }


def test_linked_roles_are_those_of_the_services_in_use() -> None:
    linked = f"{IAM}:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"
    assert may(DEPLOY, "iam:CreateServiceLinkedRole", linked, **{"iam:AWSServiceName": "eks.amazonaws.com"})
    assert not may(
        DEPLOY, "iam:CreateServiceLinkedRole", linked, **{"iam:AWSServiceName": "lex.amazonaws.com"}
    )


def test_a_role_that_ci_makes_stays_capped_whatever_ci_writes_into_it() -> None:
    boundary = boundary_policy.document(region=REGION, account_id=ACCOUNT)
    written = iam_policy.document(iam_policy.Statement("All", ["iam:*", "s3:*"], ["*"]))
    assert not allows(written, "iam:CreateUser", "*", boundary=boundary, **HERE)
    assert allows(written, "s3:GetObject", STATE, boundary=boundary, **HERE)


@pytest.mark.parametrize(
    ("document", "accepted"),
    [
        # Descriptions are of whatever there is, settings only.
        (ci_policies.look, ["RESOURCE_STAR"]),
        (ci_policies.state, []),
        (ci_policies.network, []),
        # Who sets the policies of buckets can give itself what is in them: docs/aws-identity.md says so.
        (lambda place: ci_policies.stores(place, ["mlops-prod-*"]), ["RESOURCE_POLICY_PRIVILEGE_ESCALATION"]),
        # The linter wants health checks beside zones.
        (ci_policies.edge_and_watch, ["RESOURCE_MISMATCH"]),
    ],
)
def test_the_linter_accepts_the_documents(document: Callable[[Place], str], accepted: list[str]) -> None:
    assert findings(document(PLACE)) == accepted
    assert size(document(PLACE)) <= 6144


def test_the_linter_accepts_the_document_of_identities() -> None:
    # AWS's own examples compare the boundary as a string, which no wildcard can widen.
    assert findings(IDENTITIES) == ["MISMATCHED_TYPE_BUT_USABLE"]
    assert size(IDENTITIES) <= 6144


def test_without_a_key_of_the_state_no_key_is_named() -> None:
    place = Place(REGION, ACCOUNT, "acme-states", "mlops/prod")
    assert '"KeyOfTheState"' not in ci_policies.state(place)
    assert findings(ci_policies.state(place)) == []
    assert not may([ci_policies.stores(place, ["acme-*"])], "s3:PutBucketPolicy", "arn:aws:s3:::acme-states")
