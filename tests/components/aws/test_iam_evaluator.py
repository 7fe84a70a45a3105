from __future__ import annotations

import json
from typing import Any

import pytest

from iam_evaluator import allows, trusts

BUCKET = "arn:aws:s3:::models"
OBJECT = f"{BUCKET}/stable/price/1/manifest.json"
ROLE = "arn:aws:iam::111122223333:role/reader"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect: str = "Allow", **keys: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": ["s3:GetObject"], "Resource": [f"{BUCKET}/stable/*"], **keys}


READ = document(statement())


def test_what_no_document_names_is_not_allowed() -> None:
    assert allows(READ, "s3:GetObject", OBJECT)
    assert not allows(READ, "s3:PutObject", OBJECT)
    assert not allows(READ, "s3:GetObject", f"{BUCKET}/other/price")
    assert not allows([], "s3:GetObject", OBJECT)


def test_an_explicit_deny_wins_wherever_it_is() -> None:
    deny = document(statement("Deny", Resource="*"))
    assert not allows([READ, deny], "s3:GetObject", OBJECT)
    assert not allows(READ, "s3:GetObject", OBJECT, boundary=[READ, deny])
    everybody = document(statement("Deny", Resource="*", Principal="*"))
    assert not allows(READ, "s3:GetObject", OBJECT, resource_policy=everybody)


def test_a_boundary_must_allow_too_and_gives_nothing() -> None:
    assert allows(READ, "s3:GetObject", OBJECT, boundary=document(statement(Action="s3:*", Resource="*")))
    assert not allows(
        READ, "s3:GetObject", OBJECT, boundary=document(statement(Action="ec2:*", Resource="*"))
    )
    assert not allows([], "s3:GetObject", OBJECT, boundary=READ)


def test_a_resource_policy_gives_to_whom_it_names() -> None:
    shared = document(statement(Principal={"AWS": [ROLE]}))
    assert allows([], "s3:GetObject", OBJECT, resource_policy=shared, principal=ROLE)
    assert not allows([], "s3:GetObject", OBJECT, resource_policy=shared, principal=ROLE + "2")
    whole = document(statement(Principal={"AWS": "arn:aws:iam::111122223333:root"}))
    assert allows([], "s3:GetObject", OBJECT, resource_policy=whole, principal=ROLE)


def test_actions_match_whatever_their_case_and_resources_do_not() -> None:
    assert allows(READ, "S3:getobject", OBJECT)
    assert not allows(READ, "s3:GetObject", OBJECT.upper())
    assert allows(document(statement(Action="s3:Get*")), "s3:GetObjectTagging", OBJECT)
    assert allows(document(statement(Resource=f"{BUCKET}/?table/*")), "s3:GetObject", OBJECT)
    assert not allows(document(statement(Resource=f"{BUCKET}/?stable/*")), "s3:GetObject", OBJECT)


def test_not_action_and_not_resource_are_all_others() -> None:
    assert allows(
        document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), "s3:GetObject", OBJECT
    )
    assert not allows(
        document({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}), "s3:GetObject", OBJECT
    )
    others = document({"Effect": "Allow", "Action": "s3:*", "NotResource": f"{BUCKET}/*"})
    assert not allows(others, "s3:GetObject", OBJECT)
    assert allows(others, "s3:GetObject", "arn:aws:s3:::data/x")


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "holds"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a", None, False),
        ("StringEqualsIfExists", "a", None, True),
        ("StringEqualsIfExists", "a", "b", False),
        ("StringNotEquals", "a", "a", False),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", "a", None, True),
        ("StringLike", "repo:x/*", "repo:x/y", True),
        ("StringLike", "repo:x/*", "repo:y/x", False),
        ("StringNotLike", "a*", "ab", False),
        ("ArnLike", "arn:aws:eks:*:1:cluster/*", "arn:aws:eks:eu-central-1:1:cluster/prod", True),
        ("ArnLike", "arn:aws:eks:*:cluster/*", "arn:aws:eks:eu-central-1:1:cluster/prod", False),
        ("ArnEquals", "arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b", False),
        ("Bool", "true", "true", True),
        ("Bool", "false", "true", False),
        ("Bool", "false", None, False),
        ("Null", "true", None, True),
        ("Null", "true", "a", False),
        ("Null", "false", "a", True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
        ("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
        ("ForAllValues:StringEquals", ["a", "b"], None, True),
        ("ForAnyValue:StringEquals", ["a", "b"], ["a", "c"], True),
        ("ForAnyValue:StringLike", ["x*"], ["a", "c"], False),
        ("IpAddress", "10.0.0.0/8", "10.1.2.3", True),
        ("NotIpAddress", "10.0.0.0/8", "10.1.2.3", False),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "10", False),
    ],
)
def test_conditions_hold_as_aws_says(operator: str, wanted: Any, given: Any, holds: bool) -> None:
    conditional = document(statement(Condition={operator: {"aws:Key": wanted}}))
    context = {} if given is None else {"aws:key": given}
    assert allows(conditional, "s3:GetObject", OBJECT, **context) is holds


def test_every_condition_must_hold() -> None:
    both = document(
        statement(Condition={"StringEquals": {"aws:A": "1", "aws:B": "2"}, "Bool": {"aws:C": "true"}})
    )
    every = {"aws:A": "1", "aws:B": "2", "aws:C": "true"}
    assert allows(both, "s3:GetObject", OBJECT, **every)
    for key in every:
        assert not allows(both, "s3:GetObject", OBJECT, **{**every, key: "3"})


def test_an_unknown_operator_is_an_error_and_not_a_yes() -> None:
    with pytest.raises(NotImplementedError, match="DateGreaterThan"):
        allows(
            document(statement(Condition={"DateGreaterThan": {"aws:CurrentTime": "x"}})),
            "s3:GetObject",
            OBJECT,
        )


def test_a_variable_is_the_value_of_the_request() -> None:
    own = document(statement(Resource=BUCKET + "/${aws:PrincipalTag/team}/*"))
    assert allows(own, "s3:GetObject", f"{BUCKET}/risk/a", **{"aws:PrincipalTag/team": "risk"})
    assert not allows(own, "s3:GetObject", f"{BUCKET}/risk/a", **{"aws:PrincipalTag/team": "shop"})
    assert not allows(own, "s3:GetObject", f"{BUCKET}/risk/a")


def test_a_role_trusts_whom_it_names_under_its_conditions() -> None:
    trust = document(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
        }
    )
    assert trusts(trust, "ec2.amazonaws.com", **{"aws:SourceAccount": "111122223333"})
    assert not trusts(trust, "ec2.amazonaws.com", **{"aws:SourceAccount": "999999999999"})
    assert not trusts(trust, "eks.amazonaws.com", **{"aws:SourceAccount": "111122223333"})
    assert not trusts(trust, "ec2.amazonaws.com", "sts:TagSession", **{"aws:SourceAccount": "111122223333"})
