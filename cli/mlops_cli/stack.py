"""The environment's Pulumi stack: created once, configured at every run, driven by the Automation API."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation as auto

from mlops_cli import stack_config
from mlops_cli.environment import Environment
from mlops_cli.errors import StackFailed
from mlops_local.engine import Engine


class EnvironmentStack:
    """One stack over the engine; every method may be repeated after an interruption."""

    def __init__(self, environment: Environment, engine: Engine) -> None:
        self._environment = environment
        self._variables = engine.environment(environment.paths, environment.name)
        self._pulumi = auto.PulumiCommand(root=str(engine.root))

    @property
    def policy_packs(self) -> list[str]:
        """Folders of the packs that judge every preview and update."""
        return [str(self._environment.paths.policy)]

    def configure(self, generated: Mapping[str, Any]) -> None:
        """Make the stack exist and write its configuration, with every secret it needs."""
        paths = self._environment.paths
        _ensure_passphrase(paths.passphrase)
        paths.pulumi_state.mkdir(parents=True, exist_ok=True)
        file = paths.stack_config(self._environment.name)
        write_project(self._environment.folder, paths.workspace)
        if "encryptionsalt" not in stack_config.read(file):
            self._initialise()
        document = stack_config.compose(self._environment.config, stack_config.read(file), generated)
        stack_config.write(file, document)
        for name in stack_config.missing_secrets(document):
            self._set_secret(name, stack_config.new_secret())

    def open(self) -> auto.Stack:
        """The stack as the Automation API sees it.

        Raises:
            StackFailed: the environment was never brought up here.
        """
        options = auto.LocalWorkspaceOptions(env_vars=self._variables, pulumi_command=self._pulumi)
        try:
            return auto.select_stack(
                self._environment.name,
                work_dir=str(self._environment.folder),
                opts=options,
            )
        except auto.StackNotFoundError as error:
            name = self._environment.name
            raise StackFailed(f"environment {name!r} is not up: run `mlops up {name}`.") from error

    def release_stale_lock(self, stack: auto.Stack) -> None:
        """Drop the engine's lock file when the process that wrote it on this machine is gone."""
        locks = self._environment.paths.pulumi_state / ".pulumi" / "locks"
        for file in locks.rglob(f"{self._environment.name}/*.json"):
            if not _alive(int(json.loads(file.read_text()).get("pid", 0))):
                stack.cancel()
                return

    def _initialise(self) -> None:
        """Create the stack; the engine writes the encryption salt into the stack's configuration."""
        with suppress(auto.StackAlreadyExistsError):
            self._workspace().create_stack(self._environment.name)

    def _workspace(self) -> auto.LocalWorkspace:
        return auto.LocalWorkspace(
            work_dir=str(self._environment.folder),
            env_vars=self._variables,
            pulumi_command=self._pulumi,
        )

    def _set_secret(self, name: str, value: str) -> None:
        """Encrypt a secret into the configuration; the value goes by standard input, never by argv."""
        command = [self._pulumi.command, "config", "set", "--secret", "--path"]
        result = subprocess.run(
            [*command, f"{stack_config.SECRETS_KEY}.{name}", "--stack", self._environment.name],
            input=value,
            cwd=self._environment.folder,
            env={**os.environ, **self._variables},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise StackFailed(f"the engine did not store the secret {name}:\n{result.stderr.strip()}")


def write_project(folder: Path, workspace: Path) -> None:
    """Make `folder` a Pulumi project whose program, virtual environment and policies are the workspace's.

    The engine keeps a stack's configuration beside its project; so it never writes into the checkout.
    """
    project = _placed(workspace / "Pulumi.yaml")
    project["main"] = str(workspace / project["main"])
    del project["stackConfigDir"]
    # `pulumi --policy-pack policy` typed by hand looks for the pack beside the project.
    source, pack = workspace / "policy", folder / "policy"
    pack.mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project, sort_keys=False))
    (pack / "PulumiPolicy.yaml").write_text(yaml.safe_dump(_placed(source / "PulumiPolicy.yaml")))
    (pack / "__main__.py").write_text((source / "__main__.py").read_text())


def _placed(file: Path) -> dict[str, Any]:
    """A project's or a pack's file, its virtual environment named wherever the file may be."""
    project: dict[str, Any] = yaml.safe_load(file.read_text())
    options = project["runtime"]["options"]
    options["virtualenv"] = os.path.normpath(file.parent / options["virtualenv"])
    return project


def _ensure_passphrase(file: Path) -> None:
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(stack_config.new_secret())
    # A second command may have made it meanwhile: the first one written wins.
    with suppress(FileExistsError):
        os.link(fresh, file)
    fresh.unlink()


def _alive(pid: int) -> bool:
    return pid > 0 and Path(f"/proc/{pid}").exists()
