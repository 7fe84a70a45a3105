from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from aws_stores import ACCOUNT, REGION
from pulumi_mlops import InvalidValue
from pulumi_mlops.aws import ecr_rules

PARTS = st.from_regex(r"[a-z0-9]{1,8}([._\-][a-z0-9]{1,8}){0,2}", fullmatch=True)


def selections(policy: str) -> list[dict[str, Any]]:
    """What each rule selects, in the order in which ECR looks."""
    rules = json.loads(policy)["rules"]
    assert [rule["rulePriority"] for rule in rules] == list(range(1, len(rules) + 1))
    assert {rule["action"]["type"] for rule in rules} == {"expire"}
    return [rule["selection"] for rule in rules]


def test_only_images_without_a_tag_end_so_nothing_that_is_deployed_does() -> None:
    assert selections(ecr_rules.lifecycle(14)) == [
        {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}
    ]


def test_a_limit_by_number_leaves_kept_tags_alone_by_rules_that_come_before() -> None:
    shield = {"tagStatus": "tagged", "countType": "imageCountMoreThan", "countNumber": 10000}
    assert selections(ecr_rules.lifecycle(14, 30, ["deployed-*", "v*"]))[1:] == [
        {**shield, "tagPatternList": ["deployed-*"]},
        {**shield, "tagPatternList": ["v*"]},
        {**shield, "tagPatternList": ["*"], "countNumber": 30},
    ]


def test_a_cache_keeps_the_newest() -> None:
    assert selections(ecr_rules.cache_lifecycle(100)) == [
        {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 100}
    ]


@mock_aws
@pytest.mark.parametrize(
    "policy", [ecr_rules.lifecycle(14), ecr_rules.lifecycle(1, 30), ecr_rules.cache_lifecycle(100)]
)
def test_a_double_of_ecr_that_checks_lifecycles_takes_them(policy: str) -> None:
    client = boto3.client("ecr", REGION, aws_access_key_id="double", aws_secret_access_key="double")
    client.create_repository(repositoryName="loans/serving")
    client.put_lifecycle_policy(repositoryName="loans/serving", lifecyclePolicyText=policy)
    found = client.get_lifecycle_policy(repositoryName="loans/serving")
    assert json.loads(found["lifecyclePolicyText"]) == json.loads(policy)
    with pytest.raises(ClientError, match="InvalidParameterException"):
        client.put_lifecycle_policy(
            repositoryName="loans/serving", lifecyclePolicyText=policy.replace("expire", "explode")
        )


@given(st.lists(PARTS, min_size=1, max_size=3).map("/".join))
def test_an_address_is_read_as_it_is_made(prefix: str) -> None:
    read = ecr_rules.address_parts(f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{prefix}")
    assert read == ecr_rules.Address(ACCOUNT, REGION, prefix)


def test_an_address_may_have_no_prefix_and_be_in_china() -> None:
    host = f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn"
    assert ecr_rules.address_parts(host) == ecr_rules.Address(ACCOUNT, "cn-north-1", "")
    assert ecr_rules.address(host) == host
    assert ecr_rules.repository_arn(ACCOUNT, "cn-north-1", "*") == (
        f"arn:aws-cn:ecr:cn-north-1:{ACCOUNT}:repository/*"
    )


@given(PARTS, st.sampled_from(sorted(ecr_rules.CACHES)))
def test_the_prefix_of_a_cache_is_one_that_ecr_takes_or_is_refused(prefix: str, registry: str) -> None:
    try:
        made = ecr_rules.cache_prefix(prefix, registry)
    except InvalidValue:
        assert len(f"{prefix}/{ecr_rules.CACHES[registry]}") > 30
        return
    assert re.fullmatch(r"(?=.{2,30}$)[a-z0-9]+([._-][a-z0-9]+)*/[a-z0-9\-]+", made)


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (
            ecr_rules.repository_name,
            "Serving",
            r"'Serving' \(7 characters\) is no name for a repository; allowed are 2 to 256",
        ),
        (
            lambda image: ecr_rules.repository_of("p" * 200, image),
            "a" * 56,
            r"\(257 characters\) is no name for a repository; allowed are 2 to 256",
        ),
        (ecr_rules.repository_name, "a//b", "is no name for a repository"),
        (ecr_rules.repository_name, "a", "is no name for a repository"),
        (ecr_rules.cached_registry, "docker.io", "allowed are public.ecr.aws, quay.io, registry.k8s.io"),
        (ecr_rules.tag_pattern, "a b", "is no pattern of tags"),
        (ecr_rules.tag_pattern, "*a*b*c*d*", "at most 4 times"),
        (ecr_rules.address, "https://x", "'https://x' is no address of an ECR registry; one looks like"),
    ],
)
def test_what_ecr_would_refuse_is_refused_before(check: Any, value: str, message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        check(value)
