"""Every taggable resource carries the required tags, and so does what AWS makes from it."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws
import pytest
from pulumi_kubernetes.apiextensions import CustomResource

from cost_documents import Part, rendered
from mlops_stacks.tag_check import is_taggable, untagged
from pulumi_mlops.aws.aws_tags import REQUIRED

TAGS = dict.fromkeys(REQUIRED, "x")
ALL = ", ".join(REQUIRED)


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::mlops::{kind}::{name}"


def test_resources_with_all_tags_and_those_that_take_none_pass() -> None:
    def program() -> None:
        Part("component")
        aws.s3.Bucket("bucket", tags={**TAGS, "Name": "models"})
        aws.s3.BucketPolicy("policy", bucket="models", policy="{}")
        aws.iam.RolePolicyAttachment("attachment", role="r", policy_arn="arn:aws:iam::aws:policy/x")

    assert untagged(rendered(program)) == []


@pytest.mark.parametrize("missing", REQUIRED)
def test_a_missing_tag_is_named_with_its_resource(missing: str) -> None:
    tags = {name: "x" for name in REQUIRED if name != missing}
    document = rendered(lambda: aws.s3.Bucket("bucket", tags=tags))
    assert untagged(document) == [f"{urn('aws:s3/bucket:Bucket', 'bucket')}: tags lacks {missing}"]


@pytest.mark.parametrize("tags", [None, {}, dict.fromkeys(REQUIRED, "")])
def test_no_tags_and_empty_ones_are_missing_ones(tags: dict[str, str] | None) -> None:
    document = rendered(lambda: aws.kms.Key("key", tags=tags))
    assert untagged(document) == [f"{urn('aws:kms/key:Key', 'key')}: tags lacks {ALL}"]


def test_tags_that_only_an_update_tells_cannot_be_checked() -> None:
    def program() -> None:
        bucket = aws.s3.Bucket("bucket", tags=TAGS)
        aws.s3.Bucket("other", tags=bucket.tags_all)

    assert untagged(rendered(program)) == [
        f"{urn('aws:s3/bucket:Bucket', 'other')}: tags is not known before an update, so nobody can "
        "check it; give plain tags"
    ]


def test_a_tag_whose_value_only_an_update_tells_is_there() -> None:
    def program() -> None:
        bucket = aws.s3.Bucket("bucket", tags=TAGS)
        aws.s3.Bucket("other", tags={**TAGS, REQUIRED[0]: bucket.arn})

    assert untagged(rendered(program)) == []


@pytest.mark.parametrize(
    ("kinds", "lacking"),
    [
        (["instance", "volume", "network-interface"], []),
        (["instance"], ["tagSpecifications of volume"]),
        (["volume"], ["tagSpecifications of instance"]),
        ([], ["tagSpecifications of instance", "tagSpecifications of volume"]),
    ],
)
def test_a_launch_template_tags_the_machines_and_the_volumes_that_it_makes(
    kinds: list[str], lacking: list[str]
) -> None:
    specifications = [{"resource_type": kind, "tags": TAGS} for kind in kinds]
    document = rendered(
        lambda: aws.ec2.LaunchTemplate("template", tags=TAGS, tag_specifications=specifications)
    )
    name = urn("aws:ec2/launchTemplate:LaunchTemplate", "template")
    assert untagged(document) == [f"{name}: {path} lacks {ALL}" for path in lacking]


@pytest.mark.parametrize(("tags", "count"), [(TAGS, 0), (None, 1)])
def test_karpenters_class_tags_the_machines_that_it_makes(tags: dict[str, str] | None, count: int) -> None:
    def program() -> None:
        spec: dict[str, Any] = {"role": "node", **({"tags": tags} if tags else {})}
        CustomResource("default", api_version="karpenter.k8s.aws/v1", kind="EC2NodeClass", spec=spec)

    name = urn("kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", "default")
    assert untagged(rendered(program)) == [f"{name}: spec.tags lacks {ALL}"] * count


def test_a_creation_template_tags_the_repositories_that_it_makes() -> None:
    def program() -> None:
        for name, tags in (("good", TAGS), ("bad", None)):
            aws.ecr.RepositoryCreationTemplate(
                name, prefix=name, applied_fors=["PULL_THROUGH_CACHE"], resource_tags=tags
            )

    kind = "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"
    assert untagged(rendered(program)) == [f"{urn(kind, 'bad')}: resourceTags lacks {ALL}"]


def test_tags_in_a_list_are_read_as_those_in_a_mapping() -> None:
    def program() -> None:
        tags = [{"key": key, "value": value, "propagate_at_launch": True} for key, value in TAGS.items()]
        aws.autoscaling.Group("good", max_size=1, min_size=1, tags=tags)
        aws.autoscaling.Group("bad", max_size=1, min_size=1, tags=tags[1:])

    assert untagged(rendered(program)) == [
        f"{urn('aws:autoscaling/group:Group', 'bad')}: tags lacks {REQUIRED[0]}"
    ]


@pytest.mark.parametrize(
    ("kind", "takes"),
    [
        ("aws:lambda/function:Function", True),
        ("aws:eks/podIdentityAssociation:PodIdentityAssociation", True),
        ("aws:ec2/route:Route", False),
    ],
)
def test_what_takes_tags_is_read_from_the_sdk(kind: str, takes: bool) -> None:
    assert is_taggable(kind) is takes


def test_a_type_that_the_sdk_does_not_know_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^the SDK has no class for aws:s3/chest:Chest$"):
        is_taggable("aws:s3/chest:Chest")
