"""States of the environments as an earlier commit left them, in tests/upgrade/states."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import yaml

from upgrade_gate import Expected, expectations

FOLDER = Path(__file__).parents[1] / "upgrade"
STATES = FOLDER / "states"
ENVIRONMENTS = ("local", "dev", "staging", "prod")
EXPECTED = FOLDER / "expected_changes.yaml"
NONE_EXPECTED = """\
# What the code since the recorded states changes in an environment that is up, each change reviewed.
# An entry: environment (a pattern, all by default), urn (a pattern), change (create, update, delete or
# replace), keys (the inputs that may differ; an update must list them), reason. See docs/upgrades.md.
[]
"""
"""The file while there is nothing to expect."""


def expected() -> list[Expected]:
    """The changes that were reviewed."""
    return expectations(yaml.safe_load(EXPECTED.read_text()))


def read(name: str) -> dict[str, Any]:
    """The state of an environment."""
    state: dict[str, Any] = json.loads(gzip.decompress((STATES / f"{name}.json.gz").read_bytes()))
    return state


def write(name: str, state: dict[str, Any], commit: str) -> None:
    """Keep a state, and the commit whose code made it."""
    text = json.dumps(state, sort_keys=True)
    (STATES / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    commits = {**recorded_from(), name: commit}
    (STATES / "commits.json").write_text(json.dumps(commits, indent=2, sort_keys=True) + "\n")


def recorded_from() -> dict[str, str]:
    """The commit that each state was recorded from."""
    file = STATES / "commits.json"
    found: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    return found
