"""A Pulumi program of a test's own, run by the real engine on a stack in a folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from mlops_local import engine
from mlops_local.paths import Paths

STACK = "tried"


class PulumiProgram:
    """`program("preview")` runs `pulumi preview` on the stack.

    Args:
        folder: where state and program are made.
        cache: folder of built programs, the engine among them.
    """

    def __init__(self, folder: Path, cache: Path, code: str) -> None:
        self.workspace = folder
        self.folder = written(folder / "program", "Pulumi.yaml", {"name": "tried", "runtime": "python"}, code)
        self.variables = engine_in(folder, cache, STACK)
        made = self("stack", "init", STACK)
        assert made.returncode == 0, made.stderr

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def configure(self, values: dict[str, Any]) -> None:
        """Make these plain values the stack's whole configuration."""
        file = self.folder / f"Pulumi.{STACK}.yaml"
        document = yaml.safe_load(file.read_text()) or {}
        file.write_text(yaml.safe_dump({**document, "config": values}))


def engine_in(folder: Path, cache: Path, stack: str) -> dict[str, str]:
    """What a shell has in which `pulumi` is the engine with its state in a folder."""
    paths = Paths(workspace=folder, home=folder / "home", cache=cache)
    paths.pulumi_state.mkdir(parents=True)
    paths.passphrase.write_text("of the tests")
    variables = {**os.environ, **engine.ensure(paths, print).environment(paths, stack), "NO_COLOR": "1"}
    del variables["PULUMI_OPTION_CWD"]
    return variables


def written(folder: Path, name: str, project: dict[str, Any], code: str) -> Path:
    """A folder with a project file and the program or pack that it describes."""
    folder.mkdir()
    (folder / name).write_text(yaml.safe_dump(project))
    (folder / "__main__.py").write_text(code)
    return folder
