"""Where the local platform keeps things: state that must survive, and caches that may go.

`MLOPS_HOME` (default `~/.local/share/mlops`) holds one folder an environment and the Pulumi
state; `MLOPS_CACHE` (default `~/.cache/mlops`) holds built programs and images.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops_local.errors import LocalError


@dataclass(frozen=True)
class Paths:
    """The folders of one user; none is created by asking for it."""

    workspace: Path
    home: Path
    cache: Path

    @classmethod
    def read(cls, environ: Mapping[str, str], start: Path) -> Paths:
        """Resolve from the process environment; `start` lies in the workspace."""
        user = Path(environ.get("HOME") or Path.home())
        data = Path(environ.get("XDG_DATA_HOME") or user / ".local" / "share")
        cache = Path(environ.get("XDG_CACHE_HOME") or user / ".cache")
        return cls(
            workspace=find_workspace(start),
            home=Path(environ.get("MLOPS_HOME") or data / "mlops").absolute(),
            cache=Path(environ.get("MLOPS_CACHE") or cache / "mlops").absolute(),
        )

    @property
    def pulumi_home(self) -> Path:
        """Pulumi's own settings and plugins, kept apart from the user's."""
        return self.home / "pulumi-home"

    @property
    def pulumi_state(self) -> Path:
        """Folder of the `file://` backend that holds every stack's state."""
        return self.home / "pulumi-state"

    @property
    def passphrase(self) -> Path:
        """File (0600) with the passphrase that encrypts secrets in stack configuration and state."""
        return self.home / "passphrase"

    @property
    def policy(self) -> Path:
        """The policy pack of the workspace."""
        return self.workspace / "policy"

    def environment(self, name: str) -> Path:
        """Folder of one environment: its node's state, its stack configuration, its locks."""
        return self.home / "environments" / name

    def stack_config(self, name: str) -> Path:
        """Stack configuration as the engine reads it: the repository's values plus generated ones."""
        return self.environment(name) / f"Pulumi.{name}.yaml"


def find_workspace(start: Path) -> Path:
    """Return the nearest folder at or above `start` with both Pulumi.yaml and uv.lock."""
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / "Pulumi.yaml").is_file() and (folder / "uv.lock").is_file():
            return folder
    raise LocalError(
        f"{start} is not inside a checkout of pulumi-mlops (no Pulumi.yaml beside uv.lock).\n"
        "Run the command from the folder that `git clone` made.",
    )
