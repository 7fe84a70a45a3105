"""Programs and policy packs run by the real engine over the language host."""

from __future__ import annotations

import contextlib
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pulumi_program import PulumiProgram, written
from running_platform import eventually

pytestmark = pytest.mark.timeout(600)

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
def run(binaries: Callable[[str], Path], tmp_path: Path) -> PulumiProgram:
    """`pulumi ...` on a stack of that program."""
    return PulumiProgram(tmp_path, binaries("pulumi").parent.parent, PROGRAM)


def test_a_program_runs_in_the_interpreter_that_runs_the_host(run: PulumiProgram) -> None:
    up = run("up", "--yes")
    assert up.returncode == 0, up.stdout
    assert run("stack", "output", "python").stdout.strip() == sys.prefix


def test_a_program_with_a_virtual_environment_runs_in_it(run: PulumiProgram, tmp_path: Path) -> None:
    own = tmp_path / "venv"
    venv.create(own)
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    (next(own.glob("lib/*/site-packages")) / "borrowed.pth").write_text(packages)
    options = {"name": "python", "options": {"virtualenv": str(own)}}
    (run.folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "tried", "runtime": options}))
    up = run("up", "--yes")
    assert up.returncode == 0, up.stdout
    assert run("stack", "output", "python").stdout.strip() == str(own)


def test_a_programs_exception_is_shown_from_its_own_first_frame_on(run: PulumiProgram) -> None:
    (run.folder / "__main__.py").write_text("def divide():\n    return 1 / 0\n\n\ndivide()\n")
    up = run("up", "--yes")
    assert up.returncode != 0
    diagnostics = up.stdout[up.stdout.index("Diagnostics:") :]
    shown = diagnostics[diagnostics.index("the program failed") :].splitlines()
    assert [line.strip() for line in shown[1:3]] == [
        "Traceback (most recent call last):",
        f'File "{run.folder}/__main__.py", line 5, in <module>',
    ]
    assert diagnostics.count("ZeroDivisionError: division by zero") == 1


def test_a_policy_pack_judges_every_preview(run: PulumiProgram, tmp_path: Path) -> None:
    pack = written(tmp_path / "pack", "PulumiPolicy.yaml", {"runtime": "python", "version": "1.0.0"}, PACK)
    refused = run("preview", "--policy-pack", str(pack))
    assert refused.returncode != 0
    assert "[mandatory]  no-things  (team:index:Thing: thing)" in refused.stdout
    assert "thing may not be here" in refused.stdout

    (run.folder / "__main__.py").write_text("import pulumi\n")
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


def test_a_plugin_runs_in_the_environment_that_is_there(run: PulumiProgram, tmp_path: Path) -> None:
    plugin = written(tmp_path / "team", "PulumiPlugin.yaml", {"runtime": "python"}, PLUGIN)
    shown = run("package", "get-schema", str(plugin))
    assert '"team:index:Thing"' in shown.stdout, shown.stderr
    assert f"using {sys.executable} as it is" in shown.stderr
    eventually(lambda: running(plugin) == [], 30, "the plugin ends with the engine")


def test_a_plugin_whose_environment_is_missing_says_what_to_do(run: PulumiProgram, tmp_path: Path) -> None:
    runtime = {"name": "python", "options": {"virtualenv": "absent"}}
    plugin = written(tmp_path / "team", "PulumiPlugin.yaml", {"runtime": runtime}, PLUGIN)
    shown = run("package", "get-schema", str(plugin))
    assert shown.returncode != 0
    assert f"names the virtual environment {plugin / 'absent'}, which has no Python" in shown.stderr
