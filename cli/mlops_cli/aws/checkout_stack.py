"""An environment on AWS as its checkout and backend hold it: the stack that `pulumi -s NAME` means there.

Its settings, encrypted secrets included, are in `stacks/Pulumi.<name>.yaml`, and its state is where
`pulumi login` leads, so that everybody who works on it sees the same.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pulumi import automation as auto

from mlops_cli import stack_config
from mlops_cli.errors import StackFailed
from mlops_local.engine import Engine


class CheckoutStack:
    """One stack of the workspace's own project."""

    def __init__(self, name: str, workspace: Path, engine: Engine) -> None:
        self._name, self.workspace = name, workspace
        path = f"{engine.root / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        self._variables = {"PATH": path, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        self._pulumi = auto.PulumiCommand(root=str(engine.root))

    @property
    def file(self) -> Path:
        """The file of its settings."""
        return self.workspace / "stacks" / f"Pulumi.{self._name}.yaml"

    @property
    def policy_packs(self) -> list[str]:
        """Folders of the packs that judge every preview and update."""
        return [str(self.workspace / "policy")]

    def open(self) -> auto.Stack:
        """The stack as the Automation API sees it.

        Raises:
            StackFailed: the backend has none of that name, or there is no way to it.
        """
        options = auto.LocalWorkspaceOptions(env_vars=self._variables, pulumi_command=self._pulumi)
        try:
            return auto.select_stack(self._name, work_dir=str(self.workspace), opts=options)
        except auto.StackNotFoundError as error:
            raise StackFailed(
                f"the backend that `pulumi login` leads to has no stack {self._name!r}. "
                "`mlops bootstrap aws` sets a backend up and prints the `pulumi login` and "
                f"`pulumi stack init {self._name}` to use"
            ) from error
        except auto.CommandError as error:
            raise StackFailed(
                f"the backend of stack {self._name!r} does not answer; `mlops bootstrap aws` prints the "
                f"`pulumi login` to use.\n{str(error).strip()[-500:]}"
            ) from error

    def release_stale_lock(self, stack: auto.Stack) -> None:
        """Nothing: only a person knows whether a colleague's update still runs."""

    def make_secrets(self) -> list[str]:
        """Make the secrets that the settings lack, encrypted in the file; returns their names.

        Raises:
            StackFailed: the engine could not encrypt one.
        """
        missing = stack_config.missing_secrets(stack_config.read(self.file), on_aws=True)
        for name in missing:
            self._set_secret(name, stack_config.new_secret())
        return missing

    def _set_secret(self, name: str, value: str) -> None:
        """The value goes by standard input, never by argv."""
        key = f"{stack_config.SECRETS_KEY}.{name}"
        result = subprocess.run(
            [self._pulumi.command, "config", "set", "--secret", "--path", key, "--stack", self._name],
            input=value,
            cwd=self.workspace,
            env={**os.environ, **self._variables},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise StackFailed(f"the engine did not store the secret {name}:\n{result.stderr.strip()}")
