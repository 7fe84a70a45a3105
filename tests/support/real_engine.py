"""An environment's stack on the real engine, with a plugin that creates anything in the providers' place.

Only the Pulumi CLI is real: the program runs in this process, its state lies in a folder of the test.
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation

import aws_environments
from echo_plugin.install import install
from mlops_cli.render import placeholders
from mlops_local import engine
from mlops_local.paths import Paths
from mlops_stacks import program
from mlops_stacks.settings import NAMESPACE
from upgrade_gate import Step

PASSPHRASE = "of the recorded states"
"""Opens what is secret in them: stand-ins, of which none opens anything."""
_NOISE = ("sourcePosition", "stackTrace", "created", "modified")
"""What a state says of the machine and the moment that made it."""


def deployed(name: str, changes: Mapping[str, Any], kubeconfig: Path) -> dict[str, Any]:
    """The whole configuration of an environment, with stand-ins for what `mlops up` makes."""
    given = aws_environments.config(name)
    if name in aws_environments.ENVIRONMENTS:
        authorities = {"database": {"authoritiesFile": aws_environments.AUTHORITIES}}
        given = aws_environments.merged(given, {"mlops:aws": authorities})
    kubeconfig.write_text(json.dumps(placeholders.kubeconfig(placeholders.context_of(given))))
    return aws_environments.merged(placeholders.completed(given, {}, str(kubeconfig)), changes)


@dataclass
class RealStack:
    """One stack in `folder`; `close` it, or event loops of the Automation API stay open."""

    name: str
    folder: Path
    cache: Path
    program: Callable[[], object] = program.main

    def __post_init__(self) -> None:
        paths = Paths(workspace=self.folder, home=self.folder / "home", cache=self.cache)
        paths.pulumi_state.mkdir(parents=True, exist_ok=True)
        paths.passphrase.write_text(PASSPHRASE)
        found = engine.ensure(paths, lambda _: None)
        install(paths.pulumi_home)
        variables = found.environment(paths, self.name)
        # The plugin stands in the plugin cache of this home, wherever the CLI came from.
        variables |= {"PULUMI_HOME": str(paths.pulumi_home)}
        variables |= {"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}
        # Writing a state of hundreds of resources after each of them is most of an update's time.
        variables |= {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
        del variables["PULUMI_OPTION_CWD"]
        self._work = self.folder / "project"
        self._work.mkdir(exist_ok=True)
        self._command = automation.PulumiCommand(root=str(found.root))
        self._variables = variables
        self._stack = automation.create_or_select_stack(
            self.name,
            project_name=NAMESPACE,
            program=lambda: self.program(),
            opts=automation.LocalWorkspaceOptions(
                pulumi_command=self._command,
                env_vars=variables,
                work_dir=str(self._work),
            ),
        )

    def configure(self, changes: Mapping[str, Any] | None = None) -> None:
        """Write the configuration of the environment, changed."""
        file = self._work / f"Pulumi.{self.name}.yaml"
        document = yaml.safe_load(file.read_text())
        document["config"] = deployed(self.name, changes or {}, self.folder / "kubeconfig")
        file.write_text(yaml.safe_dump(document))

    def start_from(self, state: Mapping[str, Any]) -> None:
        """Take over a recorded state."""
        self._stack.import_stack(automation.Deployment(state["version"], dict(state["deployment"])))

    def state(self) -> dict[str, Any]:
        """The state, secrets encrypted, without what says where and when it was made."""
        # `Stack.export_stack` asks for the secrets in clear.
        command = ["stack", "export", "--stack", self.name]
        exported: dict[str, Any] = json.loads(
            self._command.run(command, str(self._work), self._variables).stdout
        )
        for resource in exported["deployment"].get("resources", []):
            for name in _NOISE:
                resource.pop(name, None)
        exported["deployment"]["manifest"]["time"] = "0001-01-01T00:00:00Z"
        return exported

    def preview(self) -> list[Step]:
        """What an update would do, resources that stay the same left out."""
        return self._steps(lambda heard: self._stack.preview(on_event=heard, color="never"))

    def up(self) -> list[Step]:
        """Update; what it did."""
        return self._steps(lambda heard: self._stack.up(on_event=heard, color="never"))

    def destroy(self) -> list[Step]:
        """Delete all; what it did."""
        return self._steps(lambda heard: self._stack.destroy(on_event=heard, color="never"))

    def close(self) -> None:
        """Close the event loops that the Automation API leaves open after an error."""
        for each in gc.get_objects():
            if isinstance(each, asyncio.BaseEventLoop) and not (each.is_running() or each.is_closed()):
                each.close()

    def _steps(self, run: Callable[[Callable[[Any], None]], object]) -> list[Step]:
        steps: list[Step] = []

        def heard(event: Any) -> None:
            if (found := event.resource_pre_event) is not None:
                said = found.metadata
                operation = getattr(said.op, "value", said.op)
                if operation != "same":
                    steps.append(
                        Step(operation, said.urn, tuple(sorted(said.detailed_diff or said.diffs or ())))
                    )

        run(heard)
        return sorted(steps)
