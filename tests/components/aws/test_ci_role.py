from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from iam_evaluator import allows, trusts
from policy_linter import findings, size
from pulumi_mlops.aws import boundary_policy, ci_actions, ci_policies, ci_subjects, iam_policy
from pulumi_mlops.aws.ci_policies import Place
from pulumi_mlops.aws.ci_role import CiRole, OidcProviderSource
from pulumi_mlops.errors import InvalidValue
from recording_engine import Recording, registered

ACCOUNT = "111122223333"
REGION = "eu-central-1"
IAM = f"arn:aws:iam::{ACCOUNT}"
BOUNDARY_ARN = f"{IAM}:policy/mlops-boundary"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/state"
PROVIDER = f"{IAM}:oidc-provider/token.actions.githubusercontent.com"
TAGS = {"mlops:environment": "prod"}
GROUND = {
    "region": REGION,
    "account_id": ACCOUNT,
    "tags": TAGS,
    "permissions_boundary_arn": BOUNDARY_ARN,
}
ARGS: dict[str, Any] = {
    "ground": GROUND,
    "provider": OidcProviderSource.CREATE,
    "repository": "acme/platform",
    "preview_environment": "prod-preview",
    "deploy_environment": "prod",
    "state_bucket": "acme-states",
    "state_prefix": "mlops/prod",
    "state_key_arn": KEY,
    "names": ["mlops-prod-*"],
}
PLACE = Place(REGION, ACCOUNT, "acme-states", "mlops/prod", KEY)
OWN = ["ci-preview-*", "ci-deploy-*"]
IDENTITIES = ci_policies.identities(PLACE, ["mlops-prod-*"], BOUNDARY_ARN, OWN)
PREVIEW = [ci_policies.look(PLACE)]
DEPLOY = [
    ci_policies.look(PLACE),
    ci_policies.state(PLACE),
    ci_policies.network(PLACE),
    ci_policies.stores(PLACE, ["mlops-prod-*"]),
    ci_policies.edge_and_watch(PLACE),
    IDENTITIES,
]
STATE = "arn:aws:s3:::acme-states/mlops/prod/.pulumi/stacks/mlops/prod.json"
ROLE = f"{IAM}:role/mlops-prod-models-1"
HERE = {"aws:RequestedRegion": REGION, "aws:ResourceAccount": ACCOUNT}


def made(**changes: Any) -> Recording:
    return registered(lambda: CiRole("ci", {**ARGS, **changes}))


def may(documents: list[str], action: str, resource: str = "*", **context: str) -> bool:
    return allows(documents, action, resource, **{**HERE, **context})


def test_ci_is_a_provider_two_roles_and_their_policies() -> None:
    ci = made()
    parts = [
        "deploy-edge",
        "deploy-identities",
        "deploy-look",
        "deploy-network",
        "deploy-state",
        "deploy-stores",
    ]
    assert sorted((each.type.split(":")[-1], each.name, each.parent) for each in ci.resources) == sorted(
        [
            ("CiRole", "ci", ""),
            ("OpenIdConnectProvider", "ci-provider", "ci"),
            ("Role", "ci-deploy", "ci"),
            ("Role", "ci-preview", "ci"),
            *(("Policy", f"ci-{part}-policy", "ci") for part in [*parts, "preview-look"]),
            *(("RolePolicyAttachment", f"ci-{part}-attachment", "ci") for part in [*parts, "preview-look"]),
        ]
    )
    assert ci.of("OpenIdConnectProvider").inputs == {
        "url": "https://token.actions.githubusercontent.com",
        "clientIdLists": ["sts.amazonaws.com"],
        "tags": {**TAGS, "Name": "ci"},
    }
    for purpose, environment, seconds in (("preview", "prod-preview", 3600), ("deploy", "prod", 7200)):
        subject = f"repo:acme/platform:environment:{environment}"
        assert ci.of("Role", f"ci-{purpose}").inputs == {
            "namePrefix": f"ci-{purpose}-",
            "description": f"CI: {purpose}, for tokens of {subject}",
            "assumeRolePolicy": iam_policy.trust_token(PROVIDER, "sts.amazonaws.com", subject),
            "maxSessionDuration": seconds,
            "forceDetachPolicies": True,
            "tags": {**TAGS, "Name": f"ci-{purpose}"},
        }
    assert ci.outputs["ci"]["provider_arn"] == PROVIDER


def test_each_role_has_its_own_documents() -> None:
    ci = made()
    documents = {each.name: each.inputs for each in ci.resources if each.type.endswith(":Policy")}
    assert {name: inputs["policy"] for name, inputs in documents.items()} == {
        "ci-preview-look-policy": ci_policies.look(PLACE),
        "ci-deploy-look-policy": ci_policies.look(PLACE),
        "ci-deploy-state-policy": ci_policies.state(PLACE),
        "ci-deploy-network-policy": ci_policies.network(PLACE),
        "ci-deploy-stores-policy": ci_policies.stores(PLACE, ["mlops-prod-*"]),
        "ci-deploy-edge-policy": ci_policies.edge_and_watch(PLACE),
        "ci-deploy-identities-policy": IDENTITIES,
    }
    assert all(inputs["tags"] == {**TAGS, "Name": name[:-7]} for name, inputs in documents.items())
    attached = {
        each.name: each.inputs for each in ci.resources if each.type.endswith(":RolePolicyAttachment")
    }
    assert attached == {
        name.replace("policy", "attachment"): {
            "role": f"{'-'.join(name.split('-')[:2])}-id",
            "policyArn": f"{name}-id",
        }
        for name in documents
    }


def test_an_adopted_provider_is_not_registered() -> None:
    ci = made(provider=OidcProviderSource.ADOPT, provider_arn=PROVIDER)
    assert ci.names_of("OpenIdConnectProvider") == []
    assert ci.of("Role", "ci-deploy").inputs == made().of("Role", "ci-deploy").inputs


def test_another_issuer_says_its_subjects_whole() -> None:
    ci = made(
        issuer="gitlab.example.com",
        audience="https://gitlab.example.com",
        repository=None,
        preview_environment=None,
        deploy_environment=None,
        preview_subject="project_path:acme/platform:ref_type:branch:ref:review",
        deploy_subject="project_path:acme/platform:ref_type:branch:ref:main",
    )
    assert ci.of("OpenIdConnectProvider").inputs["clientIdLists"] == ["https://gitlab.example.com"]
    assert ci.of("Role", "ci-deploy").inputs["assumeRolePolicy"] == iam_policy.trust_token(
        f"{IAM}:oidc-provider/gitlab.example.com",
        "https://gitlab.example.com",
        "project_path:acme/platform:ref_type:branch:ref:main",
    )


def test_a_token_of_exactly_one_environment_of_one_repository_has_the_role() -> None:
    trust = iam_policy.trust_token(PROVIDER, "sts.amazonaws.com", "repo:acme/platform:environment:prod")
    issuer = "token.actions.githubusercontent.com"
    action = "sts:AssumeRoleWithWebIdentity"
    token = {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": "repo:acme/platform:environment:prod"}
    assert trusts(trust, PROVIDER, action, **token)
    for subject in (
        "repo:acme/platform:environment:prod-preview",
        "repo:acme/platform:ref:refs/heads/main",
        "repo:acme/platform:pull_request",
        "repo:acme/other:environment:prod",
        "repo:evil/platform:environment:prod",
    ):
        assert not trusts(trust, PROVIDER, action, **{**token, f"{issuer}:sub": subject})
    assert not trusts(trust, PROVIDER, action, **{**token, f"{issuer}:aud": "other"})
    assert not trusts(trust, PROVIDER, action, **{f"{issuer}:sub": token[f"{issuer}:sub"]})
    assert not trusts(trust, PROVIDER, action, **{f"{issuer}:aud": token[f"{issuer}:aud"]})
    assert not trusts(trust, PROVIDER, "sts:AssumeRole", **token)


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"repository": "acme/*"}, "repository", "Wildcards are refused"),
        ({"repository": "acme"}, "repository", "not one repository"),
        ({"deploy_environment": "*"}, "deploy_environment", "wildcards"),
        ({"deploy_environment": "prod-preview"}, "deploy_environment", "rights of deployments"),
        ({"deploy_environment": None}, "deploy_environment", "required"),
        ({"deploy_subject": "x"}, "deploy_subject", "leave it out"),
        (
            {"repository": None, "preview_subject": "a*", "deploy_subject": "b"},
            "preview_subject",
            "wildcards",
        ),
        ({"repository": None, "preview_subject": "a", "deploy_subject": "a"}, "deploy_subject", "rights of"),
        ({"audience": "*"}, "audience", "wildcards"),
        ({"issuer": "https://gitlab.example.com"}, "issuer", "without https"),
        ({"provider_arn": PROVIDER}, "provider_arn", "no ARN yet"),
        ({"provider": OidcProviderSource.ADOPT}, "provider_arn", "required"),
        ({"provider": OidcProviderSource.ADOPT, "provider_arn": ROLE}, "provider_arn", "no OIDC provider"),
        (
            {"provider": OidcProviderSource.ADOPT, "provider_arn": PROVIDER, "issuer": "a.example.com"},
            "issuer",
            "has its issuer",
        ),
        ({"names": ["*"]}, "names", "too many names"),
        ({"names": ["ml*"]}, "names", "too many names"),
        ({"names": []}, "names", "at least one pattern"),
        (
            {"ground": {**GROUND, "permissions_boundary_arn": None}},
            "ground.permissions_boundary_arn",
            "required",
        ),
    ],
)
def test_what_would_let_others_in_is_refused(changes: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        made(**changes)
    assert caught.value.property_path == path
    assert reason in caught.value.reason


def test_a_subject_is_githubs_with_names_or_with_numbers() -> None:
    assert ci_subjects.of_environment("a/b", "eu:prod") == "repo:a/b:environment:eu%3Aprod"
    assert ci_subjects.repository("acme@12/platform@34") == "acme@12/platform@34"
    with pytest.raises(InvalidValue):
        ci_subjects.repository("acme@/platform")


def test_a_preview_looks_and_changes_nothing() -> None:
    for action in (
        "ec2:DescribeVpcs",
        "eks:DescribeCluster",
        "s3:GetBucketPolicy",
        "rds:DescribeDBInstances",
    ):
        assert may(PREVIEW, action)
        assert not may(PREVIEW, action, **{"aws:RequestedRegion": "us-east-1"})
    assert may(PREVIEW, "iam:GetRolePolicy", ROLE)
    assert may(PREVIEW, "s3:GetObject", STATE)
    assert may(PREVIEW, "kms:Decrypt", KEY)
    for action, resource in (
        ("s3:PutObject", STATE),
        ("s3:DeleteObject", STATE),
        ("kms:GenerateDataKey", KEY),
        ("iam:CreateRole", ROLE),
        ("iam:PassRole", ROLE),
        ("ec2:CreateVpc", "*"),
        ("eks:CreateCluster", "*"),
        ("eks:UpdateClusterConfig", f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/prod"),
        ("elasticloadbalancing:CreateLoadBalancer", "*"),
    ):
        assert not may(PREVIEW, action, resource), action


@pytest.mark.parametrize("documents", [PREVIEW, DEPLOY])
def test_ci_reads_no_data_and_no_secret(documents: list[str]) -> None:
    for action, resource in (
        ("s3:GetObject", "arn:aws:s3:::acme-models/stable/price/1/manifest.json"),
        ("s3:GetObject", "arn:aws:s3:::acme-states/other/prod.json"),
        ("s3:PutObject", "arn:aws:s3:::acme-states/other/prod.json"),
        ("s3:PutObject", "arn:aws:s3:::acme-models/stable/price/1/manifest.json"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db"),
        ("ssm:GetParameter", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/a"),
        ("kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/data"),
        ("ec2:GetPasswordData", "*"),
        ("ecr:BatchGetImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/mlops/server"),
        ("logs:GetLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:a:*"),
    ):
        assert not may(documents, action, resource), action
    assert may(
        documents, "s3:ListBucket", "arn:aws:s3:::acme-states", **{"s3:prefix": "mlops/prod/.pulumi/locks"}
    )
    assert not may(documents, "s3:ListBucket", "arn:aws:s3:::acme-states", **{"s3:prefix": "other"})
    assert not may(documents, "s3:ListBucket", "arn:aws:s3:::acme-states", **{"s3:prefix": "mlops/prod2/a"})


def test_deploying_keeps_the_state_and_leaves_its_bucket_as_it_is() -> None:
    for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
        assert may(DEPLOY, action, STATE)
    assert may(DEPLOY, "kms:GenerateDataKey", KEY)
    wide = ci_policies.stores(PLACE, ["acme-*"])
    for action in (
        "s3:PutBucketPolicy",
        "s3:DeleteBucket",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
    ):
        assert may(DEPLOY, action, "arn:aws:s3:::mlops-prod-models")
        assert not may(DEPLOY, action, "arn:aws:s3:::others")
        assert may([wide], action, "arn:aws:s3:::acme-models")
        assert not may([wide], action, "arn:aws:s3:::acme-states")
    assert not may(
        [wide], "s3:PutBucketPolicy", "arn:aws:s3:::acme-x", **{"aws:ResourceAccount": "999999999999"}
    )
    for action in ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"):
        assert may(DEPLOY, action, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/data")
        assert not may(DEPLOY, action, KEY)


def test_deploying_uses_keys_of_data_through_services_only() -> None:
    data = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/data"
    assert may(DEPLOY, "kms:CreateGrant", data, **{"kms:ViaService": f"rds.{REGION}.amazonaws.com"})
    assert not may(DEPLOY, "kms:CreateGrant", data)
    assert not may(DEPLOY, "kms:Decrypt", data, **{"kms:ViaService": f"s3.{REGION}.amazonaws.com"})


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
