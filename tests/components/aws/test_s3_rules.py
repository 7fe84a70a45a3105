from __future__ import annotations

from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from aws_stores import ACCOUNT, REGION
from pulumi_mlops import InvalidValue
from pulumi_mlops.aws import s3_rules

_WORDS = {"id": "ID"}
LABELS = st.from_regex(r"[a-z]([a-z0-9\-]{0,38}[a-z0-9])?", fullmatch=True)


@given(LABELS, st.sampled_from((*s3_rules.BUCKETS, s3_rules.LOGS)))
def test_a_made_name_is_one_that_s3_takes_or_is_refused_with_its_length(name: str, bucket: str) -> None:
    whole = f"{name}-{ACCOUNT}-{REGION}-{bucket}"
    if len(whole) <= 63:
        assert s3_rules.made_name(name, ACCOUNT, REGION, bucket) == whole
    else:
        with pytest.raises(InvalidValue, match=f"\\({len(whole)} characters\\).*shorter object_name"):
            s3_rules.made_name(name, ACCOUNT, REGION, bucket)


@given(st.integers(1, 4000), st.integers(1, 4000))
def test_records_move_before_they_end_or_the_move_is_refused(expire: int, infrequent: int) -> None:
    try:
        rule = s3_rules.ageing(expire, infrequent)
    except InvalidValue:
        assert infrequent < 30 or infrequent + 30 > expire
        return
    assert 30 <= rule["transitions"][0]["days"] <= rule["expiration"]["days"] - 30


def test_housekeeping_ends_half_uploads_after_a_week_old_versions_and_markers_of_nothing() -> None:
    assert s3_rules.housekeeping(90) == {
        "id": "housekeeping",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        "noncurrent_version_expiration": {"noncurrent_days": 90},
        "expiration": {"expired_object_delete_marker": True},
    }


def test_records_end_and_go_to_cheaper_storage_before_where_that_is_wanted() -> None:
    ends = {"id": "ageing", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 365}}
    assert s3_rules.ageing(365) == ends
    assert s3_rules.ageing(365, 30) == {
        **ends,
        "transitions": [{"days": 30, "storage_class": "STANDARD_IA"}],
    }


@mock_aws
def test_a_double_of_s3_that_checks_lifecycles_takes_them() -> None:
    client = boto3.client("s3", "us-east-1", aws_access_key_id="double", aws_secret_access_key="double")
    client.create_bucket(Bucket="loans-requests")
    rules = [_as_s3_takes_it(rule) for rule in (s3_rules.housekeeping(90), s3_rules.ageing(365, 30))]
    client.put_bucket_lifecycle_configuration(
        Bucket="loans-requests", LifecycleConfiguration={"Rules": rules}
    )
    found = client.get_bucket_lifecycle_configuration(Bucket="loans-requests")["Rules"]
    assert [rule["ID"] for rule in found] == ["housekeeping", "ageing"]
    assert found[0]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def _as_s3_takes_it(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule in the words of S3's own API."""

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [named(each) for each in value]
        if isinstance(value, dict):
            return {_WORDS.get(key, key.title().replace("_", "")): named(each) for key, each in value.items()}
        return value

    found: dict[str, Any] = named(rule)
    return found


@pytest.mark.parametrize(
    ("check", "values", "message"),
    [
        (s3_rules.bucket_name, ["Models"], "'Models' .6 characters. is no name for a bucket"),
        (s3_rules.bucket_name, ["a..b"], "is no name for a bucket"),
        (s3_rules.bucket_key, ["images"], "allowed are models, data, requests, logs"),
        (s3_rules.adopted, [{"models": "m", "requests": ""}], "buckets to adopt lack data, requests"),
        (s3_rules.ageing, [365, 29], "after 29 days is not possible; allowed is a whole number from 30"),
        (s3_rules.ageing, [40, 30], "end after 40 days gain nothing by a move after 30"),
    ],
)
def test_what_s3_would_refuse_is_refused_before(check: Any, values: list[Any], message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        check(*values)
