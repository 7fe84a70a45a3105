"""The page "Reuse a component", followed word for word in empty folders on the running platform."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from example_stacks import exports, gone
from mlops_local import toolchain
from running_platform import CACHE, ROOT, Platform, variables

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

PAGE = (ROOT / "docs" / "reuse.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECONDS = 60
"""The bar for a stranger's program: a platform is up, a fresh environment has the wheel, then `pulumi up`."""


def blocks(heading: str | None, kind: str) -> list[str]:
    """The blocks of one kind under a heading; None is the page's beginning."""
    before, *sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    section = before if heading is None else next(s for s in sections if s.startswith(heading))
    return [text for language, text in BLOCK.findall(section) if language == kind]


@dataclass(frozen=True)
class Shell:
    """A folder that was empty, and the variables of a reader who has typed the page's beginning."""

    folder: Path
    variables: Path

    def type(self, *commands: str, check: bool = True) -> str:
        """Standard output of commands of the page."""
        known = [f". {shlex.quote(str(self.variables))}"] if self.variables.exists() else []
        script = "\n".join(["set -e", *known, f"cd {shlex.quote(str(self.folder))}", *commands])
        result = subprocess.run(
            ["bash", "-c", script],
            env=environment(self.folder),
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        if check and result.returncode != 0:
            pytest.fail(f"{commands}: exit {result.returncode}\n{result.stdout}\n{result.stderr}")
        return result.stdout


def environment(folder: Path) -> dict[str, str]:
    """What the page expects of its reader: the checkout's own tools, the official CLI's YAML host."""
    host = toolchain.ensure(["pulumi-yaml"], CACHE, print)["pulumi-yaml"]
    return {
        **os.environ,
        **variables("e2e"),
        "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}{os.pathsep}{host}",
        "DIST": str(folder.parent / "dist"),
        "EMPTY": str(folder),
    }


def shell(folder: Path) -> Shell:
    """A reader in an empty folder, after the page's beginning in the checkout."""
    folder.mkdir()
    reader = Shell(folder, folder.with_suffix(".variables"))
    beginning = "\n".join(blocks(None, "sh")).replace("PLATFORM=local", "PLATFORM=e2e")
    assert "PLATFORM=e2e" in beginning
    keep = f"export -p | grep -v OLDPWD > {shlex.quote(str(reader.variables))}"
    reader.type(f"cd {shlex.quote(str(ROOT))}", "set -a", beginning, "export -n -f value", keep)
    return reader


@pytest.fixture
def python_reader(platform: Platform, tmp_path: Path) -> Iterator[Shell]:
    reader = shell(tmp_path / "credit")
    yield reader
    reader.type("pulumi destroy --yes --non-interactive --stack credit --remove", check=False)
    gone(platform, "credit")


@pytest.fixture
def yaml_reader(platform: Platform, tmp_path: Path) -> Iterator[Shell]:
    reader = shell(tmp_path / "credit-yaml")
    yield reader
    reader.type("pulumi destroy --yes --non-interactive --stack credit --remove", check=False)
    gone(platform, "credit-yaml")


def test_a_strangers_program_of_20_lines_deploys_an_endpoint(
    platform: Platform, python_reader: Shell
) -> None:
    install, deploy = blocks("From Python", "sh")
    (project,), (program,) = blocks("From Python", "yaml"), blocks("From Python", "python")
    assert len(program.splitlines()) <= 20
    python_reader.type(install)
    (python_reader.folder / "Pulumi.yaml").write_text(project)
    (python_reader.folder / "__main__.py").write_text(program)
    *configure, up = deploy.strip().splitlines()
    assert up == "pulumi up --yes"
    python_reader.type(*configure)
    timed = python_reader.type("started=$(date +%s.%N)", up, "echo; echo $started $(date +%s.%N)")
    started, ended = (float(each) for each in timed.split()[-2:])
    assert platform.get("deployment", "scoring", "-n", "credit")["status"]["readyReplicas"] == 1
    assert ended - started < SECONDS
    url = python_reader.type("pulumi stack output url").split()[-1]
    assert url == "http://scoring.credit.svc:8080"


def test_a_program_in_yaml_is_written_by_the_page(platform: Platform, yaml_reader: Shell) -> None:
    project, resources = blocks("From YAML", "yaml")
    (add,) = blocks("From YAML", "sh")
    file = yaml_reader.folder / "Pulumi.yaml"
    file.write_text(project)
    yaml_reader.type(add)
    assert "packages:\n" in file.read_text()
    file.write_text(file.read_text() + resources)
    _, deploy = blocks("From Python", "sh")
    yaml_reader.type(deploy)
    assert platform.get("deployment", "scoring", "-n", "credit-yaml")["status"]["readyReplicas"] == 1


def test_a_plugin_of_two_files_needs_the_installed_package_alone(platform: Platform, tmp_path: Path) -> None:
    (project,), (program,) = (blocks("From other languages", kind) for kind in ("yaml", "python"))
    (tmp_path / "PulumiPlugin.yaml").write_text(project)
    (tmp_path / "__main__.py").write_text(program)
    command = f"{exports()}\npulumi package get-schema {shlex.quote(str(tmp_path))}"
    shown = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=300)
    assert '"mlops:index:ModelEndpoint"' in shown.stdout, shown.stderr
