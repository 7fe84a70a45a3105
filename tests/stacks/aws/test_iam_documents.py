from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi_aws as aws
import pytest

import aws_answers
import aws_programs
from aws_programs import allow, trust
from iam_documents import policies, policy_findings


def role_with(policy: Any) -> Callable[[], None]:
    def program() -> None:
        role = aws.iam.Role("role", assume_role_policy=trust("pods.eks.amazonaws.com"))
        aws.iam.RolePolicy("rights", role=role.name, policy=policy)

    return program


def findings(policy: Any, accepted: dict[str, str] | None = None) -> list[str]:
    return policy_findings(aws_answers.recorded(role_with(policy)), accepted)


PLACE = "rights (aws:iam/rolePolicy:RolePolicy) policy"


def test_every_policy_is_found_wherever_it_stands() -> None:
    def program() -> None:
        aws_programs.private_bucket()
        aws.iam.Role(
            "role",
            assume_role_policy=trust("ec2.amazonaws.com"),
            inline_policies=[{"name": "a", "policy": allow("s3:GetObject", "arn:aws:s3:::b/*")}],
        )

    found = [(each.resource.name, each.path) for each in policies(aws_answers.recorded(program))]
    assert found == [
        ("role", "assumeRolePolicy"),
        ("role", "inlinePolicies[0].policy"),
        ("key", "policy"),
    ]


def test_a_role_that_reads_one_bucket_and_a_key_of_the_account_have_no_fault() -> None:
    assert policy_findings(aws_answers.recorded(aws_programs.reader_role)) == []
    assert policy_findings(aws_answers.recorded(aws_programs.private_bucket)) == []


@pytest.mark.parametrize(
    ("policy", "fault"),
    [
        (allow("s3:GetObjekt", "arn:aws:s3:::b/*"), "UNKNOWN_ACTION"),
        (allow("s3:GetObject", "arn:aws:s3:::b"), "RESOURCE_MISMATCH"),
        (allow("s3:GetObject", "*"), "RESOURCE_STAR"),
        (
            allow("s3:GetObject", "arn:aws:s3:::b/*", Condition={"StringLike": {"s3:none": "a"}}),
            "UNKNOWN_CONDITION_FOR_ACTION",
        ),
        (allow("s3:GetObject", "arn:aws:s3:::b/*", Effect="allow"), "MALFORMED"),
    ],
)
def test_what_aws_would_not_do_as_it_is_written_is_a_fault(policy: str, fault: str) -> None:
    (line,) = findings(policy)
    assert line.startswith(f"{PLACE}: {fault} ")


@pytest.mark.parametrize(
    ("policy", "fault"),
    [
        (allow("sqs:*", "arn:aws:sqs:eu-central-1:123456789012:q"), "WIDE_ACTION allows sqs:*"),
        (
            allow("sqs:SendMessage", "arn:aws:sqs:eu-central-1:123456789012:q", Principal="*"),
            "WIDE_PRINCIPAL allows everybody",
        ),
    ],
)
def test_what_nobody_can_oversee_is_a_fault(policy: str, fault: str) -> None:
    assert f"{PLACE}: {fault}" in findings(policy)


def test_a_policy_that_is_not_known_is_a_fault_and_no_gap() -> None:
    document = aws_answers.recorded(aws_programs.reader_role, preview=True)
    assert policy_findings(document) == [
        "reader (aws:iam/rolePolicy:RolePolicy) policy: is no policy document that can be read"
    ]


def test_a_fault_may_be_accepted_and_what_is_accepted_must_be_there() -> None:
    star = allow("ecr:GetAuthorizationToken", "arn:aws:ecr:eu-central-1:123456789012:repository/a")
    (line,) = findings(star)
    assert "ecr:GetAuthorizationToken" in line
    assert findings(star, {"ecr:GetAuthorizationToken": "has no resource"}) == []
    assert findings(allow("s3:GetObject", "arn:aws:s3:::b/*"), {"ecr:Get": "has no resource"}) == [
        "accepted, and not found: ecr:Get"
    ]
