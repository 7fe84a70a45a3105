"""The state backend as it should be: names, policies, lifecycle, and the lines that use it. Pure.

Layout of Pulumi's self-managed backend, which the policies follow: `.pulumi/stacks/<project>/<stack>.json`,
`.pulumi/{history,backups,journal}/<project>/<stack>/`, `.pulumi/locks/organization/<project>/<stack>/`
(pulumi/pulumi, pkg/backend/diy/store.go and lock.go, v3.259).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from mlops_cli.aws.errors import AwsRefused
from pulumi_mlops.aws import aws_checks, endpoints, iam_policy
from pulumi_mlops.aws.iam_policy import Statement

PROJECT = "mlops"
META_KEY = ".pulumi/meta.yaml"
META_BODY = "version: 1\n"
"""Project-scoped layout. Written here, so that no operator needs the right to write it."""
NONCURRENT_DAYS = 90
LOCK_DAYS = 1
MULTIPART_DAYS = 7
ROTATION_DAYS = 365
_NAME = re.compile(r"[a-z][a-z0-9-]{1,19}")
_STACK = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True)
class StateBackend:
    """One state backend: a bucket and two keys of one account and region."""

    name: str
    account_id: str
    region: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name.endswith("-"):
            raise AwsRefused(
                f"--name {self.name!r}: a backend's name is 2 to 20 lower-case letters, digits and hyphens,"
                " begins with a letter and does not end with a hyphen"
            )

    @property
    def partition(self) -> str:
        return aws_checks.partition(self.region)

    @property
    def bucket(self) -> str:
        """Global name; account and region in it, so that two accounts never want the same."""
        return f"{self.name}-state-{self.account_id}-{self.region}"

    @property
    def bucket_arn(self) -> str:
        return f"arn:{self.partition}:s3:::{self.bucket}"

    @property
    def state_alias(self) -> str:
        """Alias of the key that encrypts the bucket's objects."""
        return f"alias/{self.name}-state"

    @property
    def secrets_alias(self) -> str:
        """Alias of the key that encrypts the secrets inside the state."""
        return f"alias/{self.name}-secrets"

    @property
    def tags(self) -> dict[str, str]:
        return {"mlops:managed-by": "mlops-bootstrap", "mlops:state-backend": self.name}

    @property
    def login_url(self) -> str:
        return f"s3://{self.bucket}?region={self.region}"

    def secrets_provider(self, stack: str) -> str:
        """Address of the secrets key for one stack; the stack's name is bound into each ciphertext."""
        return f"awskms://{self.secrets_alias}?region={self.region}&context_stack={check_stack(stack)}"


def check_stack(name: str) -> str:
    """A stack's name, which becomes part of policies.

    Raises:
        AwsRefused: it has a character that a policy would take for a pattern, or that Pulumi refuses.
    """
    if not _STACK.fullmatch(name):
        raise AwsRefused(
            f"--stack {name!r}: a stack's name is 1 to 100 letters, digits, hyphens, underscores and periods"
        )
    return name


def key_policy(backend: StateBackend) -> str:
    """Leave the use of a key to the account's IAM policies.

    `kms:*` for the account itself is what AWS needs so that a key can be managed at all: without it nobody,
    not even the account's root, could mend the policy.
    """
    return iam_policy.document(
        Statement(
            "AccountDecidesByIam",
            ["kms:*"],
            ["*"],
            principals={"AWS": [f"arn:{backend.partition}:iam::{backend.account_id}:root"]},
        )
    )


def bucket_policy(backend: StateBackend, key_arn: str) -> str:
    """Deny what is not TLS 1.2, and what names another key or another kind of encryption.

    A negated operator is true for a key that the request lacks, so `Null` restricts each to requests that
    name one; those that do not are encrypted with the bucket's default, which is this key.
    """
    bucket, objects = backend.bucket_arn, f"{backend.bucket_arn}/*"
    algorithm, key = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"

    def deny(
        sid: str, actions: list[str], resources: list[str], conditions: iam_policy.Conditions
    ) -> Statement:
        return Statement(sid, actions, resources, "Deny", any_principal=True, conditions=conditions)

    return iam_policy.document(
        deny("TlsOnly", ["s3:*"], [bucket, objects], {"Bool": {"aws:SecureTransport": "false"}}),
        deny("ModernTls", ["s3:*"], [bucket, objects], {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
        deny(
            "NoOtherEncryption",
            ["s3:PutObject"],
            [objects],
            {"StringNotEquals": {algorithm: "aws:kms"}, "Null": {algorithm: "false"}},
        ),
        deny(
            "NoOtherKey",
            ["s3:PutObject"],
            [objects],
            {"StringNotEquals": {key: key_arn}, "Null": {key: "false"}},
        ),
    )


def encryption(key_arn: str) -> dict[str, Any]:
    """SSE-KMS by default, with a bucket key: one call to KMS for many objects."""
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]}


def lifecycle() -> dict[str, Any]:
    """Versions of states that were replaced are kept for a quarter; of locks, for a day."""
    return {
        "Rules": [
            {
                "ID": "old-versions",
                "Filter": {"Prefix": ""},
                "Status": "Enabled",
                "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
                "Expiration": {"ExpiredObjectDeleteMarker": True},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": MULTIPART_DAYS},
            },
            {
                "ID": "released-locks",
                "Filter": {"Prefix": ".pulumi/locks/"},
                "Status": "Enabled",
                "NoncurrentVersionExpiration": {"NoncurrentDays": LOCK_DAYS},
            },
        ]
    }


def same_lifecycle(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> bool:
    """Whether the rules are the same, in any order; AWS writes an empty prefix in more than one way."""

    def plain(rules: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        prefixes = {rule["ID"]: (rule.get("Filter") or rule).get("Prefix", "") for rule in rules}
        return {
            rule["ID"]: {**rule, "Filter": {"Prefix": prefixes[rule["ID"]]}, "Prefix": None} for rule in rules
        }

    return plain(found) == plain(wanted)


def operator_policy(backend: StateBackend, stack: str, *, state_key: str, secrets_key: str) -> str:
    """What a person or a CI role needs to preview, update and destroy one stack, and no other's state.

    Listing is not restricted to a prefix: S3 answers 403 instead of 404 for an absent object to whoever may
    list under a condition only, and Pulumi asks for objects that are not there yet. Names show, no content.

    Args:
        state_key: ARN of the key of the bucket.
        secrets_key: ARN of the key of secrets; usable for ciphertexts of this stack only.
    """
    stack, root = check_stack(stack), f"{backend.bucket_arn}/.pulumi"
    own = [
        f"{root}/stacks/{PROJECT}/{stack}.json*",
        f"{root}/stacks/{PROJECT}/{stack}.pulumi-tags",
        *(f"{root}/{kind}/{PROJECT}/{stack}/*" for kind in ("history", "backups", "journal")),
        f"{root}/locks/organization/{PROJECT}/{stack}/*",
    ]
    return iam_policy.document(
        Statement("ListNames", ["s3:ListBucket"], [backend.bucket_arn]),
        Statement("ReadLayout", ["s3:GetObject"], [f"{backend.bucket_arn}/{META_KEY}"]),
        Statement("OwnState", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], own),
        _state_key(backend, state_key, ["kms:Decrypt", "kms:GenerateDataKey"]),
        Statement(
            "OwnSecrets",
            ["kms:Encrypt", "kms:Decrypt"],
            [secrets_key],
            conditions={"StringEquals": {"kms:EncryptionContext:stack": stack}},
        ),
    )


def reader_policy(backend: StateBackend, stack: str, *, state_key: str) -> str:
    """What a stack of another team needs to read this one's outputs by a StackReference; no secrets."""
    stack = check_stack(stack)
    return iam_policy.document(
        Statement("ListNames", ["s3:ListBucket"], [backend.bucket_arn]),
        Statement(
            "ReadState",
            ["s3:GetObject"],
            [
                f"{backend.bucket_arn}/{META_KEY}",
                f"{backend.bucket_arn}/.pulumi/stacks/{PROJECT}/{stack}.json*",
            ],
        ),
        _state_key(backend, state_key, ["kms:Decrypt"]),
    )


def _state_key(backend: StateBackend, key_arn: str, actions: list[str]) -> Statement:
    """The bucket's key, through S3 only."""
    via = {"StringEquals": {"kms:ViaService": endpoints.via_service("s3", backend.region)}}
    return Statement("StateKey", actions, [key_arn], conditions=via)


def same_policy(found: str | None, wanted: str) -> bool:
    """Whether two documents say the same; AWS gives back single values without their list."""
    return found is not None and _canonical(json.loads(found)) == _canonical(json.loads(wanted))


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(each) for key, each in value.items()}
    if isinstance(value, list):
        items = [_canonical(each) for each in value]
        if len(items) == 1 and isinstance(items[0], str):
            return items[0]
        return sorted(items, key=lambda each: json.dumps(each, sort_keys=True))
    return value
