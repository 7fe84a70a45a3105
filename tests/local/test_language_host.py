"""Programs and policy packs run by the real engine over the language host."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mlops_local import engine
from mlops_local.paths import Paths
from running_platform import eventually

pytestmark = pytest.mark.timeout(600)
Run = Callable[..., subprocess.CompletedProcess[str]]

PROGRAM = """
import sys
import pulumi
pulumi.ComponentResource("team:index:Thing", "thing")
pulumi.export("python", sys.prefix)
"""
PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy


def no_things(args, report):
    if args.resource_type == "team:index:Thing":
        report(f"{args.name} may not be here")


policy = ResourceValidationPolicy(
    name="no-things", description="No things.", validate=no_things,
    enforcement_level=EnforcementLevel.MANDATORY,
)
PolicyPack("house-rules", policies=[policy])
"""


@pytest.fixture
def paths(binaries: Callable[[str], Path], tmp_path: Path) -> Paths:
    cache = binaries("pulumi").parent.parent
    paths = Paths(workspace=tmp_path, home=tmp_path / "home", cache=cache)
    paths.pulumi_state.mkdir(parents=True)
    paths.passphrase.write_text("of the tests")
    return paths


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The folder of a Pulumi program, its interpreter the one that runs the tests."""
    return write(tmp_path / "program", "Pulumi.yaml", {"name": "tried", "runtime": "python"}, PROGRAM)


@pytest.fixture
def run(paths: Paths, program: Path) -> Run:
    """`pulumi ...` on a stack of that program."""
    found = engine.ensure(paths, print)
    variables = {**os.environ, **found.environment(paths, "tried"), "NO_COLOR": "1"}
    del variables["PULUMI_OPTION_CWD"]

    def pulumi(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", *arguments, "--non-interactive"]
        return subprocess.run(
            command, cwd=program, env=variables, capture_output=True, text=True, check=False, timeout=300
        )

    assert pulumi("stack", "init", "tried").returncode == 0
    return pulumi


def write(folder: Path, name: str, project: dict[str, object], code: str) -> Path:
    folder.mkdir()
    (folder / name).write_text(yaml.safe_dump(project))
    (folder / "__main__.py").write_text(code)
    return folder


def test_a_program_runs_in_the_interpreter_that_runs_the_host(run: Run) -> None:
    up = run("up", "--yes")
    assert up.returncode == 0, up.stdout
    assert run("stack", "output", "python").stdout.strip() == sys.prefix


def test_a_program_with_a_virtual_environment_runs_in_it(run: Run, program: Path, tmp_path: Path) -> None:
    own = tmp_path / "venv"
    venv.create(own)
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    (next(own.glob("lib/*/site-packages")) / "borrowed.pth").write_text(packages)
    options = {"name": "python", "options": {"virtualenv": str(own)}}
    (program / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "tried", "runtime": options}))
    up = run("up", "--yes")
    assert up.returncode == 0, up.stdout
    assert run("stack", "output", "python").stdout.strip() == str(own)


def test_a_programs_exception_is_shown_from_its_own_first_frame_on(run: Run, program: Path) -> None:
    (program / "__main__.py").write_text("def divide():\n    return 1 / 0\n\n\ndivide()\n")
    up = run("up", "--yes")
    assert up.returncode != 0
    diagnostics = up.stdout[up.stdout.index("Diagnostics:") :]
    shown = diagnostics[diagnostics.index("the program failed") :].splitlines()
    assert [line.strip() for line in shown[1:3]] == [
        "Traceback (most recent call last):",
        f'File "{program}/__main__.py", line 5, in <module>',
    ]
    assert diagnostics.count("ZeroDivisionError: division by zero") == 1


def test_a_policy_pack_judges_every_preview(run: Run, program: Path, tmp_path: Path) -> None:
    pack = write(tmp_path / "pack", "PulumiPolicy.yaml", {"runtime": "python", "version": "1.0.0"}, PACK)
    refused = run("preview", "--policy-pack", str(pack))
    assert refused.returncode != 0
    assert "[mandatory]  no-things  (team:index:Thing: thing)" in refused.stdout
    assert "thing may not be here" in refused.stdout

    (program / "__main__.py").write_text("import pulumi\n")
    allowed = run("preview", "--policy-pack", str(pack))
    assert allowed.returncode == 0, allowed.stdout


PLUGIN = """
import pulumi
from pulumi.provider.experimental import component_provider_host


class Thing(pulumi.ComponentResource):
    def __init__(self, name: str, args: dict[str, str], opts: pulumi.ResourceOptions | None = None):
        super().__init__("team:index:Thing", name, {}, opts)


component_provider_host(name="team", components=[Thing])
"""


def running(plugin: Path) -> list[str]:
    """The processes that run the plugin in this folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(file.read_text())
    return [line for line in found if f"\0{plugin}\0" in line]


def test_a_plugin_runs_in_the_environment_that_is_there(run: Run, tmp_path: Path) -> None:
    plugin = write(tmp_path / "team", "PulumiPlugin.yaml", {"runtime": "python"}, PLUGIN)
    shown = run("package", "get-schema", str(plugin))
    assert '"team:index:Thing"' in shown.stdout, shown.stderr
    assert f"using {sys.executable} as it is" in shown.stderr
    eventually(lambda: running(plugin) == [], 30, "the plugin ends with the engine")


def test_a_plugin_whose_environment_is_missing_says_what_to_do(run: Run, tmp_path: Path) -> None:
    runtime = {"name": "python", "options": {"virtualenv": "absent"}}
    plugin = write(tmp_path / "team", "PulumiPlugin.yaml", {"runtime": runtime}, PLUGIN)
    shown = run("package", "get-schema", str(plugin))
    assert shown.returncode != 0
    assert f"names the virtual environment {plugin / 'absent'}, which has no Python" in shown.stderr
