"""`mlops bootstrap aws`: make the state backend, or mend it, one setting after the other.

Every setting is read, compared and written on its own, so a run that was interrupted is finished by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mlops_cli.aws import state_backend
from mlops_cli.aws.access import Account, code_of, refusals
from mlops_cli.aws.backend_keys import key_settings
from mlops_cli.aws.errors import AwsRefused
from mlops_cli.aws.settling import Setting, Step
from mlops_cli.aws.state_backend import META_BODY, META_KEY, StateBackend

ABSENT = {
    "404",
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchTagSet",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
}


@dataclass(frozen=True)
class Keys:
    """ARNs of the two keys; a made-up one where a check found that there is none."""

    state: str
    secrets: str


def bootstrap(
    account: Account, backend: StateBackend, report: Callable[[Step], None], *, check: bool
) -> tuple[Keys, list[Step]]:
    """Bring every setting of the backend to what it should be; with `check`, only compare.

    Raises:
        AwsRefused: AWS refused a call, a key is being deleted, or another account owns the bucket's name.
    """
    steps: list[Step] = []

    def settle(settings: Iterator[Setting]) -> None:
        for setting in settings:
            with refusals(f"{setting.what} of the state backend {backend.name!r}"):
                steps.append(setting.settle(check=check))
            report(steps[-1])

    arns: dict[str, str] = {}
    for purpose, alias in (("state", backend.state_alias), ("secrets", backend.secrets_alias)):
        settle(key_settings(account, backend, purpose, alias, arns))
    keys = Keys(**arns)
    settle(bucket_settings(account, backend, keys.state))
    return keys, steps


@dataclass(frozen=True)
class _Bucket:
    """The calls about one bucket; each names the account that must own it."""

    s3: Any
    own: dict[str, str]

    def read(self, operation: str, *path: str) -> Callable[[], Any]:
        return lambda: _read(self.s3, operation, self.own, path)

    def write(self, operation: str, **values: Any) -> Callable[[], Any]:
        return lambda: getattr(self.s3, operation)(**self.own, **values)


def bucket_settings(account: Account, backend: StateBackend, key_arn: str) -> Iterator[Setting]:
    """The bucket's settings, in the order in which they must be written."""
    s3, where = account.client("s3"), f"bucket {backend.bucket}"
    bucket = _Bucket(s3, {"Bucket": backend.bucket, "ExpectedBucketOwner": backend.account_id})
    yield Setting(where, lambda: _look(s3, bucket.own), True, lambda: _create(s3, backend))
    yield from _access_settings(bucket, where)
    yield from _content_settings(bucket, where, backend, key_arn)


def _access_settings(bucket: _Bucket, where: str) -> Iterator[Setting]:
    blocked = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    yield Setting(
        f"{where}: public access blocked",
        bucket.read("get_public_access_block", "PublicAccessBlockConfiguration"),
        blocked,
        bucket.write("put_public_access_block", PublicAccessBlockConfiguration=blocked),
    )
    ownership = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    yield Setting(
        f"{where}: owner enforced, no access lists",
        bucket.read("get_bucket_ownership_controls", "OwnershipControls"),
        ownership,
        bucket.write("put_bucket_ownership_controls", OwnershipControls=ownership),
    )


def _content_settings(bucket: _Bucket, where: str, backend: StateBackend, key_arn: str) -> Iterator[Setting]:
    encryption = state_backend.encryption(key_arn)
    yield Setting(
        f"{where}: encryption with {backend.state_alias}",
        bucket.read("get_bucket_encryption", "ServerSideEncryptionConfiguration"),
        encryption,
        bucket.write("put_bucket_encryption", ServerSideEncryptionConfiguration=encryption),
        _same_encryption,
    )
    yield Setting(
        f"{where}: versioning",
        bucket.read("get_bucket_versioning", "Status"),
        "Enabled",
        bucket.write("put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"}),
    )
    lifecycle = state_backend.lifecycle()
    yield Setting(
        f"{where}: lifecycle of old versions",
        bucket.read("get_bucket_lifecycle_configuration", "Rules"),
        lifecycle["Rules"],
        bucket.write("put_bucket_lifecycle_configuration", LifecycleConfiguration=lifecycle),
        state_backend.same_lifecycle,
    )
    policy = state_backend.bucket_policy(backend, key_arn)
    yield Setting(
        f"{where}: policy (TLS only, no other key)",
        bucket.read("get_bucket_policy", "Policy"),
        policy,
        bucket.write("put_bucket_policy", Policy=policy),
        state_backend.same_policy,
    )
    tags = [{"Key": key, "Value": value} for key, value in sorted(backend.tags.items())]
    yield Setting(
        f"{where}: tags",
        lambda: _tags(bucket.s3, bucket.own),
        tags,
        bucket.write("put_bucket_tagging", Tagging={"TagSet": tags}),
    )
    yield Setting(
        f"{where}: layout of Pulumi's state",
        lambda: _read(bucket.s3, "head_object", {**bucket.own, "Key": META_KEY}, ("ETag",)) and True,
        True,
        bucket.write("put_object", Key=META_KEY, Body=META_BODY.encode(), IfNoneMatch="*"),
    )


def _read(s3: Any, operation: str, arguments: dict[str, str], path: tuple[str, ...]) -> Any:
    from botocore.exceptions import ClientError

    try:
        answer = getattr(s3, operation)(**arguments)
    except ClientError as error:
        if code_of(error) in ABSENT:
            return None
        raise
    for key in path:
        answer = answer.get(key)
    return answer


def _tags(s3: Any, own: dict[str, str]) -> Any:
    found = _read(s3, "get_bucket_tagging", own, ("TagSet",))
    return found and sorted(found, key=lambda tag: str(tag["Key"]))


def _look(s3: Any, own: dict[str, str]) -> bool | None:
    """True for a bucket that is this account's; None for one that is not there."""
    from botocore.exceptions import ClientError

    try:
        s3.head_bucket(**own)
    except ClientError as error:
        code = code_of(error)
        if code in ABSENT:
            return None
        if code in {"403", "AccessDenied", "Forbidden"}:
            raise AwsRefused(_foreign(own["Bucket"], own["ExpectedBucketOwner"])) from error
        raise
    return True


def _create(s3: Any, backend: StateBackend) -> None:
    from botocore.exceptions import ClientError

    # us-east-1 is the one region that S3 refuses to be named as a bucket's place.
    place: dict[str, Any] = (
        {}
        if backend.region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": backend.region}}
    )
    try:
        s3.create_bucket(Bucket=backend.bucket, ObjectOwnership="BucketOwnerEnforced", **place)
    except ClientError as error:
        if code_of(error) == "BucketAlreadyExists":
            raise AwsRefused(_foreign(backend.bucket, backend.account_id)) from error
        raise


def _foreign(bucket: str, account_id: str) -> str:
    return (
        f"the bucket name {bucket} is taken by another account than {account_id}, or these credentials may"
        f" not look at it.\nGive another --name; or, if the bucket is yours, ask for s3:ListBucket on it."
        f" Nothing of it was read or changed."
    )


def _same_encryption(found: Any, wanted: Any) -> bool:
    """Whether the first rule is the wanted one; AWS adds fields of its own."""
    rule, aim = found["Rules"][0], wanted["Rules"][0]
    return all(rule.get(key) == value for key, value in aim.items())
