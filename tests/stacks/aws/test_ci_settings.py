"""CI's roles as an environment's settings ask for them."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest

import aws_schema
from aws_environments import ACCOUNT, AUTHORITIES, config, merged, recorded
from iam_evaluator import allows, trusts
from mlops_policy.cost import tags
from mlops_policy.testing import judged
from mlops_stacks.recording import Document
from policy_aws_samples import of_document
from preview_update import differences
from pulumi_mlops.aws import iam_policy
from stack_settings import problem

KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/{{}}"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
CI: dict[str, Any] = {
    "repository": "acme/platform",
    "previewEnvironment": "prod-preview",
    "deployEnvironment": "prod",
    "stateBucket": f"mlops-state-{ACCOUNT}-eu-central-1",
    "stateKeyArn": KEY.format("state"),
    "secretsKeyArn": KEY.format("secrets"),
}
GROUND = {"accountId": ACCOUNT, "database": {"authoritiesFile": AUTHORITIES}}
STATE = f"arn:aws:s3:::mlops-state-{ACCOUNT}-eu-central-1"


@functools.cache
def made(**changes: Any) -> Document:
    given = {**GROUND, "ci": {**CI, **changes}}
    return recorded("prod", {"mlops:aws": given}, preview=False)


def policies(purpose: str) -> list[str]:
    """The documents attached to one of the roles."""
    return [
        each.inputs["policy"]
        for each in made().resources
        if each.type == "aws:iam/policy:Policy" and each.name.startswith(f"mlops-ci-{purpose}-")
    ]


def inputs(name: str) -> dict[str, Any]:
    return dict(next(each.inputs for each in made().resources if each.name == name and "iam" in each.type))


def test_each_role_trusts_one_environment_of_the_repository() -> None:
    issuer = "token.actions.githubusercontent.com"
    for purpose, environment in (("preview", "prod-preview"), ("deploy", "prod")):
        trust = inputs(f"mlops-ci-{purpose}")["assumeRolePolicy"]
        subject = f"repo:acme/platform:environment:{environment}"
        assert trust == iam_policy.trust_token(PROVIDER, "sts.amazonaws.com", subject)
        token = {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": subject}
        action = "sts:AssumeRoleWithWebIdentity"
        assert trusts(trust, PROVIDER, action, **token)
        assert not trusts(trust, PROVIDER, action, **{**token, f"{issuer}:sub": f"{subject}2"})


def test_without_the_section_there_is_none() -> None:
    plain = recorded("prod", {"mlops:aws": {"accountId": ACCOUNT}}, preview=True)
    assert [each.name for each in plain.resources if each.name.startswith("mlops-ci")] == []


def test_the_accounts_provider_is_made_or_the_one_that_exists() -> None:
    def providers(document: Document) -> list[str]:
        return [each.name for each in document.resources if "openIdConnectProvider" in each.type]

    assert providers(made()) == ["mlops-ci-provider"]
    assert providers(made(providerArn=PROVIDER)) == []


def test_previews_read_the_state_and_open_secrets_of_this_stack_alone() -> None:
    here = {"aws:RequestedRegion": "eu-central-1", "aws:ResourceAccount": ACCOUNT}
    secrets, stack = KEY.format("secrets"), "kms:EncryptionContext:stack"
    for purpose, writes in (("preview", False), ("deploy", True)):
        documents = policies(purpose)
        state = f"{STATE}/.pulumi/stacks/mlops/prod.json"
        assert allows(documents, "s3:GetObject", state, **here)
        assert allows(documents, "s3:PutObject", state, **here) is writes
        assert allows(documents, "kms:Decrypt", secrets, **here, **{stack: "prod"})
        assert not allows(documents, "kms:Decrypt", secrets, **here, **{stack: "dev"})


def test_deployments_make_what_the_program_names_and_ask_the_cluster_as_its_administrator() -> None:
    here = {"aws:RequestedRegion": "eu-central-1", "aws:ResourceAccount": ACCOUNT}
    deploy = policies("deploy")
    boundary = inputs("mlops-model-registry-identity-role")["permissionsBoundary"]
    bounded = {"iam:PermissionsBoundary": boundary}
    role = f"arn:aws:iam::{ACCOUNT}:role/{{}}"
    names = [
        (each.inputs.get("name") or f"{each.inputs['namePrefix']}1")
        for each in made().resources
        if each.type == "aws:iam/role:Role" and not each.name.startswith("mlops-ci-")
        if each.inputs.get("name") or each.inputs.get("namePrefix")
    ]
    assert names
    for name in names:
        assert allows(deploy, "iam:CreateRole", role.format(name), **here, **bounded), name
    assert not allows(deploy, "iam:CreateRole", role.format("billing"), **here, **bounded)
    assert not allows(deploy, "iam:PutRolePolicy", role.format("mlops-ci-deploy-1"), **here, **bounded)
    assert allows(deploy, "sts:AssumeRole", role.format("mlops-prod-admin"), **here)
    assert not allows(deploy, "sts:AssumeRole", role.format("mlops-prod-eu-central-1-pool-node"), **here)
    assert not allows(policies("preview"), "sts:AssumeRole", role.format("mlops-prod-admin"), **here)


def test_where_a_deployer_is_named_it_is_asked_as_that_role() -> None:
    admins = {"admins": {"ci": f"arn:aws:iam::{ACCOUNT}:role/deployer"}, "deployer": "ci"}
    changes = {"mlops:aws": {**GROUND, "ci": CI}, "mlops:cluster": admins}
    document = recorded("prod", changes, preview=False)
    (text,) = (
        each.inputs["policy"]
        for each in document.resources
        if each.name == "mlops-ci-deploy-identities-policy"
    )
    asked = [each["Resource"] for each in json.loads(text)["Statement"] if each["Sid"] == "AskClusters"]
    assert asked == [[f"arn:aws:iam::{ACCOUNT}:role/deployer"]]


def test_their_arns_are_an_output_for_workflows() -> None:
    found = made().outputs["ci"]
    assert isinstance(found, dict)
    assert sorted(found) == ["deployRoleArn", "previewRoleArn"]
    for purpose in ("preview", "deploy"):
        assert str(found[f"{purpose}RoleArn"]).startswith(f"arn:aws:iam::{ACCOUNT}:role/mlops-ci-{purpose}-")


def test_what_it_registers_holds_as_everything_else_of_the_environment() -> None:
    changes = {"mlops:aws": {**GROUND, "ci": CI}}
    preview = recorded("prod", changes, preview=True)
    assert aws_schema.problems(made()) == []
    found = of_document(made())
    assert [judged(rule, found) for rule in tags.RULES] == [[], []]
    assert [each for each in differences(preview, made()) if "mlops-ci" in each] == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"deployEnvironment": "prod-preview"},
            "mlops:aws.ci.deployEnvironment: prod-preview is previewEnvironment too, and a preview runs "
            "whatever a branch says; give deployments an environment of their own, with required reviewers",
        ),
        (
            {"repository": "acme/*"},
            "mlops:aws.ci.repository: 'acme/*' is not one repository; give owner/name, or "
            "owner@1234/name@5678 where GitHub's subjects are immutable. Wildcards are refused: they let "
            "every repository of the owner deploy",
        ),
        (
            {"deployEnvironment": "prod*"},
            "mlops:aws.ci.deployEnvironment: 'prod*' is not one environment; wildcards and white space are "
            "refused, since the role would be given to whoever can name something like it",
        ),
        (
            {"providerArn": f"arn:aws:iam::{ACCOUNT}:role/x"},
            f"mlops:aws.ci.providerArn: 'arn:aws:iam::{ACCOUNT}:role/x' is no OIDC provider; its ARN looks "
            "like arn:aws:iam::1…:oidc-provider/token.actions.githubusercontent.com",
        ),
        (
            {"stateBucket": "A"},
            "mlops:aws.ci.stateBucket: 'A' (1 characters) is no name for a bucket; allowed are 3 to 63 "
            "lower-case letters, digits, hyphens and dots. Give a shorter object_name if it was made of one",
        ),
    ],
)
def test_what_would_let_others_in_is_refused_by_its_key(changes: dict[str, Any], line: str) -> None:
    assert problem(merged(config("prod"), {"mlops:aws": {"ci": {**CI, **changes}}})) == line
