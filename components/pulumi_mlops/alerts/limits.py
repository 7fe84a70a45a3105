"""Checks of single values of alerts: they return the value or raise `InvalidValue`. Pure."""

import re

from pulumi_mlops.alerts.metrics import REQUEST_SECONDS
from pulumi_mlops.errors import InvalidValue

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.@+/\-]{0,62}")
_RUNBOOKS = re.compile(r"(https?://[A-Za-z0-9.\-]+(:[0-9]+)?(/[A-Za-z0-9_.~\-]+)*|[a-z][A-Za-z0-9_./\-]*)/?")
_WINDOW = re.compile(r"([1-9][0-9]*)(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def objective(value: float) -> float:
    """A percentage that leaves a budget: more than 0 and less than 100."""
    if not 0 < value < 100:
        raise InvalidValue(
            f"{value:g} is not an objective; allowed is more than 0 and less than 100 percent, such as 99.5. "
            "100 leaves no budget, so that every single failure would be a breach: choose 99.9 instead"
        )
    return value


def bucket(seconds: float) -> float:
    """A duration at which the server's histogram of answers is cut."""
    if seconds not in REQUEST_SECONDS:
        allowed = ", ".join(f"{bound:g}" for bound in REQUEST_SECONDS)
        raise InvalidValue(
            f"{seconds:g} seconds cannot be told from the histogram mlops_request_seconds; choose one of its "
            f"bounds: {allowed}"
        )
    return seconds


def share(value: float) -> float:
    """A part of a whole: more than 0 and less than 1."""
    if not 0 < value < 1:
        raise InvalidValue(f"{value:g} is not a share; allowed is more than 0 and less than 1, such as 0.05")
    return value


def above_zero(value: float) -> float:
    """A finite number above 0."""
    if not 0 < value < float("inf"):
        raise InvalidValue(f"{value:g} is not allowed; give a number above 0")
    return value


def window(value: str) -> str:
    """A length of time as Prometheus writes it: `5m`, `6h`, `30d`."""
    if not _WINDOW.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is not a window; allowed is a whole number and s, m, h or d, such as 5m or 30d"
        )
    return value


def window_seconds(value: str) -> int:
    """The number of seconds in a window that `window` accepts."""
    match = _WINDOW.fullmatch(window(value))
    return int(match[1]) * _SECONDS[match[2]] if match else 0


def owner(value: str) -> str:
    """Who is told: a name, team or address that is safe in labels and in templates of messages."""
    if not _OWNER.fullmatch(value):
        raise InvalidValue(
            f"{value!r} cannot be an owner; allowed are up to 63 letters, digits, spaces and _.@+/-, a "
            "letter or digit first, such as credit-risk or team@example.org"
        )
    return value


def runbooks(value: str) -> str:
    """Where runbooks are: an http(s) address or a folder of the repository, without the last slash."""
    if not _RUNBOOKS.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is no place of runbooks; allowed are https://host/path and a folder such as "
            "docs/runbooks"
        )
    return value.rstrip("/")
