"""Exemptions: what a rule is not asked of, why, who said so, and until when. Pure."""

from __future__ import annotations

import datetime
import fnmatch
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from mlops_policy.rules import RuleConfig

Text = Annotated[str, Field(min_length=1)]
_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})(T00:00:00Z| 00:00:00 \+0000 UTC)")


def _day(value: Any) -> Any:
    """A day as the engine hands it over: YAML reads one without quotes as a time."""
    found = _MIDNIGHT.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else value


Day = Annotated[datetime.date, BeforeValidator(_day)]

SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "description": "Resources that this policy is not asked of, each until a day.",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["urn", "reason", "approver", "expires"],
        "properties": {
            "urn": {"type": "string", "minLength": 1, "description": "Pattern of URNs, * for anything."},
            "reason": {"type": "string", "minLength": 1, "description": "Why, in one line."},
            "approver": {"type": "string", "minLength": 1, "description": "Who answers for it."},
            "expires": {
                "type": "string",
                "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}",
                "description": "The last day that it holds, as YYYY-MM-DD.",
            },
        },
    },
}
"""JSON Schema of the configuration key `exemptions`, which every rule has."""


class Exemption(RuleConfig):
    """One exemption of one rule."""

    model_config = ConfigDict(strict=False)

    urn: Text
    reason: Text
    approver: Text
    expires: Day

    def matches(self, urn: str) -> bool:
        """Whether it is about the resource of that URN."""
        return fnmatch.fnmatchcase(urn, self.urn)

    def expired(self, today: datetime.date) -> bool:
        """Whether its last day is past."""
        return self.expires < today
