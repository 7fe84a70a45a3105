"""`store-setup`: the platform's buckets, and who may do what in them.

The read-only user may read models and releases, and add to the request log without reading it: that is
all a model server needs. The read-write user may also write in every bucket, but delete in none:
artifacts and releases stay.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from minio import Minio
from minio.error import S3Error

from mlops_pipelines.errors import PipelineError
from mlops_pipelines.settings import BucketSettings
from mlops_pipelines.waiting import wait_for

Report = Callable[[str], None]

BUCKETS = ("models", "data", "requests")
_LIST = ("s3:ListBucket",)
_READ = ("s3:GetObject",)
_ADD = ("s3:PutObject",)
_WRITE = ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
_LIST_UPLOADS = ("s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads")


def set_up(settings: BucketSettings, report: Report) -> None:
    """Make every bucket and set its policy; running it again changes nothing.

    Raises:
        PipelineError: the store refused the root key or a policy.
    """
    wait_for("the object store", settings.store.url, report)
    address = urlsplit(settings.store.url)
    client = Minio(
        address.netloc,
        settings.store.access_key_id,
        settings.store.secret_access_key.get_secret_value(),
        secure=address.scheme == "https",
        region=settings.store.region,
    )
    try:
        for bucket in BUCKETS:
            if not client.bucket_exists(bucket):
                client.make_bucket(bucket)
                report(f"made bucket {bucket}")
            policy = bucket_policy(bucket, settings.read_only_user, settings.read_write_user)
            client.set_bucket_policy(bucket, json.dumps(policy))
            report(f"set the policy of bucket {bucket}")
    except S3Error as error:
        raise PipelineError(
            f"the object store refused: {error.code} {error.message}; check the root key in "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ) from error


def bucket_policy(bucket: str, read_only: str, read_write: str) -> dict[str, Any]:
    """The bucket's policy document, in AWS's policy language."""
    statements = [
        _allow(read_write, _LIST_UPLOADS, f"arn:aws:s3:::{bucket}"),
        _allow(read_write, _WRITE, f"arn:aws:s3:::{bucket}/*"),
    ]
    if bucket == "models":
        statements += [
            _allow(read_only, _LIST, f"arn:aws:s3:::{bucket}"),
            _allow(read_only, _READ, f"arn:aws:s3:::{bucket}/*"),
        ]
    if bucket == "requests":
        statements.append(_allow(read_only, _ADD, f"arn:aws:s3:::{bucket}/*"))
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(user: str, actions: tuple[str, ...], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"AWS": [user]}, "Action": list(actions), "Resource": [resource]}
