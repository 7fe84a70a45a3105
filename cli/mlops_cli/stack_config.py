"""The stack configuration that the engine reads: the repository's values plus generated ones.

`stacks/Pulumi.<env>.yaml` stays as people wrote it. The engine reads a copy under MLOPS_HOME,
rewritten at every run, to which this module adds image digests, the kubeconfig's path and the
secrets, encrypted by the engine and generated once.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mlops_stacks.settings import SECRET_NAMES, SECRETS_ON_AWS

GENERATED_KEYS = ("mlops:images", "mlops:kubeconfig", "mlops:secrets")
SECRETS_KEY = "mlops:secrets"
SECRET_BYTES = 16


def compose(
    values: Mapping[str, Any],
    previous: Mapping[str, Any],
    generated: Mapping[str, Any],
) -> dict[str, Any]:
    """Merge the document: people's values first, then what was generated now, then before.

    Secrets are merged one by one: whoever gives some of them keeps the generated rest.

    Args:
        values: the `config` of the repository's file.
        previous: the whole document written last time; its encryption salt and secrets are kept.
        generated: keys made in this run.
    """
    kept = {key: value for key, value in previous.get("config", {}).items() if key in GENERATED_KEYS}
    document = {key: value for key, value in previous.items() if key != "config"}
    document["config"] = {**kept, **generated, **values}
    sections = [source[SECRETS_KEY] for source in (kept, generated, values) if SECRETS_KEY in source]
    if sections and not _is_encrypted(sections[-1]):
        document["config"][SECRETS_KEY] = {
            name: value
            for section in sections
            if not _is_encrypted(section)
            for name, value in section.items()
        }
    return document


def missing_secrets(document: Mapping[str, Any], *, on_aws: bool = False) -> list[str]:
    """Names of secrets that have no value yet, in the settings' order; on AWS there are no stores to run."""
    present = document.get("config", {}).get(SECRETS_KEY, {})
    needed = SECRETS_ON_AWS if on_aws else SECRET_NAMES
    return [name for name in needed if name not in present]


def _is_encrypted(section: Mapping[str, Any]) -> bool:
    return set(section) == {"secure"}


def new_secret() -> str:
    """A fresh secret of 128 bits, in hexadecimal digits: a command or an address takes it unquoted."""
    return secrets.token_hex(SECRET_BYTES)


def read(file: Path) -> dict[str, Any]:
    """The document in `file`; {} when there is none yet."""
    return dict(yaml.safe_load(file.read_text()) or {}) if file.is_file() else {}


def write(file: Path, document: Mapping[str, Any]) -> None:
    """Replace `file` whole or not at all, readable by its owner only."""
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(yaml.safe_dump(dict(document), sort_keys=False))
    fresh.chmod(0o600)
    fresh.replace(file)
