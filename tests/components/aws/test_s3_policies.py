from __future__ import annotations

import json
from typing import Any

from aws_stores import ACCOUNT, KEY, REGION
from policy_linter import details
from pulumi_mlops.aws import s3_policies

BUCKETS = {each: f"arn:aws:s3:::loans-{each}" for each in ("models", "data", "requests")}
LOGS = "arn:aws:s3:::loans-logs"
ALGORITHM = "s3:x-amz-server-side-encryption"
VIA_S3 = {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}
TLS_IN_ITS_OWN_FORM = ["s3:TlsVersion"]
"""The linter takes whole numbers alone for a version of TLS, and knows it of fewer actions than S3 does."""


def statements(document: str) -> dict[str, Any]:
    """The statements by sid."""
    return {each.pop("Sid"): each for each in json.loads(document)["Statement"]}


def connections(bucket: str) -> dict[str, Any]:
    """The two denials that every bucket has."""
    shared = {"Effect": "Deny", "Principal": "*", "Action": ["s3:*"], "Resource": [bucket, f"{bucket}/*"]}
    return {
        "DenyPlainHttp": {**shared, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        "DenyOldTls": {**shared, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
    }


def test_a_bucket_refuses_plain_http_old_tls_and_every_key_but_its_own() -> None:
    models = BUCKETS["models"]
    put = {"Effect": "Deny", "Principal": "*", "Action": ["s3:PutObject"], "Resource": [f"{models}/*"]}
    assert statements(s3_policies.bucket_policy(models, KEY)) == {
        **connections(models),
        "DenyOtherEncryption": {
            **put,
            "Condition": {"Null": {ALGORITHM: "false"}, "StringNotEquals": {ALGORITHM: "aws:kms"}},
        },
        "DenyOtherKey": {
            **put,
            "Condition": {
                "StringEquals": {ALGORITHM: "aws:kms"},
                "ArnNotEquals": {f"{ALGORITHM}-aws-kms-key-id": KEY},
            },
        },
        "DenyKeyOfCustomer": {
            **put,
            "Condition": {"Null": {f"{ALGORITHM}-customer-algorithm": "false"}},
        },
    }


def test_log_delivery_writes_under_each_buckets_prefix_for_that_bucket_of_this_account_alone() -> None:
    assert statements(s3_policies.logs_policy(LOGS, ACCOUNT, {"models": BUCKETS["models"]})) == {
        **connections(LOGS),
        "AccessLogsOfModels": {
            "Effect": "Allow",
            "Principal": {"Service": ["logging.s3.amazonaws.com"]},
            "Action": ["s3:PutObject"],
            "Resource": [f"{LOGS}/models/*"],
            "Condition": {
                "ArnLike": {"aws:SourceArn": BUCKETS["models"]},
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
            },
        },
    }


def test_a_server_reads_its_models_and_releases_and_adds_requests_that_it_cannot_read() -> None:
    document = s3_policies.server_policy(
        BUCKETS, KEY, REGION, models=["approval", "limits"], endpoint="mortgage"
    )
    prefixes = ["models/approval/", "models/limits/", "releases/mortgage/"]
    models, requests = BUCKETS["models"], BUCKETS["requests"]
    assert statements(document) == {
        "ListModels": {
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": [models],
            "Condition": {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
        },
        "ReadModels": {
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": [f"{models}/{prefix}*" for prefix in prefixes],
        },
        "AddRequests": {
            "Effect": "Allow",
            "Action": ["s3:AbortMultipartUpload", "s3:PutObject"],
            "Resource": [f"{requests}/endpoint=mortgage/*"],
        },
        "DecryptModels": {
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": [KEY],
            "Condition": {
                "StringEquals": VIA_S3,
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": [models, f"{models}/*"]},
            },
        },
        "EncryptRequests": {
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": [KEY],
            "Condition": {
                "StringEquals": VIA_S3,
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": [requests, f"{requests}/*"]},
            },
        },
    }


def test_a_writer_reads_lists_and_writes_under_its_prefix_and_deletes_nothing() -> None:
    data = BUCKETS["data"]
    assert statements(s3_policies.writer_policy([data], KEY, REGION, prefix="mlflow/")) == {
        "ListObjects": {
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": [data],
            "Condition": {"StringLike": {"s3:prefix": ["mlflow/*"]}},
        },
        "SeeBuckets": {
            "Effect": "Allow",
            "Action": ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
            "Resource": [data],
        },
        "ReadAndWrite": {
            "Effect": "Allow",
            "Action": [
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:AbortMultipartUpload",
                "s3:PutObject",
            ],
            "Resource": [f"{data}/mlflow/*"],
        },
        "UseKey": {
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": [KEY],
            "Condition": {
                "StringEquals": VIA_S3,
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": [data, f"{data}/*"]},
            },
        },
    }


def test_a_writer_without_a_prefix_lists_whole_buckets() -> None:
    found = statements(s3_policies.writer_policy(BUCKETS.values(), KEY, REGION))
    assert "Condition" not in found["ListObjects"]
    assert found["ReadAndWrite"]["Resource"] == [f"{arn}/*" for arn in BUCKETS.values()]


def test_the_linter_finds_nothing_in_the_policies_of_buckets() -> None:
    for document in (
        s3_policies.bucket_policy(BUCKETS["models"], KEY),
        s3_policies.logs_policy(LOGS, ACCOUNT, BUCKETS),
    ):
        assert details(document, accepted=TLS_IN_ITS_OWN_FORM) == []


def test_the_linter_finds_nothing_in_the_policies_of_readers_and_writers() -> None:
    for document in (
        s3_policies.server_policy(BUCKETS, KEY, REGION, models=["approval"], endpoint="mortgage"),
        s3_policies.writer_policy(BUCKETS.values(), KEY, REGION),
        s3_policies.writer_policy([BUCKETS["data"]], KEY, REGION, prefix="mlflow/"),
    ):
        assert details(document) == []
