from __future__ import annotations

import json
from typing import Any

from aws_stores import ACCOUNT, KEY, REGION
from policy_linter import details
from pulumi_mlops.aws import ecr_policies, ecr_rules

SERVING = ecr_rules.repository_arn(ACCOUNT, REGION, "loans/serving")
CACHE = ecr_rules.repository_arn(ACCOUNT, REGION, "loans/quay/*")
PARTNER = "arn:aws:iam::210987654321:role/puller"
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
SIGN_IN = {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": ["*"]}


def statements(document: str) -> dict[str, Any]:
    """The statements by sid."""
    return {each.pop("Sid"): each for each in json.loads(document)["Statement"]}


def test_a_repository_refuses_everybody_outside_the_account_but_services() -> None:
    found = statements(ecr_policies.repository_policy(ACCOUNT))
    assert list(found) == ["DenyOutsiders"]
    deny = found["DenyOutsiders"]
    assert (deny["Effect"], deny["Principal"], "Resource" in deny) == ("Deny", "*", False)
    assert deny["Condition"] == {
        "StringNotEquals": {"aws:PrincipalAccount": [ACCOUNT]},
        "Bool": {"aws:PrincipalIsAWSService": "false"},
    }


def test_an_outsider_can_neither_pull_push_change_nor_look() -> None:
    actions = statements(ecr_policies.repository_policy(ACCOUNT))["DenyOutsiders"]["Action"]
    assert actions == sorted(actions)
    assert {*PULL, "ecr:PutImage", "ecr:BatchDeleteImage", "ecr:SetRepositoryPolicy", "ecr:ListImages"} < {
        *actions
    }
    assert len(actions) == 21


def test_a_puller_of_another_account_is_no_outsider_and_may_only_pull() -> None:
    found = statements(ecr_policies.repository_policy(ACCOUNT, [PARTNER]))
    assert found["DenyOutsiders"]["Condition"]["StringNotEquals"] == {
        "aws:PrincipalAccount": [ACCOUNT, "210987654321"]
    }
    assert found["Pull"] == {"Effect": "Allow", "Principal": {"AWS": [PARTNER]}, "Action": PULL}


def test_outside_is_outside_of_the_organization_where_there_is_one() -> None:
    found = statements(ecr_policies.repository_policy(ACCOUNT, [PARTNER], "o-a1b2c3d4e5"))
    assert found["DenyOutsiders"]["Condition"]["StringNotEquals"] == {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}


def test_nodes_pull_and_fill_caches_and_do_nothing_else() -> None:
    assert statements(ecr_policies.pull_policy([SERVING], [CACHE])) == {
        "SignIn": SIGN_IN,
        "Pull": {"Effect": "Allow", "Action": PULL, "Resource": [SERVING, CACHE]},
        "FillCaches": {
            "Effect": "Allow",
            "Action": ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
            "Resource": [CACHE],
        },
    }
    assert list(statements(ecr_policies.pull_policy([SERVING]))) == ["SignIn", "Pull"]


def test_a_builder_pushes_and_reads_what_scans_found_but_deletes_and_changes_nothing() -> None:
    assert statements(ecr_policies.push_policy([SERVING])) == {
        "SignIn": SIGN_IN,
        "PullAndPush": {
            "Effect": "Allow",
            "Action": [
                *PULL,
                "ecr:CompleteLayerUpload",
                "ecr:InitiateLayerUpload",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
            ],
            "Resource": [SERVING],
        },
        "SeeImages": {
            "Effect": "Allow",
            "Action": ["ecr:DescribeImageScanFindings", "ecr:DescribeImages", "ecr:ListImages"],
            "Resource": [SERVING],
        },
    }


def test_ecr_makes_repositories_of_caches_alone() -> None:
    assert statements(ecr_policies.template_policy([CACHE], KEY)) == {
        "MakeRepositories": {
            "Effect": "Allow",
            "Action": ["ecr:CreateRepository", "ecr:ReplicateImage", "ecr:TagResource"],
            "Resource": [CACHE],
        },
        "UseKey": {
            "Effect": "Allow",
            "Action": ["kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"],
            "Resource": [KEY],
        },
    }


def test_the_linter_finds_nothing() -> None:
    # Of the first AWS documents repositories as resources, and the linter's list has none.
    imports = ["ecr:BatchImportUpstreamImage"]
    assert details(ecr_policies.pull_policy([SERVING], [CACHE]), accepted=imports) == []
    for document in (ecr_policies.push_policy([SERVING]), ecr_policies.template_policy([CACHE], KEY)):
        assert details(document) == []


def test_the_linter_finds_nothing_in_a_repositorys_policy_but_that_it_names_no_resource() -> None:
    policy = json.loads(ecr_policies.repository_policy(ACCOUNT, [PARTNER]))
    for statement in policy["Statement"]:
        statement["Resource"] = [SERVING]
    assert details(json.dumps(policy)) == []
