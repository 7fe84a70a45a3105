from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pytest

import aws_answers
import aws_programs
from aws_schema import problems
from recording_engine import unknown


class Anything(pulumi.CustomResource):
    """A resource of any type with any inputs, as no SDK would let it pass."""

    def __init__(self, token: str, **inputs: Any) -> None:
        super().__init__(token, "it", inputs)


def said(token: str, **inputs: Any) -> list[str]:
    found = problems(aws_answers.recorded(lambda: Anything(token, **inputs), preview=True))
    prefix = f"it ({token}) "
    assert all(line.startswith(prefix) for line in found)
    return [line.removeprefix(prefix) for line in found]


@pytest.mark.parametrize("program", [aws_programs.private_bucket, aws_programs.reader_role])
@pytest.mark.parametrize("preview", [True, False])
def test_what_the_sdk_makes_of_a_good_program_has_no_problem(
    program: Callable[[], None], preview: bool
) -> None:
    assert problems(aws_answers.recorded(program, preview=preview)) == []


def test_a_recording_is_read_as_its_document_is() -> None:
    assert problems(aws_answers.recording(aws_programs.open_ground)) == []


def test_an_input_that_there_is_not_is_named_with_those_there_are() -> None:
    assert said("aws:kms/alias:Alias", targetKeyId="k", targetkey="k") == [
        "targetkey: no such input; there are name, namePrefix, region, targetKeyId"
    ]


def test_a_nested_input_that_there_is_not_is_named_by_its_path() -> None:
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "key": "k"}}
    assert said(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        bucket="b",
        rules=[rule],
    ) == [
        "rules[0].applyServerSideEncryptionByDefault.key: no such input; "
        "there are kmsMasterKeyId, sseAlgorithm"
    ]


def test_what_must_be_given_is_missed_at_every_depth() -> None:
    assert said("aws:s3/bucketVersioning:BucketVersioning", versioningConfiguration={}) == [
        "bucket: must be given",
        "versioningConfiguration.status: must be given",
    ]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("yes", "enableKeyRotation: 'yes' is not a boolean"),
        (1, "enableKeyRotation: 1 is not a boolean"),
        ([True], "enableKeyRotation: [True] is not a boolean"),
        ({"on": True}, "enableKeyRotation: {'on': True} is not a boolean"),
    ],
)
def test_a_boolean_is_nothing_else(value: Any, problem: str) -> None:
    assert said("aws:kms/key:Key", enableKeyRotation=value) == [problem]


@pytest.mark.parametrize("value", ["30", True, 30.5])
def test_a_whole_number_is_nothing_else(value: Any) -> None:
    assert said("aws:kms/key:Key", deletionWindowInDays=value) == [
        f"deletionWindowInDays: {value!r} is not a whole number"
    ]
    assert said("aws:kms/key:Key", deletionWindowInDays=30.0) == []


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        ({"a": 1}, "tags.a: 1 is not a text"),
        (["a"], "tags: ['a'] is not a map"),
        ("a", "tags: 'a' is not a map"),
    ],
)
def test_tags_are_texts_by_key(tags: Any, problem: str) -> None:
    assert said("aws:kms/key:Key", tags=tags) == [problem]


def test_a_list_is_no_single_value_and_its_items_are_looked_at() -> None:
    group = "aws:rds/subnetGroup:SubnetGroup"
    assert said(group, subnetIds="subnet-1") == ["subnetIds: 'subnet-1' is not a list"]
    assert said(group, subnetIds=["subnet-1", 2]) == ["subnetIds[1]: 2 is not a text"]


def test_values_that_the_sdk_lists_are_held_against_the_list() -> None:
    assert said("aws:ec2/instance:Instance", instanceType="m99.huge") == [], "AWS has new ones sooner"
    (line,) = said("aws:ec2/instance:Instance", tenancy="mine")
    assert line == "tenancy: 'mine' is not one of 'default', 'dedicated'"


def test_unknown_and_secret_values_are_of_any_type() -> None:
    def program() -> None:
        aws.kms.Key("key", deletion_window_in_days=unknown(), tags=pulumi.Output.secret("hidden"))
        aws.rds.SubnetGroup("group", subnet_ids=[unknown(), "subnet-1"])

    assert problems(aws_answers.recorded(program, preview=True)) == []


def test_a_deprecated_input_and_a_deprecated_resource_are_problems() -> None:
    assert said(
        "aws:s3/bucketVersioning:BucketVersioning",
        **{
            "bucket": "b",
            "versioningConfiguration": {"status": "Enabled"},
            "expectedBucketOwner": "123456789012",
        },
    ) == ["expectedBucketOwner: is deprecated"]
    assert said("aws:s3/bucketV2:BucketV2") == [
        "BucketV2 is deprecated: s3.BucketV2 has been deprecated in favor of s3.Bucket"
    ]


def test_a_type_that_the_sdk_has_not_is_a_problem() -> None:
    assert said("aws:s3/pail:Pail") == ["pulumi_aws has no resource of type aws:s3/pail:Pail"]


def test_objects_of_kubernetes_are_looked_at_and_custom_kinds_are_not() -> None:
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": {"spec": {"containers": [{"image": "i"}]}}}
    assert said("kubernetes:apps/v1:Deployment", kind="Deployment", apiVersion="apps/v2", spec=spec) == [
        "apiVersion: 'apps/v2' is not 'apps/v1'",
        "spec.template.spec.containers[0].name: must be given",
    ]
    assert said("kubernetes:keda.sh/v1alpha1:ScaledObject", spec={"any": 1}) == []

    def good() -> None:
        kubernetes.core.v1.Service("shop", spec={"ports": [{"port": 80, "target_port": "http"}]})

    assert problems(aws_answers.recorded(good)) == []
