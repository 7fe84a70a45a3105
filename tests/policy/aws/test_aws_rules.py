"""The five cases of each rule about AWS, on the hardened program."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import aws_answers
import aws_programs
from mlops_policy.aws import kinds
from mlops_policy.resources import Resource
from mlops_policy.rules import ProductionConfig, Rule
from mlops_policy.testing import changed, judged, problems
from mlops_policy.views import UNKNOWN
from policy_aws_samples import (
    ELSEWHERE,
    OF_OPTIONS,
    OF_PRODUCTION,
    RULES,
    hardened,
    of_document,
    sample,
)
from policy_mutations import broken, undecided

BY_NAME = {rule.name: rule for rule in RULES}


def of(kind: str, name: str = "") -> Resource:
    return next(each for each in hardened() if each.type.startswith(kind) and name in ("", each.name))


def put(*resources: Resource) -> list[Resource]:
    """The hardened program with other resources in the place of those of their URNs."""
    new = {each.urn: each for each in resources}
    return [new.get(each.urn, each) for each in hardened()]


@pytest.mark.parametrize("rule", [r for r in RULES if r.name not in OF_OPTIONS], ids=lambda rule: rule.name)
def test_a_rule_about_aws_comes_out_in_all_five_cases(rule: Rule) -> None:
    assert problems(rule, sample(rule)) == []


@pytest.mark.parametrize("name", sorted(OF_OPTIONS))
def test_a_resource_that_is_to_be_kept_is_protected(name: str) -> None:
    rule = BY_NAME[name]
    kept = next(each for each in hardened() if rule.applies(each.type))
    assert judged(rule, [kept]) == []
    (found,) = judged(rule, [replace(kept, protect=False)])
    assert (found.urn, found.message) == (kept.urn, "the resource option protect is not set")


def test_rules_of_production_are_not_asked_of_others() -> None:
    assert {rule.name for rule in RULES if rule.config is ProductionConfig} == OF_PRODUCTION
    loose = put(changed(of(kinds.DATABASE), "deletionProtection", False))
    assert broken(RULES, loose, ELSEWHERE) == {}
    assert broken(RULES, loose, {}) == {"rds-deletion": [of(kinds.DATABASE).urn]}


def test_offenders_are_named_by_their_urns() -> None:
    found = broken(RULES, of_document(aws_answers.recorded(aws_programs.open_ground)), ELSEWHERE)
    start = "urn:pulumi:test::mlops::aws"
    assert found["s3-block"] == [f"{start}:s3/bucket:Bucket::open"]
    assert found["eks-endpoint"] == [f"{start}:eks/cluster:Cluster::public"]
    assert found["rds-encrypted"] == [f"{start}:rds/instance:Instance::plain"]


OFFICE, ALL = "203.0.113.0/24", "0.0.0.0/0"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"endpointPublicAccess": False}, []),
        ({"endpointPublicAccess": False, "publicAccessCidrs": UNKNOWN}, []),
        ({}, ["not set, none"]),
        ({"endpointPublicAccess": True}, ["True, none"]),
        ({"endpointPublicAccess": True, "publicAccessCidrs": [OFFICE]}, []),
        ({"endpointPublicAccess": UNKNOWN, "publicAccessCidrs": [OFFICE]}, []),
        ({"endpointPublicAccess": True, "publicAccessCidrs": [OFFICE, ALL]}, [f"True, {OFFICE}, {ALL}"]),
        ({"endpointPublicAccess": True, "publicAccessCidrs": []}, ["True, none"]),
        ({"endpointPublicAccess": True, "publicAccessCidrs": UNKNOWN}, ["unknown"]),
    ],
)
def test_a_public_endpoint_is_for_named_networks(config: dict[str, Any], says: list[str]) -> None:
    cluster = changed(of(kinds.CLUSTER), "vpcConfig", config)
    assert [each.message for each in judged(BY_NAME["eks-endpoint"], [cluster])] == [
        "vpcConfig.publicAccessCidrs is not known yet"
        if said == "unknown"
        else f"vpcConfig.endpointPublicAccess is {said.partition(', ')[0]} and must be false, or "
        f"vpcConfig.publicAccessCidrs name networks; it names {said.partition(', ')[2]}"
        for said in says
    ]


def test_a_bucket_of_logs_needs_no_key_and_no_log_of_its_own() -> None:
    logs, data = of(kinds.BUCKET, "logs"), of(kinds.BUCKET, "data")
    bare = [logs, data, of(kinds.LOGGING)]
    assert broken([BY_NAME["s3-access-logs"]], bare, {}) == {}
    assert broken([BY_NAME["s3-access-logs"]], [logs, data], {}) == {"s3-access-logs": [logs.urn, data.urn]}
    plain = [changed(of(kinds.ENCRYPTION, f"{name}-encryption"), "rules", []) for name in ("logs", "data")]
    names = ["s3-kms", "s3-key", "s3-bucket-key"]
    assert broken([BY_NAME[name] for name in names], [*bare, *plain], {}) == {
        name: [plain[1].urn] for name in names
    }


def test_a_bucket_whose_policy_is_not_known_may_be_one_of_logs() -> None:
    bucket, policy = of(kinds.BUCKET, "data"), of(kinds.BUCKET_POLICY, "data-policy")
    hidden = changed(policy, "policy", UNKNOWN)
    rule = BY_NAME["s3-access-logs"]
    assert undecided([rule], [bucket, hidden], {}) == {"s3-access-logs": [bucket.urn]}
    assert undecided([rule], [bucket, hidden, of(kinds.LOGGING)], {}) == {}
    assert broken([rule], [bucket, policy], {}) == {"s3-access-logs": [bucket.urn]}


def test_a_node_may_have_no_policy_of_an_application() -> None:
    role = of(kinds.ROLE, "node")
    inline = [{"name": "more", "policy": aws_programs.allow("s3:GetObject", "arn:aws:s3:::data/*")}]
    more = replace(role, props={**role.props, "inlinePolicies": inline})
    assert broken(RULES, put(more), {}) == {"nodes-rights": [role.urn]}
    managed = replace(
        role, props={**role.props, "managedPolicyArns": ["arn:aws:iam::aws:policy/PowerUserAccess"]}
    )
    assert broken(RULES, put(managed), {}) == {"nodes-rights": [role.urn]}
    given = replace(of(kinds.ROLE_POLICY, "reader"), props={"role": "node", "policy": "{}"}, references={"role": (role.urn,)})  # fmt: skip  # noqa: E501
    assert broken(RULES, put(given), {}) == {"nodes-rights": [given.urn]}


def test_a_policy_may_be_written_as_an_object_of_which_a_part_is_not_known() -> None:
    arn = "arn:aws:s3:::data"
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Action": "s3:*", "Principal": "*", "Condition": condition}
    policy, rule = of(kinds.BUCKET_POLICY, "data-policy"), BY_NAME["s3-tls"]

    def said(*statements: dict[str, Any]) -> list[str]:
        document = changed(policy, "policy", {"Version": "2012-10-17", "Statement": [*statements]})
        return [each.message for each in judged(rule, [document])]

    other = {"Effect": UNKNOWN}
    assert said({**deny, "Resource": [arn, f"{arn}/*"]}, other) == []
    assert said({**deny, "Resource": [UNKNOWN, UNKNOWN]}) == [
        "policy.Statement[0].Resource[0] is not known yet"
    ]
    assert said({**deny, "Resource": [arn]}, other) == ["policy.Statement[1].Effect is not known yet"]
    assert said({**deny, "Resource": [arn]}) == [
        "policy does not deny what comes without TLS, to the bucket and to its objects"
    ]


def test_a_policy_that_is_no_json_is_told_from_one_that_is_not_known() -> None:
    broken_text = changed(of(kinds.BUCKET_POLICY), "policy", "{not JSON")
    (found,) = judged(BY_NAME["s3-tls"], [broken_text])
    assert found.message == "policy is '{not JSON', where a JSON object is expected"


def test_a_key_that_aws_makes_is_not_a_key_of_ones_own() -> None:
    group = changed(of(kinds.LOG_GROUP), "kmsKeyId", "alias/aws/logs")
    (found,) = judged(BY_NAME["logs-key"], [group])
    assert found.message == "kmsKeyId is 'alias/aws/logs' and must be the ARN of a key of one's own"


def test_service_accounts_that_share_a_role_are_told_before_the_role_has_an_arn() -> None:
    first, second = (of(kinds.ASSOCIATION, name) for name in ("reader", "writer"))
    shared = replace(changed(second, "roleArn", UNKNOWN), references=first.references)
    found = judged(BY_NAME["identity-one-role"], [changed(first, "roleArn", UNKNOWN), shared])
    assert [(each.urn, each.message) for each in found] == [
        (first.urn, "roleArn is also the role of models/writer"),
        (second.urn, "roleArn is also the role of models/reader"),
    ]
