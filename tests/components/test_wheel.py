"""The built wheel in an empty environment: all of the package, and nothing of the checkout needed."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import pulumi_mlops
from pulumi_mlops import component_host

pytestmark = pytest.mark.timeout(900)

SOURCE = Path(pulumi_mlops.__file__).parent
ROOT = SOURCE.parents[1]
UV = [sys.executable, "-m", "uv"]
TRIED = """
import importlib, json, pkgutil, sys
import pulumi_mlops, pulumi_mlops.aws
from pulumi_mlops import component_host
names = [m.name for m in pkgutil.walk_packages(pulumi_mlops.__path__, "pulumi_mlops.")]
for name in names:
    importlib.import_module(name)
json.dump({
    "modules": sorted(names), "file": pulumi_mlops.__file__, "version": component_host.version(),
    "schema": component_host.Host().schema,
}, sys.stdout)
"""


def run(*command: str, cwd: Path) -> str:
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=600)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(*UV, "build", "--quiet", "--wheel", "--package", "pulumi-mlops", "--out-dir", str(folder), cwd=ROOT)
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_carries_every_file_of_the_package(wheel: Path) -> None:
    tracked = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=SOURCE).split()
    packed = zipfile.ZipFile(wheel).namelist()
    assert {name for name in packed if ".dist-info/" not in name} == {
        f"pulumi_mlops/{name}" for name in tracked
    }
    assert {name.split("/")[1] for name in packed if name.count("/") > 1} >= {
        "alerts",
        "aws",
        "crds",
        "dashboards",
        "templates",
    }


def test_the_wheel_is_named_by_the_version_of_the_package(wheel: Path) -> None:
    assert wheel.name == f"pulumi_mlops-{component_host.version()}-py3-none-any.whl"


def test_every_module_is_imported_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    run(*UV, "venv", "--quiet", "--python", sys.executable, str(environment), cwd=tmp_path)
    python = str(environment / "bin" / "python")
    run(*UV, "pip", "install", "--quiet", "--python", python, str(wheel), cwd=tmp_path)
    tried = json.loads(run(python, "-I", "-W", "ignore", "-c", TRIED, cwd=tmp_path))
    assert Path(tried["file"]).is_relative_to(environment)
    assert tried["version"] == component_host.version()
    assert tried["schema"] == (SOURCE / "schema.json").read_text()
    modules = {path.relative_to(SOURCE).with_suffix("").as_posix() for path in SOURCE.rglob("*.py")}
    dotted = {f"pulumi_mlops.{name.removesuffix('/__init__').replace('/', '.')}" for name in modules}
    assert set(tried["modules"]) == dotted - {"pulumi_mlops.__init__"}
