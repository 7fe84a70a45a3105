"""The two keys of a state backend: found by alias, or by tag where a run ended before the alias was made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_cli.aws import state_backend
from mlops_cli.aws.access import Account, code_of
from mlops_cli.aws.errors import AwsRefused
from mlops_cli.aws.settling import Setting
from mlops_cli.aws.state_backend import StateBackend

PURPOSE = "mlops:purpose"


def key_settings(
    account: Account, backend: StateBackend, purpose: str, alias: str, arns: dict[str, str]
) -> Iterator[Setting]:
    """The settings of one key; its ARN is in `arns[purpose]` once the first one is settled."""
    kms = account.client("kms")
    tags = {**backend.tags, PURPOSE: purpose}
    arns[purpose] = f"arn:{backend.partition}:kms:{backend.region}:{backend.account_id}:key/not-made-yet"

    def find() -> bool | None:
        found = _by_alias(kms, alias) or _by_tags(kms, tags)
        if found is None:
            return None
        arns[purpose] = _usable(found, alias)
        return True

    def create() -> None:
        arns[purpose] = _create(kms, backend, purpose, tags)

    yield Setting(f"key for {purpose}", find, True, create)
    key, made = arns[purpose], not arns[purpose].endswith("not-made-yet")
    yield Setting(
        f"key for {purpose}: alias {alias}",
        lambda: _by_alias(kms, alias) and True,
        True,
        lambda: kms.create_alias(AliasName=alias, TargetKeyId=key),
    )
    yield Setting(
        f"key for {purpose}: rotation every {state_backend.ROTATION_DAYS} days",
        lambda: kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] if made else None,
        True,
        lambda: kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=state_backend.ROTATION_DAYS),
    )
    policy = state_backend.key_policy(backend)
    yield Setting(
        f"key for {purpose}: policy",
        lambda: kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"] if made else None,
        policy,
        lambda: kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy),
        state_backend.same_policy,
    )


def _create(kms: Any, backend: StateBackend, purpose: str, tags: dict[str, str]) -> str:
    made = kms.create_key(
        Description=f"{backend.name}: {purpose} of Pulumi stacks, made by `mlops bootstrap aws`",
        Policy=state_backend.key_policy(backend),
        Tags=[{"TagKey": key, "TagValue": value} for key, value in sorted(tags.items())],
    )
    return str(made["KeyMetadata"]["Arn"])


def _by_alias(kms: Any, alias: str) -> dict[str, Any] | None:
    from botocore.exceptions import ClientError

    try:
        return dict(kms.describe_key(KeyId=alias)["KeyMetadata"])
    except ClientError as error:
        if code_of(error) == "NotFoundException":
            return None
        raise


def _by_tags(kms: Any, tags: dict[str, str]) -> dict[str, Any] | None:
    """The key that an interrupted run made; None when there is none that may be looked at."""
    from botocore.exceptions import ClientError

    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            try:
                found = kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]
            except ClientError as error:
                # A key whose policy leaves out this identity was not made by an earlier run of it.
                if code_of(error) == "AccessDeniedException":
                    continue
                raise
            if tags.items() <= {tag["TagKey"]: tag["TagValue"] for tag in found}.items():
                metadata = dict(kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"])
                if metadata["KeyState"] == "Enabled":
                    return metadata
    return None


def _usable(metadata: dict[str, Any], alias: str) -> str:
    """The key's ARN.

    Raises:
        AwsRefused: the key is disabled or being deleted: states and secrets cannot be read.
    """
    state, key_id = metadata["KeyState"], metadata["KeyId"]
    if state == "Enabled":
        return str(metadata["Arn"])
    undo = "`aws kms cancel-key-deletion --key-id {0}` and " if state == "PendingDeletion" else ""
    raise AwsRefused(
        f"key {key_id} ({alias}) is {state}: what it encrypted cannot be read, and is lost with it."
        f"\nRun {undo.format(key_id)}`aws kms enable-key --key-id {key_id}`, then this command again."
    )
