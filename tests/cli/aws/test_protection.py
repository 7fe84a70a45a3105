"""What a state protects, and what is said about it."""

from __future__ import annotations

from typing import Any

from mlops_cli.aws.protection import Guarded, guarded, refusal

DATABASE = "urn:pulumi:prod::mlops::mlops:index:RdsDatabase$aws:rds/instance:Instance::mlops-database"
BUCKET = "urn:pulumi:prod::mlops::mlops:index:S3ObjectStore$aws:s3/bucket:Bucket::mlops-store-models"
CLUSTER = "urn:pulumi:prod::mlops::mlops:index:EksCluster$aws:eks/cluster:Cluster::mlops-cluster"


def deployment(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"manifest": {}, "resources": list(resources)}


def test_a_state_of_nothing_protects_nothing() -> None:
    assert guarded({}) == guarded({"resources": None}) == guarded(deployment({"urn": BUCKET})) == []


def test_the_engines_protection_and_that_of_aws_are_told_apart() -> None:
    found = guarded(
        deployment(
            {"urn": BUCKET, "protect": True, "inputs": {"bucket": "x"}},
            {"urn": DATABASE, "protect": True, "inputs": {"deletionProtection": True}},
            {"urn": CLUSTER, "outputs": {"deletionProtection": True}},
            {"urn": f"{CLUSTER}-2", "inputs": {"deletionProtection": False}, "outputs": None},
        )
    )
    assert found == [
        Guarded(BUCKET, protect=True, deletion_protection=False),
        Guarded(DATABASE, protect=True, deletion_protection=True),
        Guarded(CLUSTER, protect=False, deletion_protection=True),
    ]


def test_what_aws_last_answered_counts_before_what_was_asked_for() -> None:
    half = {"urn": CLUSTER, "inputs": {"deletionProtection": False}, "outputs": {"deletionProtection": True}}
    assert [each.deletion_protection for each in guarded(deployment(half))] == [True]


def test_every_kinds_own_name_of_deletion_protection_is_known() -> None:
    for key, value in (
        ("deletionProtection", "ACTIVE"),
        ("deletionProtectionEnabled", True),
        ("disableApiTermination", True),
        ("enableDeletionProtection", "true"),
    ):
        assert len(guarded(deployment({"urn": CLUSTER, "outputs": {key: value}}))) == 1


def test_production_is_told_which_setting_to_change_and_to_bring_up_first() -> None:
    found = [Guarded(BUCKET, True, False), Guarded(DATABASE, True, True)]
    assert refusal("prod", found, production=True).splitlines() == [
        "environment 'prod' has 2 protected resources; nothing was deleted:",
        "  aws:s3/bucket:Bucket mlops-store-models (protect)",
        "  aws:rds/instance:Instance mlops-database (protect and deletion protection)",
        "To let all of them go: in stacks/Pulumi.prod.yaml set mlops:aws.production to false and"
        " mlops:aws.expires to a day,",
        "run `mlops up prod`, which takes the protection off, then `mlops down prod --yes`.",
        "To let go of single ones, until the next `mlops up`:",
        f"  pulumi state unprotect '{BUCKET}' --stack prod --yes",
        f"  pulumi state unprotect '{DATABASE}' --stack prod --yes",
        "AWS's own deletion protection is taken off by `mlops up` only.",
    ]


def test_an_environment_that_was_production_is_told_to_bring_up_first() -> None:
    lines = refusal("prod", [Guarded(CLUSTER, False, True)], production=False).splitlines()
    assert lines[2].startswith("The settings say that it is not production: run `mlops up prod` first,")
    assert [line for line in lines if "unprotect" in line] == []
