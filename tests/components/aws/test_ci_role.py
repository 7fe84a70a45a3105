from __future__ import annotations

from typing import Any

import pulumi
import pytest

from ci_samples import (
    ACCOUNT,
    DEPLOY,
    GROUND,
    IAM,
    IDENTITIES,
    KEY,
    PLACE,
    PREVIEW,
    PROVIDER,
    REGION,
    ROLE,
    STATE,
    TAGS,
    made,
    may,
)
from iam_evaluator import trusts
from pulumi_mlops.aws import ci_policies, ci_subjects, iam_policy
from pulumi_mlops.aws.ci_role import OidcProviderSource
from pulumi_mlops.errors import InvalidValue


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
    assert not may(documents, "s3:ListBucket", "arn:aws:s3:::acme-models")


@pytest.mark.parametrize("documents", [PREVIEW, DEPLOY])
def test_of_the_state_names_show_so_that_what_is_missing_is_answered_as_missing(documents: list[str]) -> None:
    assert may(documents, "s3:ListBucket", "arn:aws:s3:::acme-states")


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
