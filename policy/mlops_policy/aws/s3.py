"""Buckets: nobody from outside, versions, encryption, TLS, housekeeping, and a log of who was there."""

from __future__ import annotations

from typing import Any

from mlops_policy.aws.documents import stating
from mlops_policy.aws.frameworks import hub
from mlops_policy.aws.kinds import (
    BLOCK,
    BUCKET,
    BUCKET_POLICY,
    ENCRYPTION,
    LIFECYCLE,
    LOGGING,
    OWN_KEY,
    OWNERSHIP,
    VERSIONING,
)
from mlops_policy.building import companion, field, protected
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import ProductionConfig, Rule, Severity, Subject
from mlops_policy.views import MISSING, View
from mlops_policy.wanted import GIVEN, NOT_YES, YES, Wanted, equal

DEFAULT = "rules[].applyServerSideEncryptionByDefault"


def holds_logs(bucket: Resource, stack: Stack) -> bool:
    """Whether others log into a bucket: S3 then takes no KMS key, and it needs no log of its own.

    Raises:
        UnknownRead: a policy of the bucket is not known yet, by which it may be one of logs.
    """
    if stack.naming(bucket, LOGGING, "targetBucket"):
        return True
    policies = stack.naming(bucket, BUCKET_POLICY, "bucket")
    return any("logging.s3." in str(each.view.at("policy").known) for each in policies)


def holds_data(subject: Subject, stack: Stack) -> bool:
    """Whether a bucket is none of logs."""
    return not holds_logs(subject.resource, stack)


def of_data(subject: Subject, stack: Stack) -> bool:
    """Whether a setting is of a bucket of data; one of a bucket that is not here counts."""
    return not any(holds_logs(bucket, stack) for bucket in stack.named(subject.resource, "bucket", BUCKET))


def _denies_plain_http(one: View) -> bool:
    if one.at("Effect").text() != "Deny" or len(one.at("Resource").texts()) != 2:
        return False
    return one.at("Condition.Bool").key("aws:SecureTransport").known in ("false", False, ["false"])


def _denies_other_key(one: View) -> bool:
    return one.at("Effect").text() == "Deny" and "aws-kms-key-id" in str(one.at("Condition").plain())


def _some(key: str) -> Wanted:
    """A list of rules of which one has the key."""

    def holds(rules: Any) -> bool:
        return isinstance(rules, list | tuple) and any(
            GIVEN.holds(rule.get(key, MISSING)) for rule in rules if isinstance(rule, dict)
        )

    return Wanted(f"a list of rules, one with {key}", holds)


def _some_if_any(key: str) -> Wanted:
    """The same, or no rules at all."""
    wanted = _some(key)
    return Wanted(wanted.says, lambda rules: rules is MISSING or rules == [] or wanted.holds(rules))


def _block(name: str, says: str, path: str) -> Rule:
    return field(name, says, (BLOCK,), path, YES, fix=True, frameworks=hub("S3.8"))


def _of_bucket(
    name: str, says: str, other: str, what: str, severity: Severity, controls: tuple[str, ...] = ()
) -> Rule:
    remedy = f"Add a {what} whose bucket is this one."
    return companion(
        name, says, BUCKET, other, "bucket", remedy=remedy, severity=severity, frameworks=hub(*controls)
    )


RULES: tuple[Rule, ...] = (
    _of_bucket("s3-block", "A bucket has a block of public access.", BLOCK, "BucketPublicAccessBlock",
               Severity.HIGH, ("S3.8",)),
    _block("s3-block-acls", "A bucket takes no public ACL.", "blockPublicAcls"),
    _block("s3-ignore-acls", "A public ACL of a bucket or an object means nothing.", "ignorePublicAcls"),
    _block("s3-block-policy", "A bucket takes no public policy.", "blockPublicPolicy"),
    _block("s3-restrict", "A public policy that a bucket has lets nobody in from outside.",
           "restrictPublicBuckets"),
    _of_bucket("s3-ownership", "Of a bucket it is said who owns its objects.", OWNERSHIP,
               "BucketOwnershipControls", Severity.MEDIUM, ("S3.12",)),
    field("s3-owner", "A bucket's owner owns all that is in it, so that ACLs mean nothing.", (OWNERSHIP,),
          "rule.objectOwnership", equal("BucketOwnerEnforced"), severity=Severity.MEDIUM,
          frameworks=hub("S3.12")),
    _of_bucket("s3-versions", "Of a bucket it is said whether versions are kept.", VERSIONING,
               "BucketVersioning", Severity.LOW, ("S3.14",)),
    field("s3-versioning", "A bucket keeps the versions of what is in it.", (VERSIONING,),
          "versioningConfiguration.status", equal("Enabled"), severity=Severity.LOW, fix="Enabled",
          frameworks=hub("S3.14")),
    _of_bucket("s3-encryption", "Of a bucket it is said how it is encrypted.", ENCRYPTION,
               "BucketServerSideEncryptionConfiguration", Severity.MEDIUM),
    field("s3-kms", "KMS encrypts what is in a bucket of data.", (ENCRYPTION,), f"{DEFAULT}.sseAlgorithm",
          equal("aws:kms"), severity=Severity.MEDIUM, where=of_data, across=True, frameworks=hub("S3.17")),
    field("s3-key", "KMS encrypts what is in a bucket of data with a key of one's own.", (ENCRYPTION,),
          f"{DEFAULT}.kmsMasterKeyId", OWN_KEY, severity=Severity.MEDIUM, where=of_data, across=True),
    field("s3-bucket-key", "A bucket of data asks KMS for a key of its own, not for one per object.",
          (ENCRYPTION,), "rules[].bucketKeyEnabled", YES, severity=Severity.LOW, where=of_data, across=True),
    _of_bucket("s3-policy", "A bucket has a policy.", BUCKET_POLICY, "BucketPolicy", Severity.MEDIUM),
    stating("s3-tls", "Nobody reads or writes a bucket without TLS.", BUCKET_POLICY, "policy",
            _denies_plain_http, "does not deny what comes without TLS, to the bucket and to its objects",
            remedy="Add a statement that denies s3:* on the bucket and its objects where "
            "aws:SecureTransport is false.", severity=Severity.MEDIUM, frameworks=hub("S3.5")),
    stating("s3-wrong-key", "Nobody writes to a bucket of data with another key than its own.", BUCKET_POLICY,
            "policy", _denies_other_key, "does not deny objects of another key",
            remedy="Add a statement that denies s3:PutObject with another "
            "s3:x-amz-server-side-encryption-aws-kms-key-id than the bucket's.", severity=Severity.MEDIUM,
            where=of_data),
    _of_bucket("s3-lifecycle", "A bucket has a lifecycle.", LIFECYCLE, "BucketLifecycleConfiguration",
               Severity.LOW, ("S3.10", "S3.13")),
    field("s3-uploads", "A bucket forgets uploads that were given up.", (LIFECYCLE,), "rules",
          _some("abortIncompleteMultipartUpload"), bad=[], severity=Severity.LOW),
    field("s3-noncurrent", "A bucket forgets old versions after a time.", (LIFECYCLE,), "rules",
          _some_if_any("noncurrentVersionExpiration"), severity=Severity.LOW,
          bad=[{"status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}]),
    companion("s3-access-logs", "A bucket of data logs who reads and writes it.", BUCKET, LOGGING, "bucket",
              remedy="Add a BucketLogging whose bucket is this one, into a bucket of logs.",
              severity=Severity.MEDIUM, where=holds_data, frameworks=hub("S3.9")),
    field("s3-no-force", "A destroy does not empty a bucket of production.", (BUCKET,), "forceDestroy",
          NOT_YES, bad=True, fix=False, config=ProductionConfig),
    protected("s3-protect", "The engine refuses to delete a bucket of production.", (BUCKET,),
              config=ProductionConfig),
)  # fmt: skip
