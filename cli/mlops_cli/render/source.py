"""Where the values to render come from: an environment of the checkout, or a file of the user's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_cli import stack_config
from mlops_cli.environment import environment_file, read_settings
from mlops_cli.errors import UnknownEnvironment
from mlops_local.paths import Paths

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Source:
    """One file of values, checked as `mlops up` checks it.

    `images` are the references that the last `mlops up` of the environment on this machine wrote.
    """

    environment: str
    file: Path
    config: Mapping[str, Any]
    images: Mapping[str, str]


def find(name_or_file: str, environ: Mapping[str, str], folder: Path) -> Source:
    """Read the values of an environment, or of a file if a path is given (with `/` or `.yaml` in it).

    Raises:
        UnknownEnvironment: there is no such environment or file.
        InvalidSettings: a key or value is not allowed; the text is that of `mlops up`.
    """
    if os.sep not in name_or_file and not name_or_file.endswith(_SUFFIXES):
        paths = Paths.read(environ, folder)
        file = environment_file(name_or_file, paths)
        written = stack_config.read(paths.stack_config(name_or_file)).get("config", {})
        return Source(name_or_file, file, _checked(file), written.get("mlops:images", {}))
    file = folder / Path(name_or_file).expanduser()
    if not file.is_file():
        raise UnknownEnvironment(f"there is no file {file}; give an environment's name or a file of values")
    return Source(_stack_name(file), file, _checked(file), {})


def _checked(file: Path) -> Mapping[str, Any]:
    config, _ = read_settings(file)
    return config


def _stack_name(file: Path) -> str:
    """The engine's rule: `Pulumi.<name>.yaml`; any other file's own name."""
    return file.stem.removeprefix("Pulumi.")
