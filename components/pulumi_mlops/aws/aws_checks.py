"""Checks of single plain values of AWS: pure functions that return the value or raise `InvalidValue`."""

import re

from pulumi_mlops.errors import InvalidValue

_REGION = re.compile(r"[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-[1-9]")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ARN = re.compile(r"arn:aws[a-z\-]*:[a-z0-9\-]+:[a-z0-9\-]*:([0-9]{12}|aws)?:\S+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)
_LOG_YEARS = (1096, 1827, 2192, 2557, 2922, 3288, 3653)


def region(value: str) -> str:
    """The code of a region, such as `eu-central-1`."""
    if not _REGION.fullmatch(value):
        raise InvalidValue(f"{value!r} is no region's code; one looks like eu-central-1 or us-gov-west-1")
    return value


def account_id(value: str) -> str:
    """An account's 12 digits."""
    if not _ACCOUNT.fullmatch(value):
        raise InvalidValue(f"{value!r} is no account id; one is 12 digits, in quotes in YAML")
    return value


def arn(value: str) -> str:
    """An Amazon resource name."""
    if not _ARN.fullmatch(value):
        raise InvalidValue(f"{value!r} is no ARN; one looks like arn:aws:iam::123456789012:role/name")
    return value


def partition(value: str) -> str:
    """The partition of a region: `aws`, `aws-cn`, `aws-us-gov`."""
    if value.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if value.startswith("us-gov-") else "aws"


def email(value: str) -> str:
    """An address that AWS writes to."""
    if not _EMAIL.fullmatch(value):
        raise InvalidValue(f"{value!r} is no e-mail address; one looks like team@example.org")
    return value


def log_days(value: int) -> int:
    """Days that CloudWatch Logs keeps a log group; it offers these only."""
    allowed = (*_LOG_DAYS, *_LOG_YEARS)
    if value not in allowed:
        raise InvalidValue(
            f"logs cannot be kept for {value} days; allowed are {', '.join(str(days) for days in allowed)}"
        )
    return value
