from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from mlops_local import engine, toolchain
from mlops_local.paths import Paths


def fake_program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(workspace=tmp_path / "work", home=tmp_path / "home", cache=tmp_path / "cache")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "can_download", lambda: False)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.usefixtures("offline")
def test_official_cli_and_plugins_on_path_are_used_and_no_stand_in_is_made(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    official = tmp_path / "official"
    for name in ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes"):
        fake_program(official / name)
    monkeypatch.setenv("PATH", str(official))
    found = engine.ensure(paths, print)
    assert (found.source, found.stand_ins) == ("PATH", ())
    assert (found.root / "bin" / "pulumi").samefile(official / "pulumi")
    assert "PULUMI_HOME" not in found.environment(paths, "local")


@pytest.mark.usefixtures("offline")
def test_without_any_official_program_the_built_cli_gets_both_stand_ins(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_program(toolchain.group_folder("pulumi", paths.cache) / "pulumi")
    monkeypatch.setenv("PATH", "/nowhere")
    found = engine.ensure(paths, print)
    assert found.source == "built"
    assert found.stand_ins == ("pulumi-language-python", "pulumi-resource-kubernetes")
    assert names(found.root / "bin") == ["pulumi", "pulumi-language-python"]
    plugin = f"resource-kubernetes-v{version('pulumi-kubernetes')}"
    assert names(paths.pulumi_home / "plugins" / plugin) == ["pulumi-resource-kubernetes"]
    again = engine.ensure(paths, print)
    assert again == found


def test_a_download_that_fails_is_told_and_the_built_cli_is_used(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def install(root: str) -> None:
        raise RuntimeError("certificate of another host")

    def build(groups: list[str], cache: Path, report: toolchain.Report) -> dict[str, Path]:
        return {"pulumi": fake_program(cache / "just-built" / "pulumi").parent}

    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(engine, "can_download", lambda: True)
    monkeypatch.setattr("pulumi.automation.PulumiCommand.install", install)
    monkeypatch.setattr(toolchain, "ensure", build)
    said: list[str] = []
    assert engine.describe(paths).startswith("none yet; ")
    found = engine.ensure(paths, said.append)
    assert (found.source, found.stand_ins) == ("built", tuple(engine.STAND_INS))
    assert said[-1] == (
        "the Pulumi CLI did not install from get.pulumi.com: certificate of another host; it will be built"
    )


@pytest.mark.usefixtures("offline")
def test_own_launchers_on_path_are_not_taken_for_official_plugins(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_program(toolchain.group_folder("pulumi", paths.cache) / "pulumi")
    monkeypatch.setenv("PATH", "/nowhere")
    first = engine.ensure(paths, print)
    monkeypatch.setenv("PATH", str(first.root / "bin"))
    assert engine.ensure(paths, print) == first


def test_environment_keeps_state_secrets_and_configuration_under_home(paths: Paths) -> None:
    found = engine.Engine(root=paths.home / "engine", source="built", stand_ins=("pulumi-language-python",))
    environment = found.environment(paths, "local")
    environment.pop("PATH")
    assert environment == {
        "PULUMI_BACKEND_URL": f"file://{paths.home}/pulumi-state",
        "PULUMI_CONFIG_PASSPHRASE_FILE": f"{paths.home}/passphrase",
        "PULUMI_OPTION_CWD": f"{paths.home}/environments/local",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_HOME": f"{paths.home}/pulumi-home",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def test_exports_survive_a_shell() -> None:
    assert engine.shell_exports({"A": "x y", "B": "it's"}) == "export A='x y'\nexport B='it'\"'\"'s'"
