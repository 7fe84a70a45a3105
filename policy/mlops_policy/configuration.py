"""Configuration of rules, as a stack's file, a pack's or `mlops policy check --config` gives it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from mlops_policy.errors import BadConfig
from mlops_policy.rules import Level, Rule

LEVEL: Final = "enforcementLevel"
"""As in the configuration of any pack."""


def refuse_strangers(config: Mapping[str, Any], rules: Iterable[Rule]) -> None:
    """Raise `BadConfig` for a name that no rule has."""
    if strangers := sorted(set(config) - {rule.name for rule in rules}):
        raise BadConfig(
            f"there is no policy {', '.join(strangers)}; `mlops policy list` names those there are"
        )


def separated(
    config: Mapping[str, Any], rules: Iterable[Rule]
) -> tuple[dict[str, Level], dict[str, dict[str, Any]]]:
    """Levels by rule, and the rest of each rule's configuration.

    Args:
        config: by rule, its section, or its level alone.

    Raises:
        BadConfig: there is no such rule, it has neither, or a level does not exist.
    """
    refuse_strangers(config, rules)
    sections = {name: _section(name, given) for name, given in config.items()}
    levels = {name: _level(name, values.pop(LEVEL)) for name, values in sections.items() if LEVEL in values}
    return levels, sections


def _section(name: str, given: Any) -> dict[str, Any]:
    if isinstance(given, str):
        return {LEVEL: given}
    if not isinstance(given, Mapping):
        raise BadConfig(f"{name} is {given!r}, where a section or a level is expected")
    return dict(given)


def _level(name: str, value: Any) -> Level:
    try:
        return Level(value)
    except ValueError:
        allowed = ", ".join(level.value for level in Level)
        raise BadConfig(f"{name}.{LEVEL} is {value!r}, and is one of {allowed}") from None
