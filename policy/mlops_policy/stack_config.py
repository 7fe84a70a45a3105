"""What a stack's own configuration says of policies. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mlops_policy.errors import BadConfig
from mlops_policy.rules import Level, LocalConfig, ProductionConfig, Rule, RuleConfig

STACK_KEY: Final = "mlops:policy"
LEVEL: Final = "enforcementLevel"


def from_stack(
    config: Mapping[str, str], rules: Sequence[Rule]
) -> tuple[dict[str, Level], dict[str, dict[str, Any]]]:
    """Levels and configuration of rules, by name, as `mlops:policy` gives them.

    Rules are told from other sections whether it is production (`mlops:aws.production`; a local node is not),
    and whether its nodes are one machine's own (`mlops:cluster.maker`).

    Args:
        config: by full key, sections as JSON, as the engine hands it to plugins.

    Raises:
        BadConfig: the section, or a rule in it, is not a mapping, or a level does not exist.
    """
    given = {name: _mapping(name, values) for name, values in _mapping(STACK_KEY, _section(config)).items()}
    for kind, values in _told(config).items():
        asked = [rule.name for rule in rules if issubclass(rule.config, kind)]
        given |= {name: {**values, **given.get(name, {})} for name in asked}
    levels = {name: _level(name, values[LEVEL]) for name, values in given.items() if LEVEL in values}
    return levels, {
        name: {key: value for key, value in values.items() if key != LEVEL} for name, values in given.items()
    }


def _told(config: Mapping[str, str]) -> dict[type[RuleConfig], dict[str, Any]]:
    ground = json.loads(config.get("mlops:aws") or "{}")
    local = json.loads(config.get("mlops:cluster") or "{}").get("maker") == "local-node"
    told: dict[type[RuleConfig], dict[str, Any]] = {LocalConfig: {"localNode": True}} if local else {}
    if local or ground:
        told[ProductionConfig] = {"production": ground.get("production", False)}
    return told


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
