"""What a field must be, and what to do where it is not."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_policy.views import MISSING
from mlops_policy.wanted import ABSENT, NOT_YES, TEXT, YES, Wanted, equal, without

OPEN = without({"0.0.0.0/0", "::/0"})


@pytest.mark.parametrize(
    ("wanted", "value", "holds"),
    [
        (OPEN, MISSING, True),
        (OPEN, [], True),
        (OPEN, ["10.0.0.0/16"], True),
        (OPEN, "10.0.0.0/16", True),
        (OPEN, ["10.0.0.0/16", "::/0"], False),
        (OPEN, "0.0.0.0/0", False),
        (OPEN, [["10.0.0.0/16"]], False),
        (OPEN, 10, False),
        (NOT_YES, MISSING, True),
        (NOT_YES, False, True),
        (NOT_YES, "false", True),
        (NOT_YES, True, False),
        (NOT_YES, "no", False),
        (TEXT, "arn", True),
        (TEXT, "", False),
        (TEXT, MISSING, False),
        (TEXT, {"arn": "arn"}, False),
    ],
)
def test_a_value_of_another_shape_is_never_what_is_wanted(wanted: Wanted, value: Any, holds: bool) -> None:
    assert wanted.holds(value) is holds


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (YES, "Set a.b to true."),
        (equal("API"), "Set a.b to 'API'."),
        (ABSENT, "Leave out a.b."),
        (TEXT, "Give a.b a value."),
        (OPEN, "Take 0.0.0.0/0, ::/0 out of a.b."),
    ],
)
def test_what_to_do_is_told_of_the_field(wanted: Wanted, says: str) -> None:
    assert wanted.mend("a.b") == says
