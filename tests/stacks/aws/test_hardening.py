from __future__ import annotations

import collections
import json
from typing import Any

import pulumi_aws as aws
import pytest

import aws_answers
import aws_programs
import hardened_program
import hardening
from hardening import MISSING, REMOVE, Row, broken, idle, survivors
from hardening_rows import ROWS
from mlops_stacks.recording import Document

BY_ID = {row.id: row for row in ROWS}


@pytest.fixture(scope="module")
def hardened() -> Document:
    return aws_answers.recorded(hardened_program.program)


def test_every_row_has_an_id_of_its_own() -> None:
    twice = [name for name, count in collections.Counter(row.id for row in ROWS).items() if count > 1]
    assert twice == []


def test_a_program_that_does_all_of_it_breaks_no_row(hardened: Document) -> None:
    assert broken(hardened, ROWS, production=True) == {}


def test_every_field_that_is_taken_away_breaks_its_own_row_and_no_other(hardened: Document) -> None:
    assert survivors(hardened, ROWS, production=True) == []


def test_no_row_is_without_something_to_hold_of(hardened: Document) -> None:
    assert idle(hardened, ROWS, production=True) == []


def test_rows_of_production_are_not_asked_of_others(hardened: Document) -> None:
    alone = {row.id for row in ROWS if row.production}
    assert alone == {
        "ecr.no-force", "ecr.protect", "eks.deletion", "eks.protect", "kms.protect", "rds.backups-stay",
        "rds.backups-week", "rds.deletion", "rds.final", "rds.final-name", "rds.protect", "rds.zones",
        "s3.no-force", "s3.protect",
    }  # fmt: skip
    for mutation in BY_ID["rds.deletion"].mutations(hardened):
        assert broken(mutation.document, ROWS, production=False) == {}
        assert set(broken(mutation.document, ROWS, production=True)) == {"rds.deletion"}


def test_offenders_are_named_by_their_urns() -> None:
    found = broken(aws_answers.recorded(aws_programs.open_ground), ROWS, production=False)
    start = "urn:pulumi:test::mlops::aws"
    assert found["vpc.no-open-group"] == [f"{start}:ec2/securityGroup:SecurityGroup::open"]
    assert found["s3.block"] == [f"{start}:s3/bucket:Bucket::open"]
    assert found["eks.endpoint"] == [f"{start}:eks/cluster:Cluster::public"]
    assert found["rds.encrypted"] == [f"{start}:rds/instance:Instance::plain"]


@pytest.mark.parametrize(
    ("config", "holds"),
    [
        ({"endpointPublicAccess": False}, True),
        ({}, False),
        ({"endpointPublicAccess": True}, False),
        ({"endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24"]}, True),
        ({"endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24", "0.0.0.0/0"]}, False),
        ({"endpointPublicAccess": True, "publicAccessCidrs": []}, False),
    ],
)
def test_a_public_endpoint_is_for_named_networks_and_a_mutation_takes_them_away(
    hardened: Document, config: dict[str, Any], holds: bool
) -> None:
    (cluster,) = hardening.of_type(hardened, "aws:eks/cluster:")
    row = BY_ID["eks.endpoint"]
    changed = hardening.with_inputs(hardened, cluster, {**cluster.inputs, "vpcConfig": config})
    assert (row.offenders(changed) == []) is holds
    if holds:
        (mutation,) = row.mutations(changed)
        assert row.offenders(mutation.document) == [cluster.urn]


def test_a_bucket_of_logs_needs_no_key_and_no_log_of_its_own(hardened: Document) -> None:
    def program() -> None:
        aws.s3.Bucket("data", bucket="data")

    assert {"s3.access-logs", "s3.encryption"} <= set(
        broken(aws_answers.recorded(program), ROWS, production=False)
    )
    (logging,) = hardening.of_type(hardened, "aws:s3/bucketLogging:")
    assert logging.inputs["targetBucket"] == "logs"
    for row in ("s3.access-logs", "s3.kms", "s3.key", "s3.bucket-key", "s3.wrong-key"):
        named = [mutation.what for mutation in BY_ID[row].mutations(hardened)]
        assert len(named) == 1
        assert "data" in named[0]


def test_a_node_may_have_no_policy_of_an_application(hardened: Document) -> None:
    (role,) = [each for each in hardening.of_type(hardened, "aws:iam/role:") if each.name == "node"]
    inline = [{"name": "more", "policy": aws_programs.allow("s3:GetObject", "arn:aws:s3:::data/*")}]
    changed = hardening.with_inputs(hardened, role, {**role.inputs, "inlinePolicies": inline})
    assert broken(changed, ROWS, production=True) == {"nodes.rights": [role.urn]}


def test_a_survivor_tells_which_field_nobody_missed(hardened: Document) -> None:
    blind = hardening.field(
        "blind", "Secrets", "anything goes", "aws:kms/key:", "enableKeyRotation", lambda value: True
    )
    wide = hardening.field(
        "wide", "Secrets", "rotation", "aws:kms/key:", "enableKeyRotation", lambda value: value is True
    )
    assert survivors(hardened, [blind], production=False) == [
        "blind: without key enableKeyRotation broken are none"
    ]
    assert survivors(hardened, [wide, BY_ID["kms.rotation"]], production=False) == [
        "wide: without key enableKeyRotation broken are ['kms.rotation', 'wide']",
        "kms.rotation: without key enableKeyRotation broken are ['kms.rotation', 'wide']",
    ]


def test_a_row_of_a_type_that_is_not_there_is_idle() -> None:
    document = aws_answers.recorded(aws_programs.reader_role)
    assert idle(document, [BY_ID["rds.encrypted"], BY_ID["s3.block"]], production=False) == [
        "rds.encrypted",
        "s3.block",
    ]


def test_a_path_leads_to_every_item_of_a_list() -> None:
    inputs = {"disks": [{"ebs": {"encrypted": True}}, {"ebs": {}}, "none"], "empty": []}
    assert hardening.places(inputs, "disks[].ebs.encrypted") == [
        (["disks", 0, "ebs", "encrypted"], True),
        (["disks", 1, "ebs", "encrypted"], MISSING),
        (["disks", 2, "ebs", "encrypted"], MISSING),
    ]
    assert hardening.places(inputs, "empty[].a") == [(["empty", 0, "a"], MISSING)]
    assert hardening.places(inputs, "none.a") == [(["none", "a"], MISSING)]


def test_a_value_is_put_where_there_is_a_place_for_it() -> None:
    inputs: dict[str, Any] = {"a": [{"b": 1}]}
    assert hardening.put(inputs, ["a", 0, "b"], REMOVE)
    assert hardening.put(inputs, ["c", "d"], True)
    assert not hardening.put(inputs, ["a", 1, "b"], True)
    assert not hardening.put(inputs, ["x", "y"], REMOVE)
    assert inputs == {"a": [{}], "c": {"d": True}}


def test_a_policys_statement_is_taken_out_of_its_text(hardened: Document) -> None:
    row: Row = BY_ID["s3.tls"]
    for mutation in row.mutations(hardened):
        (urn,) = row.offenders(mutation.document)
        (policy,) = [each for each in mutation.document.resources if each.urn == urn]
        left = json.loads(str(policy.inputs["policy"]))["Statement"]
        assert [one.get("Condition", {}).get("Bool") for one in left] == [None]
