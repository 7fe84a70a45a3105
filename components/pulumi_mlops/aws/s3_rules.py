"""Names of the store's buckets and how long what is in them stays. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from pulumi_mlops.errors import InvalidValue

BUCKETS = ("models", "data", "requests")
"""The buckets of the platform; a fourth, `logs`, holds the records of access to them."""
LOGS = "logs"
ABANDONED_UPLOAD_DAYS = 7
LEAST_INFREQUENT_DAYS = 30
"""S3 moves no object to infrequent access before it is 30 days old."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")


def bucket_name(value: str) -> str:
    """A name that S3 takes for a bucket."""
    if not _BUCKET.fullmatch(value) or ".." in value:
        raise InvalidValue(
            f"{value!r} ({len(value)} characters) is no name for a bucket; allowed are 3 to 63 lower-case "
            "letters, digits, hyphens and dots. Give a shorter object_name if it was made of one"
        )
    return value


def made_name(object_name: str, account_id: str, region: str, bucket: str) -> str:
    """The name of a bucket that is made: names are shared by all accounts, so it says whose it is."""
    return bucket_name(f"{object_name}-{account_id}-{region}-{bucket}")


def bucket_key(value: str) -> str:
    """What a bucket is for: one of the platform's, or the logs."""
    if value not in (*BUCKETS, LOGS):
        raise InvalidValue(
            f"{value!r} is no bucket of the platform; allowed are {', '.join((*BUCKETS, LOGS))}"
        )
    return value


def adopted(names: Mapping[str, Any]) -> None:
    """Check that every bucket of the platform is there; the logs are the owner's affair."""
    missing = [bucket for bucket in BUCKETS if not names.get(bucket)]
    if missing:
        raise InvalidValue(
            f"buckets to adopt lack {', '.join(missing)}; name one for each of {', '.join(BUCKETS)}"
        )


def housekeeping(noncurrent_days: int) -> dict[str, Any]:
    """The rule of every bucket: no half uploads, no old versions for ever, no markers of nothing."""
    return {
        "id": "housekeeping",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "abort_incomplete_multipart_upload": {"days_after_initiation": ABANDONED_UPLOAD_DAYS},
        "noncurrent_version_expiration": {"noncurrent_days": noncurrent_days},
        "expiration": {"expired_object_delete_marker": True},
    }


def ageing(expire_days: int, infrequent_days: int | None = None) -> dict[str, Any]:
    """The rule of records: first to cheaper storage, if that is wanted, then away."""
    rule: dict[str, Any] = {
        "id": "ageing",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "expiration": {"days": expire_days},
    }
    if infrequent_days is None:
        return rule
    if infrequent_days < LEAST_INFREQUENT_DAYS:
        raise InvalidValue(
            f"a move to infrequent access after {infrequent_days} days is not possible; "
            f"allowed is a whole number from {LEAST_INFREQUENT_DAYS}"
        )
    if infrequent_days + LEAST_INFREQUENT_DAYS > expire_days:
        raise InvalidValue(
            f"records that end after {expire_days} days gain nothing by a move after {infrequent_days}: "
            f"infrequent access is paid for {LEAST_INFREQUENT_DAYS} days. Leave the move out, or keep them "
            "longer"
        )
    return {**rule, "transitions": [{"days": infrequent_days, "storage_class": "STANDARD_IA"}]}
