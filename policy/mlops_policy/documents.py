"""The document that `mlops render --json` prints, as resources. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_policy.resources import Resource
from mlops_policy.views import UNKNOWN

UNKNOWN_MARK = {"$unknown": True}
SECRET_MARK = {"$secret": True}
SECRET = "(secret)"  # noqa: S105 - stands for one
"""What a secret reads as: something that is there."""


def resources(document: Mapping[str, Any]) -> tuple[Resource, ...]:
    """Every resource of a rendered environment (docs/render.md)."""
    return tuple(
        Resource(
            urn=each["urn"],
            type=each["type"],
            name=each["name"],
            props=_opened(each["inputs"]),
            protect=each["protect"],
            references={key: tuple(urns) for key, urns in each.get("references", {}).items()},
            custom=each["custom"],
        )
        for each in document["resources"]
    )


def _opened(value: Any) -> Any:
    if value == UNKNOWN_MARK:
        return UNKNOWN
    if value == SECRET_MARK:
        return SECRET
    if isinstance(value, dict):
        return {key: _opened(item) for key, item in value.items()}
    return [_opened(item) for item in value] if isinstance(value, list) else value
