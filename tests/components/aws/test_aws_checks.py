from __future__ import annotations

import pytest

from pulumi_mlops.aws import aws_checks
from pulumi_mlops.errors import InvalidValue

LOG_DAYS = {
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
}


def test_days_that_logs_can_be_kept_are_taken_and_others_refused() -> None:
    for days in LOG_DAYS:
        assert aws_checks.log_days(days) == days
    for days in set(range(-1, 4000)) - LOG_DAYS:
        with pytest.raises(InvalidValue, match=f"cannot be kept for {days} days; allowed are 1, 3, 5, 7,"):
            aws_checks.log_days(days)
