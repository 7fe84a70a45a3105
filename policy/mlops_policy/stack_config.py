"""What a stack's own configuration says of policies. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mlops_policy.configuration import separated
from mlops_policy.errors import BadConfig
from mlops_policy.rules import Level, LocalConfig, Rule, RuleConfig, StageConfig

STACK_KEY: Final = "mlops:policy"


def from_stack(
    config: Mapping[str, str], rules: Sequence[Rule]
) -> tuple[dict[str, Level], dict[str, dict[str, Any]]]:
    """Levels and configuration of rules, by name, as `mlops:policy` gives them.

    Rules are told from other sections whether it is production (`production` of `mlops:aws` or of
    `mlops:cluster`; a local node is not), and whether nodes are one machine's own (`mlops:cluster.maker`).

    Args:
        config: by full key, sections as JSON, as the engine hands it to plugins.

    Raises:
        BadConfig: the section, or a rule in it, is not a mapping, or a level does not exist.
    """
    levels, given = separated(_section(config), rules)
    for kind, values in _told(config).items():
        asked = [rule.name for rule in rules if issubclass(rule.config, kind)]
        given |= {name: {**values, **given.get(name, {})} for name in asked}
    return levels, given


def _told(config: Mapping[str, str]) -> dict[type[RuleConfig], dict[str, Any]]:
    cluster = json.loads(config.get("mlops:cluster") or "{}")
    local = cluster.get("maker") == "local-node"
    told: dict[type[RuleConfig], dict[str, Any]] = {LocalConfig: {"localNode": True}} if local else {}
    if local or "mlops:aws" in config:
        ground = json.loads(config.get("mlops:aws") or "{}")
        told[StageConfig] = {"production": ground.get("production", False)}
    elif "production" in cluster:
        told[StageConfig] = {"production": cluster["production"]}
    return told


def _section(config: Mapping[str, str]) -> Mapping[str, Any]:
    text = config.get(STACK_KEY) or "{}"
    try:
        found = json.loads(text)
    except ValueError:
        found = text
    if not isinstance(found, dict):
        raise BadConfig(f"{STACK_KEY} is {found!r}, where a section by policy is expected")
    return found
