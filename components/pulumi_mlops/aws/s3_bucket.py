"""One hardened bucket: everything that is set beside it, in the order that S3 takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from pulumi_mlops.aws import endpoints


@dataclass(frozen=True)
class BucketPlan:
    """What differs between buckets; `key_arn` None is S3's own key, `lock` is (mode, days)."""

    name: pulumi.Input[str]
    tags: Mapping[str, str]
    lifecycle: Sequence[Mapping[str, Any]]
    key_arn: pulumi.Input[str] | None = None
    lock: tuple[str, Any] | None = None
    force_destroy: bool = False
    protect: bool = False


@dataclass(frozen=True)
class MadeBucket:
    """A registered bucket; `ready` are the settings that its policy and its users wait for."""

    bucket: aws.s3.Bucket
    arn: pulumi.Output[str]
    ready: list[pulumi.Resource]


def register(name: str, plan: BucketPlan, region: str, parent: pulumi.Resource) -> MadeBucket:
    """The bucket and its settings, but for the policy and the access logs, which name other buckets."""
    bucket = aws.s3.Bucket(
        f"{name}-bucket",
        bucket=plan.name,
        force_destroy=plan.force_destroy,
        # S3 takes this with the bucket alone, so setting it later makes the bucket anew.
        object_lock_enabled=True if plan.lock else None,
        tags=dict(plan.tags),
        opts=pulumi.ResourceOptions(parent=parent, protect=plan.protect),
    )
    child = setting_options(parent, bucket)
    ownership = aws.s3.BucketOwnershipControls(
        f"{name}-ownership",
        bucket=bucket.bucket,
        rule={"object_ownership": "BucketOwnerEnforced"},
        opts=child,
    )
    public = aws.s3.BucketPublicAccessBlock(
        f"{name}-public-access",
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=child,
    )
    versioning = aws.s3.BucketVersioning(
        f"{name}-versioning",
        bucket=bucket.bucket,
        versioning_configuration={"status": "Enabled"},
        opts=child,
    )
    encryption = _encryption(name, bucket, plan.key_arn, child)
    versioned = setting_options(parent, bucket, [versioning])
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle", bucket=bucket.bucket, rules=list(plan.lifecycle), opts=versioned
    )
    if plan.lock:
        mode, days = plan.lock
        aws.s3.BucketObjectLockConfiguration(
            f"{name}-lock",
            bucket=bucket.bucket,
            object_lock_enabled="Enabled",
            rule={"default_retention": {"mode": mode, "days": days}},
            opts=versioned,
        )
    arn = pulumi.Output.from_input(bucket.bucket).apply(
        lambda known: endpoints.arn(region, "s3", known, regional=False)
    )
    return MadeBucket(bucket, arn, [ownership, public, versioning, encryption])


def setting_options(
    parent: pulumi.Resource, bucket: pulumi.Resource, after: list[pulumi.Resource] | None = None
) -> pulumi.ResourceOptions:
    """Options of a bucket's setting: it ends with the bucket, which is never left without it before."""
    return pulumi.ResourceOptions(parent=parent, deleted_with=bucket, depends_on=after)


def _encryption(
    name: str, bucket: aws.s3.Bucket, key_arn: pulumi.Input[str] | None, child: pulumi.ResourceOptions
) -> pulumi.Resource:
    default: dict[str, Any] = (
        {"sse_algorithm": "AES256"}
        if key_arn is None
        else {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn}
    )
    rule = {
        "apply_server_side_encryption_by_default": default,
        "bucket_key_enabled": key_arn is not None,
        "blocked_encryption_types": ["SSE-C"],
    }
    made: pulumi.Resource = aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption", bucket=bucket.bucket, rules=[rule], opts=child
    )
    return made
