"""What a stack's own configuration says of policies. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mlops_policy.errors import BadConfig
from mlops_policy.rules import Level, ProductionConfig, Rule

STACK_KEY: Final = "mlops:policy"
PRODUCTION_OF: Final = "mlops:aws"
LEVEL: Final = "enforcementLevel"


def from_stack(
    config: Mapping[str, str], rules: Sequence[Rule]
) -> tuple[dict[str, Level], dict[str, dict[str, Any]]]:
    """Levels and configuration of rules, by name, as `mlops:policy` gives them.

    Rules of production alone are told whether `mlops:aws` says that the stack is one.

    Args:
        config: by full key, sections as JSON, as the engine hands it to plugins.

    Raises:
        BadConfig: the section, or a rule in it, is not a mapping, or a level does not exist.
    """
    given = {name: _mapping(name, values) for name, values in _mapping(STACK_KEY, _section(config)).items()}
    if PRODUCTION_OF in config:
        production = json.loads(config[PRODUCTION_OF]).get("production", False)
        asked = [rule.name for rule in rules if issubclass(rule.config, ProductionConfig)]
        given |= {name: {"production": production, **given.get(name, {})} for name in asked}
    levels = {name: _level(name, values[LEVEL]) for name, values in given.items() if LEVEL in values}
    return levels, {
        name: {key: value for key, value in values.items() if key != LEVEL} for name, values in given.items()
    }


def _section(config: Mapping[str, str]) -> Any:
    text = config.get(STACK_KEY) or "{}"
    try:
        return json.loads(text)
    except ValueError:
        return text


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadConfig(f"{name} is {value!r}, where a mapping is expected")
    return value


def _level(name: str, value: Any) -> Level:
    try:
        return Level(value)
    except ValueError:
        allowed = ", ".join(level.value for level in Level)
        raise BadConfig(f"{name}.{LEVEL} is {value!r}, and is one of {allowed}") from None
