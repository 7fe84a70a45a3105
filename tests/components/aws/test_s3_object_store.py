from __future__ import annotations

from typing import Any

import pulumi
import pytest

from aws_stores import ACCOUNT, KEY, REGION, TAGS, ground, of_protected, options
from pulumi_mlops.aws import s3_policies
from pulumi_mlops.aws.s3_object_store import LockMode, S3ObjectStore, S3Source
from recording_engine import Recording, registered, unknown

# The SDK's module warns of its own old names as it is loaded.
pytestmark = pytest.mark.filterwarnings("ignore:.*has been deprecated in favor of:DeprecationWarning")

NAMES = {each: f"mlops-{ACCOUNT}-{REGION}-{each}" for each in ("models", "data", "requests", "logs")}
ARNS = {each: f"arn:aws:s3:::{name}" for each, name in NAMES.items()}
WITH_KEY = ("models", "data", "requests")
HOUSEKEEPING = {
    "id": "housekeeping",
    "status": "Enabled",
    "filter": {"prefix": ""},
    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
    "noncurrentVersionExpiration": {"noncurrentDays": 90},
    "expiration": {"expiredObjectDeleteMarker": True},
}
ADOPTED = {"models": "our-models", "data": "our-data", "requests": "our-requests"}


def store(*, production: bool = False, **changed: Any) -> S3ObjectStore:
    args: Any = {
        "ground": ground(production=production),
        "source": S3Source.CREATE,
        "key_arn": KEY,
        **changed,
    }
    return S3ObjectStore("mlops", args)


def made(**changed: Any) -> Recording:
    return registered(lambda: store(**changed))


def each_of(kind: str, **changed: Any) -> dict[str, dict[str, Any]]:
    """Inputs of all resources of a kind by bucket, without the bucket's name, which is checked."""
    found = {}
    for resource in made(**changed).resources:
        if resource.type.endswith(f":{kind}"):
            bucket = resource.name.split("-")[1]
            inputs = dict(resource.inputs)
            assert inputs.pop("bucket") == NAMES[bucket]
            found[bucket] = inputs
    return found


def test_four_buckets_are_made_with_all_their_settings() -> None:
    settings = {
        "Bucket": "bucket",
        "BucketLifecycleConfiguration": "lifecycle",
        "BucketOwnershipControls": "ownership",
        "BucketPolicy": "policy",
        "BucketPublicAccessBlock": "public-access",
        "BucketServerSideEncryptionConfiguration": "encryption",
        "BucketVersioning": "versioning",
    }
    every = [(kind, f"mlops-{bucket}-{last}") for kind, last in settings.items() for bucket in NAMES]
    logged = [("BucketLogging", f"mlops-{bucket}-logging") for bucket in WITH_KEY]
    assert sorted((r.type.split(":")[-1], r.name) for r in made().resources) == sorted(
        [*every, *logged, ("S3ObjectStore", "mlops")]
    )


def test_the_store_says_where_it_is_and_what_its_buckets_are_called() -> None:
    assert made().outputs["mlops"] == {
        "url": "https://s3.eu-central-1.amazonaws.com",
        "region": "eu-central-1",
        "bucket_names": NAMES,
        "bucket_arns": ARNS,
        "key_arn": KEY,
    }


def test_a_bucket_carries_the_tags_and_is_not_emptied_by_a_destroy() -> None:
    assert each_of("Bucket") == {
        bucket: {"forceDestroy": False, "tags": {**TAGS, "Name": f"mlops-{bucket}"}} for bucket in NAMES
    }


def test_nothing_can_make_a_bucket_public() -> None:
    blocks = {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    assert each_of("BucketPublicAccessBlock") == dict.fromkeys(NAMES, blocks)


def test_the_account_owns_every_object_and_there_are_no_acls() -> None:
    assert each_of("BucketOwnershipControls") == {
        bucket: {"rule": {"objectOwnership": "BucketOwnerEnforced"}} for bucket in NAMES
    }


def test_every_version_of_an_object_is_kept() -> None:
    assert each_of("BucketVersioning") == {
        bucket: {"versioningConfiguration": {"status": "Enabled"}} for bucket in NAMES
    }


def test_objects_are_encrypted_with_the_key_and_its_bucket_key_and_records_of_access_by_s3() -> None:
    with_key = {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
        "bucketKeyEnabled": True,
        "blockedEncryptionTypes": ["SSE-C"],
    }
    by_s3 = {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"},
        "bucketKeyEnabled": False,
        "blockedEncryptionTypes": ["SSE-C"],
    }
    assert each_of("BucketServerSideEncryptionConfiguration") == {
        **{bucket: {"rules": [with_key]} for bucket in WITH_KEY},
        "logs": {"rules": [by_s3]},
    }


def test_every_bucket_has_its_policy() -> None:
    sources = {bucket: ARNS[bucket] for bucket in WITH_KEY}
    assert each_of("BucketPolicy") == {
        **{bucket: {"policy": s3_policies.bucket_policy(ARNS[bucket], KEY)} for bucket in WITH_KEY},
        "logs": {"policy": s3_policies.logs_policy(ARNS["logs"], ACCOUNT, sources)},
    }


def test_access_to_every_bucket_of_the_platform_is_recorded() -> None:
    assert each_of("BucketLogging") == {
        bucket: {"targetBucket": NAMES["logs"], "targetPrefix": f"{bucket}/"} for bucket in WITH_KEY
    }


def test_uploads_and_versions_end_and_records_too_but_models_and_data_never() -> None:
    ends = {"id": "ageing", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 365}}
    assert each_of("BucketLifecycleConfiguration") == {
        "models": {"rules": [HOUSEKEEPING]},
        "data": {"rules": [HOUSEKEEPING]},
        "requests": {"rules": [HOUSEKEEPING, ends]},
        "logs": {"rules": [HOUSEKEEPING, ends]},
    }


def test_how_long_things_stay_is_the_users_to_say_as_other_languages_give_it() -> None:
    found = each_of(
        "BucketLifecycleConfiguration",
        noncurrent_days=7.0,
        request_days=90.0,
        request_infrequent_days=30.0,
        access_log_days=400.0,
    )
    assert found["models"]["rules"][0]["noncurrentVersionExpiration"] == {"noncurrentDays": 7}
    assert found["requests"]["rules"][1] == {
        "id": "ageing",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "expiration": {"days": 90},
        "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
    }
    assert found["logs"]["rules"][1]["expiration"] == {"days": 400}


def test_versions_of_models_and_releases_are_locked_where_that_is_set_and_no_others() -> None:
    lock = {"models_lock": {"mode": LockMode.GOVERNANCE, "days": 30.0}}
    assert each_of("BucketObjectLockConfiguration", **lock) == {
        "models": {
            "objectLockEnabled": "Enabled",
            "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 30}},
        }
    }
    locked = [name for name, inputs in each_of("Bucket", **lock).items() if "objectLockEnabled" in inputs]
    assert locked == ["models"]
    assert each_of("BucketObjectLockConfiguration") == {}


def test_a_lock_may_be_one_that_nobody_can_end() -> None:
    found = each_of("BucketObjectLockConfiguration", models_lock={"mode": "compliance", "days": 365})
    assert found["models"]["rule"] == {"defaultRetention": {"mode": "COMPLIANCE", "days": 365}}


def test_the_engine_refuses_to_delete_the_buckets_of_production_alone() -> None:
    assert of_protected(lambda: store(production=True)) == sorted(f"mlops-{name}-bucket" for name in NAMES)
    assert of_protected(store) == []


def test_every_setting_ends_with_its_bucket_and_not_before() -> None:
    settings = {
        name: resource.deleted_with.split("::")[-1]
        for name, resource in options(store).items()
        if name != "mlops" and not name.endswith("-bucket")
    }
    assert len(settings) == 27
    assert settings == {name: "-".join([*name.split("-")[:2], "bucket"]) for name in settings}


def test_a_policy_waits_for_the_block_of_public_ones_and_logging_for_the_right_to_write() -> None:
    recording = made()
    assert recording.of("BucketPolicy", "mlops-data-policy").dependencies == (
        "mlops-data-bucket",
        "mlops-data-encryption",
        "mlops-data-ownership",
        "mlops-data-public-access",
        "mlops-data-versioning",
    )
    assert "mlops-logs-policy" in recording.of("BucketLogging", "mlops-data-logging").dependencies
    assert "mlops-data-versioning" in (
        recording.of("BucketLifecycleConfiguration", "mlops-data-lifecycle").dependencies
    )


def test_buckets_that_may_be_lost_are_emptied_where_that_is_asked_for() -> None:
    assert {each["forceDestroy"] for each in each_of("Bucket", force_destroy=True).values()} == {True}


def test_adopted_buckets_are_not_registered_so_they_are_never_deleted() -> None:
    recording = made(source="adopt", bucket_names=ADOPTED)
    assert [r.name for r in recording.resources] == ["mlops"]
    assert recording.outputs["mlops"]["bucket_names"] == ADOPTED
    assert recording.outputs["mlops"]["bucket_arns"]["models"] == "arn:aws:s3:::our-models"


def test_a_preview_knows_the_same_resources_with_neither_account_nor_key_known() -> None:
    def program() -> None:
        store(ground={**ground(), "account_id": unknown()}, key_arn=unknown(), request_days=unknown())

    assert registered(program, preview=True).urns == made().urns


def test_names_follow_the_partition() -> None:
    outputs = made(ground=ground(region="cn-north-1")).outputs["mlops"]
    assert outputs["url"] == "https://s3.cn-north-1.amazonaws.com.cn"
    assert outputs["bucket_arns"]["data"] == f"arn:aws-cn:s3:::mlops-{ACCOUNT}-cn-north-1-data"


@pytest.mark.parametrize(
    ("changed", "path", "reason"),
    [
        ({"bucket_names": ADOPTED}, "bucket_names", "source create is chosen"),
        (
            {"source": "adopt", "bucket_names": ADOPTED, "models_lock": {}},
            "models_lock",
            "source adopt is chosen",
        ),
        ({"source": "adopt"}, "bucket_names", "buckets to adopt lack models, data, requests"),
        ({"source": "adopt", "bucket_names": {**ADOPTED, "x": "y"}}, "bucket_names", "is no bucket of the"),
        ({"source": "adopt", "bucket_names": {**ADOPTED, "data": "A"}}, "bucket_names.data", "is no name"),
        ({"production": True, "force_destroy": True}, "force_destroy", "never empties the buckets"),
        (
            {"force_destroy": True, "models_lock": {"mode": "compliance", "days": 1}},
            "force_destroy",
            "nobody can delete what is locked in mode compliance",
        ),
        ({"models_lock": {"mode": "governance", "days": 0}}, "models_lock.days", "is too small"),
        ({"object_name": "a-rather-long-name-for-all-of-them"}, "object_name", "Give a shorter object_name"),
        ({"request_infrequent_days": 5}, "request_infrequent_days", "is not possible"),
        ({"noncurrent_days": 0}, "noncurrent_days", "is too small"),
        ({"ground": {**ground(), "account_id": "1"}}, "ground.account_id", "is no account id"),
        ({"key_arn": "alias/mine"}, "key_arn", "is no ARN"),
        ({"ground": ground(region="Frankfurt")}, "ground.region", "is no region's code"),
    ],
)
def test_what_cannot_be_is_refused_with_its_path(changed: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as refused:
        made(**changed)
    assert refused.value.property_path == path
    assert reason in refused.value.reason
