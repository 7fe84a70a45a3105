"""One environment as the command sees it: its name, its values from the repository, its folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mlops_cli.errors import InvalidSettings, UnknownEnvironment
from mlops_local.node import NodeSpec
from mlops_local.paths import Paths
from mlops_stacks.errors import SettingsError
from mlops_stacks.settings import NAMESPACE, LocalNodeCluster, Settings, load


@dataclass(frozen=True)
class Environment:
    """The values of `stacks/Pulumi.<name>.yaml`, checked, and where its state lies."""

    name: str
    paths: Paths
    config: Mapping[str, Any]
    settings: Settings

    @property
    def folder(self) -> Path:
        """State folder of this environment."""
        return self.paths.environment(self.name)

    def node_spec(self) -> NodeSpec | None:
        """The local node that the settings ask for; None when they name an existing cluster."""
        cluster = self.settings.cluster
        if not isinstance(cluster, LocalNodeCluster):
            return None
        return NodeSpec(
            name=cluster.name,
            home=self.folder / "node",
            address_block=cluster.address_block,
            api_port=cluster.api_port,
            registry_port=cluster.registry_port,
            published_ports=self.settings.node_ports(),
        )


def open_environment(name: str, paths: Paths) -> Environment:
    """Read and check an environment's values.

    Raises:
        UnknownEnvironment: there is no such file; the message lists those there are.
        InvalidSettings: a key or value is not allowed; the message names its path.
    """
    config, settings = read_settings(environment_file(name, paths))
    return Environment(name, paths, config, settings)


def environment_file(name: str, paths: Paths) -> Path:
    """The file of an environment's values.

    Raises:
        UnknownEnvironment: there is no such file; the message lists those there are.
    """
    file = paths.workspace / "stacks" / f"Pulumi.{name}.yaml"
    if not file.is_file():
        known = sorted(path.name.split(".")[1] for path in file.parent.glob("Pulumi.*.yaml"))
        raise UnknownEnvironment(
            f"no environment {name!r}: {file} does not exist.\n"
            f"Known: {', '.join(known)}. To add one, copy one of their files.",
        )
    return file


def read_settings(file: Path) -> tuple[dict[str, Any], Settings]:
    """The `config` of a stack configuration file, and the settings in it.

    Raises:
        InvalidSettings: a key or value is not allowed; the message names its path.
    """
    config = read_config(file)
    try:
        settings = load({key.removeprefix(f"{NAMESPACE}:"): value for key, value in config.items()})
    except SettingsError as error:
        raise InvalidSettings(f"{file}: {error}") from error
    return config, settings


def read_config(file: Path) -> dict[str, Any]:
    """The `config` section of a stack configuration file; {} when it has none."""
    try:
        document = yaml.safe_load(file.read_text()) or {}
    except yaml.YAMLError as error:
        raise InvalidSettings(f"{file} is not YAML: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("config", {}), dict):
        raise InvalidSettings(f"{file}: expected a mapping with a `config` mapping in it")
    return dict(document.get("config", {}))
