"""The environments on AWS as their programs register them, on the recording engine."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

import aws_answers
from mlops_cli.render import placeholders
from mlops_stacks import program
from mlops_stacks.recording import Document, document_of, record
from mlops_stacks.settings import NAMESPACE, SECRETS_ON_AWS

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("dev", "staging", "prod")
ACCOUNT = "123456789012"
AUTHORITIES = str(ROOT / "tests" / "support" / "authorities.pem")
IMAGES = {name: f"sha256:{number:064x}" for number, name in enumerate(placeholders.IMAGE_NAMES)}
SECRETS = {name: f"secret-{name}" for name in SECRETS_ON_AWS}
EDGE = {
    "domain": "ml.example.com",
    "internet": True,
    "allowedCidrs": ["203.0.113.0/24"],
    "parentZoneId": "Z0123456789ABCDEFGHIJ",
}
"""Of a company: the files in the repository have none, because a domain must be somebody's own."""


def config(name: str) -> dict[str, Any]:
    """The `config` of the environment's file."""
    text = (ROOT / "stacks" / f"Pulumi.{name}.yaml").read_text()
    return dict(yaml.safe_load(text)["config"])


def merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The values with those of `changes`, section by section."""
    made = copy.deepcopy(dict(values))
    for key, value in changes.items():
        inner = made.get(key)
        made[key] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, Mapping) else value
    return made


def recorded(
    name: str, changes: Mapping[str, Any], *, preview: bool, generated: bool = True, replace: bool = False
) -> Document:
    """What the program of an environment registers, with its settings changed.

    Without `generated` nothing is there that `mlops up` makes, as at the first preview. With `replace` the
    sections of `changes` stand in place of the file's, and are not merged into them.
    """
    values = {**config(name), **changes} if replace else merged(config(name), changes)
    completed = (
        placeholders.completed(values, {}, "unused") if generated else placeholders.with_prefix(values)
    )
    engine = placeholders.as_engine_config(completed)
    made = record(
        program.main,
        project=NAMESPACE,
        stack=name,
        config=engine,
        preview=preview,
        answers=aws_answers.answers,
    )
    return document_of(name, made, ())


@functools.cache
def document(name: str, *, preview: bool = False) -> Document:
    """The same of an environment in a known account, published, with the database's certificates there."""
    changes = {
        "mlops:aws": {
            "accountId": ACCOUNT,
            "edge": EDGE,
            "database": {"authoritiesFile": AUTHORITIES},
        }
    }
    return recorded(name, changes, preview=preview)
