from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime import is_dry_run

import aws_answers
import aws_programs
import preview_update

PROGRAMS = [aws_programs.reader_role, aws_programs.private_bucket, aws_programs.open_ground]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_knows_nothing_of_previews_has_no_difference(program: object) -> None:
    assert callable(program)
    assert preview_update.of_program(program) == []


def test_what_a_preview_cannot_know_equals_anything_and_nothing_at_all() -> None:
    def program() -> None:
        role = aws.iam.Role("role", assume_role_policy="{}")
        aws.s3.Bucket("data", tags={"role": role.arn, "unset": role.create_date})
        pulumi.export("arn", role.arn)

    preview = aws_answers.recorded(program, preview=True)
    (bucket,) = [each for each in preview.resources if each.name == "data"]
    assert bucket.inputs["tags"] == {"role": {"$unknown": True}, "unset": {"$unknown": True}}
    assert preview_update.of_program(program) == []


def test_a_program_that_does_other_things_in_a_preview_is_found_out() -> None:
    def program() -> None:
        preview = is_dry_run()
        aws.s3.Bucket("only-in-a-preview" if preview else "only-in-an-update")
        aws.s3.Bucket(
            "both",
            bucket="shown" if preview else "made",
            tags={"a": "1"} if preview else {"a": "1", "b": "2"},
            force_destroy=True if preview else None,
            opts=pulumi.ResourceOptions(protect=preview),
        )
        pulumi.export("url", "a" if preview else "b")

    start = "urn:pulumi:test::mlops::aws:s3/bucket:Bucket::"
    assert preview_update.of_program(program) == [
        f"{start}only-in-a-preview is in the preview alone",
        f"{start}only-in-an-update is in the update alone",
        f"{start}both protect: True became False",
        f"{start}both bucket: 'shown' became 'made'",
        f"{start}both forceDestroy: True went away",
        f"{start}both tags.b: not shown, became '2'",
        "outputs url: 'a' became 'b'",
    ]


def test_lists_of_another_length_differ_and_items_are_compared() -> None:
    def program() -> None:
        ids = ["subnet-1", "subnet-2"] if is_dry_run() else ["subnet-1", "subnet-3"]
        aws.rds.SubnetGroup("same", subnet_ids=ids)
        aws.rds.SubnetGroup("shorter", subnet_ids=ids[: 2 if is_dry_run() else 1])

    start = "urn:pulumi:test::mlops::aws:rds/subnetGroup:SubnetGroup::"
    assert preview_update.of_program(program) == [
        f"{start}same subnetIds[1]: 'subnet-2' became 'subnet-3'",
        f"{start}shorter subnetIds: ['subnet-1', 'subnet-2'] became ['subnet-1']",
    ]
