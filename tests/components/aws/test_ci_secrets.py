"""CI's roles and the secrets of a stack, and the roles as which CI asks clusters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ci_samples import ACCOUNT, BOUNDARY_ARN, IAM, OWN, PLACE, REGION, made, may
from policy_linter import findings, size
from pulumi_mlops.aws import ci_policies

SECRETS = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/secrets"
ADMIN = f"{IAM}:role/mlops-prod-admin"
OF_STACK = replace(PLACE, secrets_key_arn=SECRETS, stack="prod")
OF_ALL = replace(PLACE, secrets_key_arn=SECRETS)
STACK = "kms:EncryptionContext:stack"


def test_the_key_of_secrets_opens_those_of_one_stack() -> None:
    look, deploy = [ci_policies.look(OF_STACK)], [ci_policies.state(OF_STACK)]
    for documents in (look, deploy):
        assert may(documents, "kms:Decrypt", SECRETS, **{STACK: "prod"})
        assert not may(documents, "kms:Decrypt", SECRETS, **{STACK: "dev"})
        assert not may(documents, "kms:Decrypt", SECRETS)
    assert may(deploy, "kms:Encrypt", SECRETS, **{STACK: "prod"})
    assert not may(look, "kms:Encrypt", SECRETS, **{STACK: "prod"})


def test_without_a_stack_it_opens_those_of_all() -> None:
    assert may([ci_policies.state(OF_ALL)], "kms:Decrypt", SECRETS)


@pytest.mark.parametrize("action", ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"])
def test_its_settings_are_out_of_reach_as_those_of_the_state(action: str) -> None:
    stores = [ci_policies.stores(OF_STACK, ["mlops-prod-*"])]
    assert may(stores, action, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/data")
    assert not may(stores, action, SECRETS)


def test_deployments_ask_clusters_as_the_roles_that_are_named() -> None:
    asking = [ci_policies.identities(PLACE, ["mlops-prod-*"], BOUNDARY_ARN, OWN, [ADMIN])]
    assert may(asking, "sts:AssumeRole", ADMIN)
    assert not may(asking, "sts:AssumeRole", f"{IAM}:role/mlops-prod-models-1")
    alone = [ci_policies.identities(PLACE, ["mlops-prod-*"], BOUNDARY_ARN, OWN)]
    assert not may(alone, "sts:AssumeRole", ADMIN)


def test_the_component_gives_each_role_what_it_needs_of_them() -> None:
    ci = made(secrets_key_arn=SECRETS, stack="prod", cluster_role_arns=[ADMIN])
    policies = {each.name: each.inputs["policy"] for each in ci.resources if each.type.endswith(":Policy")}
    assert policies["ci-preview-look-policy"] == ci_policies.look(OF_STACK)
    assert policies["ci-deploy-state-policy"] == ci_policies.state(OF_STACK)
    assert policies["ci-deploy-identities-policy"] == ci_policies.identities(
        OF_STACK, ["mlops-prod-*"], BOUNDARY_ARN, OWN, [ADMIN]
    )


def test_the_linter_finds_no_more_in_them() -> None:
    asking = ci_policies.identities(OF_STACK, ["mlops-prod-*"], BOUNDARY_ARN, OWN, [ADMIN])
    assert findings(ci_policies.state(OF_STACK)) == []
    assert findings(asking) == ["MISMATCHED_TYPE_BUT_USABLE"]
    for document in (ci_policies.state, ci_policies.look):
        assert size(document(OF_STACK)) <= 6144
    assert size(asking) <= 6144
