"""Put the plugin where the engine looks for it."""

from __future__ import annotations

import shlex
import stat
import sys
from importlib.metadata import version
from pathlib import Path

SUPPORT = Path(__file__).parents[1]
PACKAGES = ("aws", "kubernetes")


def install(pulumi_home: Path) -> None:
    """Write launchers for both packages into the engine's plugin cache, at the versions the SDKs ask for."""
    for package in PACKAGES:
        name = f"pulumi-resource-{package}"
        file = pulumi_home / "plugins" / f"resource-{package}-v{version(f'pulumi-{package}')}" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        command = f'exec {shlex.quote(sys.executable)} -m echo_plugin {package} "$@"'
        file.write_text(f"#!/bin/sh\nexport PYTHONPATH={shlex.quote(str(SUPPORT))}\n{command}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
