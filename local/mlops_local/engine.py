"""Find, download or build the Pulumi engine, and say how to call it.

The official CLI and plugins are used wherever they are on PATH or can be downloaded. On a
machine that reaches package registries only, the CLI is built from its Go modules and two
stand-ins of this package take the place of `pulumi-language-python` and
`pulumi-resource-kubernetes`.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from mlops_local import toolchain
from mlops_local.errors import EngineError
from mlops_local.paths import Paths

Report = Callable[[str], None]

PATH, DOWNLOAD, BUILT, NOWHERE = "PATH", "download", "built", "nowhere"
DOWNLOAD_HOST = "get.pulumi.com"
STAND_INS: Mapping[str, str] = {
    "pulumi-language-python": "mlops_local.language_host",
    "pulumi-resource-kubernetes": "mlops_local.kubernetes_plugin",
}


@dataclass(frozen=True)
class Engine:
    """A usable Pulumi CLI: `root/bin/pulumi`, as the Automation API expects it."""

    root: Path
    source: str
    stand_ins: tuple[str, ...]

    def environment(self, paths: Paths, environment: str) -> dict[str, str]:
        """Variables with which the engine runs a stack of this workspace.

        State goes to a `file://` backend under MLOPS_HOME, secrets are encrypted with the
        passphrase file, every command runs in the environment's own project folder, nothing calls home.
        """
        values = {
            "PATH": f"{self.root / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PULUMI_BACKEND_URL": f"file://{paths.pulumi_state}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(paths.passphrase),
            "PULUMI_OPTION_CWD": str(paths.environment(environment)),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        if self.stand_ins:
            values |= {
                "PULUMI_HOME": str(paths.pulumi_home),
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            }
        return values


def shell_exports(environment: Mapping[str, str]) -> str:
    """The variables as lines that a POSIX shell can `eval`."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())


def missing_stand_ins(installed: Callable[[str], bool], reachable: bool) -> tuple[str, ...]:
    """Names of the plugins that are neither installed nor can be downloaded."""
    return tuple(name for name in STAND_INS if not installed(name) and not reachable)


def ensure(paths: Paths, report: Report) -> Engine:
    """Return an engine, preferring PATH, then a download, then a build from Go modules.

    Raises:
        ToolchainError: the CLI had to be built and could not be.
    """
    source, program = _found(paths)
    reachable = source != BUILT and can_download()
    if program is None and reachable:
        try:
            source, program = DOWNLOAD, _download(_downloaded(paths), report)
        except EngineError as error:
            report(f"{error}; it will be built")
            reachable = False
    if program is None:
        source, program = BUILT, toolchain.ensure(["pulumi"], paths.cache, report)["pulumi"] / "pulumi"
    beside = {name: program.parent / name for name in STAND_INS if (program.parent / name).exists()}
    stand_ins = missing_stand_ins(lambda name: name in beside or _installed(name, paths), reachable)
    return Engine(root=_assemble(paths, program, beside, stand_ins), source=source, stand_ins=stand_ins)


def describe(paths: Paths) -> str:
    """Where the Pulumi CLI is, for a person; changes nothing."""
    source, program = _found(paths)
    if program is None:
        return "none yet; `mlops up` downloads it, or builds it where it cannot be downloaded"
    return f"{program} ({source})"


def _found(paths: Paths) -> tuple[str, Path | None]:
    on_path = shutil.which("pulumi", path=_path_without(paths.home))
    built = toolchain.group_folder("pulumi", paths.cache) / "pulumi"
    places = {PATH: on_path and Path(on_path), DOWNLOAD: _downloaded(paths), BUILT: built}
    return next(
        ((source, program) for source, program in places.items() if program and program.exists()),
        (NOWHERE, None),
    )


def _downloaded(paths: Paths) -> Path:
    return paths.cache / "pulumi-official" / "bin" / "pulumi"


def can_download(timeout_seconds: float = 3.0) -> bool:
    """True when Pulumi's download host answers on port 443."""
    try:
        with socket.create_connection((DOWNLOAD_HOST, 443), timeout=timeout_seconds):
            return True
    except OSError:
        return False


def _installed(name: str, paths: Paths) -> bool:
    """True when the official plugin is on PATH or in the user's own plugin cache."""
    cached = Path.home() / ".pulumi" / "plugins"
    kind = name.removeprefix("pulumi-")
    return shutil.which(name, path=_path_without(paths.home)) is not None or any(cached.glob(f"{kind}-v*"))


def _path_without(folder: Path) -> str:
    """PATH without our own launchers, so that a stand-in is never taken for the official plugin."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if not Path(entry).is_relative_to(folder))


def _download(program: Path, report: Report) -> Path:
    from pulumi.automation import PulumiCommand  # half a second that only this branch needs

    report(f"looking for the Pulumi CLI at {DOWNLOAD_HOST}")
    try:
        return Path(PulumiCommand.install(root=str(program.parents[1])).command)
    except Exception as error:
        raise EngineError(f"the Pulumi CLI did not install from {DOWNLOAD_HOST}: {error}") from error


def _assemble(paths: Paths, program: Path, beside: Mapping[str, Path], stand_ins: tuple[str, ...]) -> Path:
    """Put the CLI and what must stand beside it into `<home>/engine/bin`, the plugin into Pulumi's cache."""
    folder = paths.home / "engine" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.iterdir():
        if stale.name not in {"pulumi", *beside, *stand_ins}:
            stale.unlink()
    for name, target in {"pulumi": program, **beside}.items():
        _place(folder / name, target)
    for name in stand_ins:
        _launcher(_stand_in_place(name, folder, paths), STAND_INS[name])
    return folder.parent


def _stand_in_place(name: str, folder: Path, paths: Paths) -> Path:
    """A language host stands beside the CLI; a plugin in the cache, at the version its SDK asks for."""
    if name.startswith("pulumi-language-"):
        return folder / name
    package = name.removeprefix("pulumi-resource-")
    return paths.pulumi_home / "plugins" / f"resource-{package}-v{version(f'pulumi-{package}')}" / name


def _place(place: Path, program: Path) -> None:
    """Hard-link the CLI (copy across file systems): it takes plugins beside its real path for its own."""
    if place.exists() and not place.is_symlink() and place.samefile(program):
        return
    fresh = place.with_name(f".{place.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        fresh.hardlink_to(program)
    except OSError:
        shutil.copy2(program, fresh)
    fresh.replace(place)


def _launcher(path: Path, module: str) -> None:
    text = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n'
    if path.is_file() and not path.is_symlink() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text)
    fresh.chmod(fresh.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    fresh.replace(path)
