"""What a budget says: its filter and its notifications. Pure.

Sources: AWS Billing User Guide, "Quotas and restrictions"; AWS Budgets API, `Budget` and `Notification`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pulumi_mlops.errors import InvalidValue

ACTUAL_PERCENTS: Final = (50.0, 80.0, 100.0)
FORECAST_PERCENTS: Final = (100.0,)
_MOST_NOTIFICATIONS: Final = 10
_MOST_EMAILS: Final = 10


def tag_filter(key: str, value: str) -> dict[str, Any]:
    """Only what carries the tag; `user:` marks tags that AWS does not make itself."""
    return {"name": "TagKeyValue", "values": [f"user:{key}${value}"]}


def amount(value: float) -> float:
    """A limit in US dollars a month."""
    if not 0 < value < float("inf"):
        raise InvalidValue(f"{value!r} is no budget; give US dollars a month, more than 0")
    return value


def limit(value: float) -> str:
    """The limit as the API has it: a decimal with cents."""
    return f"{amount(value):.2f}"


def percents(values: Sequence[Any]) -> list[float]:
    """Thresholds in percent of the limit, each once."""
    found = [float(value) for value in values]
    if wrong := [value for value in found if not 0 < value <= 1000]:
        raise InvalidValue(f"{wrong[0]:g} is no threshold; allowed are percents from above 0 to 1000")
    if len(set(found)) < len(found):
        raise InvalidValue(
            f"{', '.join(f'{value:g}' for value in found)} has a threshold twice; name each once"
        )
    return found


def receivers(emails: Sequence[Any], topics: Sequence[Any]) -> None:
    """Refuse a budget that tells nobody, or more than AWS allows."""
    if not emails and not topics:
        raise InvalidValue("a budget that tells nobody helps nobody; give emails, topic_arn or both")
    if len(emails) > _MOST_EMAILS:
        raise InvalidValue(
            f"{len(emails)} addresses are too many: AWS allows {_MOST_EMAILS} a notification; give the "
            "address of a list"
        )


def notifications(
    actual: Sequence[float], forecast: Sequence[float], emails: Sequence[Any], topics: Sequence[Any]
) -> list[Mapping[str, Any]]:
    """One notification for each threshold, on what was spent and on what is foreseen.

    Raises:
        InvalidValue: there are none, or more than AWS allows.
    """
    kinds = [("ACTUAL", value) for value in actual] + [("FORECASTED", value) for value in forecast]
    if not 0 < len(kinds) <= _MOST_NOTIFICATIONS:
        raise InvalidValue(
            f"a budget has 1 to {_MOST_NOTIFICATIONS} thresholds, actual and forecast together; "
            f"not {len(kinds)}"
        )
    return [
        {
            "comparison_operator": "GREATER_THAN",
            "notification_type": kind,
            "threshold": value,
            "threshold_type": "PERCENTAGE",
            **({"subscriber_email_addresses": list(emails)} if emails else {}),
            **({"subscriber_sns_topic_arns": list(topics)} if topics else {}),
        }
        for kind, value in kinds
    ]
