"""A checkout whose environments are on AWS, and the `mlops` command in it, on the real engine.

AWS is moto for what asks it, and a plugin that creates anything for what the program registers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from aws_account import ACCOUNT, CREDENTIALS, REGION
from aws_environments import AUTHORITIES, IMAGES, ROOT, config, merged
from echo_plugin.install import install
from mlops_cli.environment import read_settings
from mlops_local import engine as engines
from mlops_local.paths import Paths
from running_platform import CACHE

COMMAND = "from mlops_cli.main import run; run()"
HURRIED = (
    "from mlops_cli.aws import destroy; destroy.Patience = "
    f"lambda once=destroy.Patience: once(settling=0); {COMMAND}"
)
"""The command that looks once for what is left, and does not give AWS five minutes to forget it."""
GROUND = {"mlops:aws": {"accountId": ACCOUNT, "database": {"authoritiesFile": AUTHORITIES}}}


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    def lines(self) -> list[str]:
        """What it printed, without the lines of progress and their times."""
        return [line for line in self.out.splitlines() if not line.startswith("  ")]


@dataclass(frozen=True)
class Checkout:
    """A folder that `mlops` takes for a checkout, with state and plugins of its own."""

    folder: Path
    address: str

    @property
    def variables(self) -> dict[str, str]:
        """What the command finds in its environment."""
        state = self.folder / "state"
        state.mkdir(exist_ok=True)
        return {
            **os.environ,
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.address,
            "AWS_REGION": REGION,
            "MLOPS_HOME": str(self.folder / "home"),
            "MLOPS_CACHE": str(CACHE),
            "PULUMI_HOME": str(self.folder / "pulumi-home"),
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE": "hush",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }

    def lay(self, name: str, changes: Mapping[str, Any]) -> Path:
        """Write the environment's file, as the repository has it with changes."""
        project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
        project["main"] = str(ROOT / "stacks")
        project["runtime"]["options"]["virtualenv"] = sys.prefix
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        (self.folder / "uv.lock").touch()
        source, pack = ROOT / "policy", self.folder / "policy"
        pack.mkdir(exist_ok=True)
        policies = yaml.safe_load((source / "PulumiPolicy.yaml").read_text())
        policies["runtime"]["options"]["virtualenv"] = sys.prefix
        (pack / "PulumiPolicy.yaml").write_text(yaml.safe_dump(policies))
        (pack / "__main__.py").write_text((source / "__main__.py").read_text())
        file = self.folder / "stacks" / f"Pulumi.{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        # The engine keeps what it encrypts with beside the settings.
        kept = yaml.safe_load(file.read_text()) if file.exists() else {}
        file.write_text(yaml.safe_dump({**kept, "config": merged(config(name), changes)}))
        read_settings(file)
        install(self.folder / "pulumi-home")
        return file

    def init(self, name: str) -> None:
        """`pulumi stack init`, with the engine that the command finds."""
        paths = Paths(workspace=self.folder, home=self.folder / "home", cache=CACHE)
        root = engines.ensure(paths, print).root / "bin"
        path = f"{root}{os.pathsep}{os.environ['PATH']}"
        done = self._run([str(root / "pulumi"), "stack", "init", name], {"PATH": path})
        assert done.code == 0, done.err

    def mlops(self, *arguments: str, code: str = COMMAND) -> Done:
        """The `mlops` command."""
        return self._run([sys.executable, "-c", code, *arguments], {})

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The same, to be interrupted."""
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments],
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Ctrl-C reaches the command and its engine alike, and not the tests.
            start_new_session=True,
        )

    def resources(self, name: str) -> list[dict[str, Any]]:
        """What the state holds."""
        file = self.folder / "state" / ".pulumi" / "stacks" / "mlops" / f"{name}.json"
        found = json.loads(file.read_text())["checkpoint"]["latest"].get("resources") or []
        return [each for each in found if each["type"] != "pulumi:pulumi:Stack"]

    def _run(self, command: list[str], more: Mapping[str, str]) -> Done:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.variables, **more},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        return Done(done.returncode, done.stdout, done.stderr)


def with_images(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes with the images that `mlops images` prints."""
    return merged({**GROUND, "mlops:images": dict(IMAGES)}, changes)
