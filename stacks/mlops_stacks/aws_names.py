"""Refuses a stack whose name makes names that AWS does not take, before anything is made. Pure."""

from collections.abc import Callable, Iterable
from typing import Any

from mlops_stacks.aws_settings import AwsSettings
from mlops_stacks.errors import SettingsError
from mlops_stacks.settings import NAMESPACE
from pulumi_mlops.aws import ecr_rules, rds_checks, s3_rules
from pulumi_mlops.errors import InvalidValue

_ANY_ACCOUNT = "0" * 12


def refuse_unfit(environment: str, settings: AwsSettings, images: Iterable[str]) -> None:
    """Judge what the environment's buckets, repositories and database would be called.

    Raises:
        SettingsError: naming what cannot be, its limit, and the way around it.
    """
    prefix = f"{NAMESPACE}-{environment}"
    place = (settings.account_id or _ANY_ACCOUNT, settings.region)
    if not settings.buckets:
        for bucket in (*s3_rules.BUCKETS, s3_rules.LOGS):
            _fits(environment, "mlops:aws.buckets", s3_rules.made_name, prefix, *place, bucket)
    if settings.registry is None:
        for image in images:
            _fits(environment, "mlops:aws.registry", ecr_rules.repository_name, f"{prefix}/{image}")
    if settings.database.mode == "create":
        _fits(environment, "mlops:aws.database.mode: adopt", rds_checks.identifier, prefix)


def _fits(environment: str, instead: str, check: Callable[..., str], *parts: Any) -> None:
    try:
        check(*parts)
    except InvalidValue as error:
        reason = str(error).partition(". ")[0]
        raise SettingsError(
            f"stack {environment!r}: {reason}. Give the stack another name, or what exists by {instead}"
        ) from error
