from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlops_local import toolchain
from mlops_local.errors import ToolchainError

HELLO = 'package main\n\nvar Version = "none"\n\nfunc main() { println(Version) }\n'


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module set of one tiny program, in place of the platform's."""
    folder = tmp_path / "modules"
    (folder / "hello" / "cmd" / "server").mkdir(parents=True)
    (folder / "hello" / "go.mod").write_text(
        "module example.org/hello\n\ngo 1.26\n\ntool example.org/hello/cmd/server\n"
    )
    (folder / "hello" / "go.sum").write_text("")
    (folder / "hello" / "cmd" / "server" / "main.go").write_text(HELLO)
    group = toolchain.Group(programs=("hello",), stamps={"main.Version": "v7"}, renamed={"server": "hello"})
    monkeypatch.setattr(toolchain, "MODULES", folder)
    monkeypatch.setattr(toolchain, "GROUPS", {"hello": group})
    return folder


def test_every_group_has_a_module_set_with_checksums() -> None:
    assert {path.parent.name for path in toolchain.MODULES.glob("*/go.sum")} == set(toolchain.GROUPS)


def test_ldflags_stamp_the_versions_that_upstream_releases_carry() -> None:
    assert toolchain.GROUPS["pulumi"].ldflags() == (
        "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0"
    )


def test_build_tags_are_flags_and_part_of_the_pins(modules: Path, tmp_path: Path) -> None:
    assert toolchain.Group(programs=("hello",), tags=("a", "b")).flags() == [
        "-tags",
        "a,b",
        "-ldflags",
        "-s -w",
    ]
    folders = []
    for tags in ((), ("a",)):
        toolchain.GROUPS["hello"] = toolchain.Group(programs=("hello",), tags=tags)  # type: ignore[index]
        folders.append(toolchain.group_folder("hello", tmp_path))
    assert folders[0] != folders[1]


@pytest.mark.parametrize("group", ["alertmanager", "keda"])
def test_programs_that_are_told_time_zones_know_them_without_files(group: str) -> None:
    assert toolchain.GROUPS[group].tags == ("timetzdata",)


def test_prometheus_discovers_in_kubernetes_and_nowhere_else() -> None:
    assert toolchain.GROUPS["prometheus"].tags == ("remove_all_sd", "enable_kubernetes_sd")


STAMPED_MODULES = {
    "alertmanager": "github.com/prometheus/alertmanager",
    "kube-state-metrics": "k8s.io/kube-state-metrics/v2",
    "node-exporter": "github.com/prometheus/node_exporter",
    "otel-collector": "go.opentelemetry.io/collector/otelcol",
    "pulumi-yaml": "github.com/pulumi/pulumi-yaml",
}


@pytest.mark.parametrize(("group", "module"), STAMPED_MODULES.items())
def test_a_program_is_stamped_with_the_version_of_its_module(group: str, module: str) -> None:
    pins = (toolchain.MODULES / group / "go.mod").read_text()
    pinned = re.search(rf"^\s*{re.escape(module)} v(\S+)", pins, re.MULTILINE)
    assert pinned is not None
    stamps = toolchain.GROUPS[group].stamps.values()
    assert [stamp.removeprefix("v") for stamp in stamps] == [pinned[1]]


def test_cli_version_is_the_version_of_the_python_sdk() -> None:
    from importlib.metadata import version

    assert f"v{version('pulumi')}" == toolchain.PULUMI_VERSION


def test_a_changed_pin_is_another_folder(modules: Path, tmp_path: Path) -> None:
    before = toolchain.group_folder("hello", tmp_path)
    (modules / "hello" / "go.sum").write_text("changed\n")
    assert toolchain.group_folder("hello", tmp_path) != before


def test_a_group_is_built_once_with_its_stamp_and_its_caches_are_gone(modules: Path, tmp_path: Path) -> None:
    import subprocess

    cache, lines = tmp_path / "cache", []
    built = toolchain.ensure(["hello"], cache, lines.append)["hello"]
    run = subprocess.run([built / "hello"], capture_output=True, text=True, check=True)
    assert run.stderr == "v7\n"
    assert sorted(path.name for path in cache.iterdir()) == ["tools", "tools.lock"]
    assert [path.name for path in (cache / "tools").iterdir()] == [built.name]
    said = len(lines)
    assert toolchain.ensure(["hello"], cache, lines.append) == {"hello": built}
    assert len(lines) == said


def test_a_failed_build_shows_the_compiler_and_leaves_nothing(modules: Path, tmp_path: Path) -> None:
    (modules / "hello" / "cmd" / "server" / "main.go").write_text(
        "package main\n\nfunc main() { nonsense }\n"
    )
    with pytest.raises(ToolchainError, match="undefined: nonsense"):
        toolchain.ensure(["hello"], tmp_path / "cache", lambda line: None)
    assert list((tmp_path / "cache" / "tools").iterdir()) == []


def test_an_interrupted_build_leaves_nothing_half_and_the_next_one_succeeds(
    modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = tmp_path / "path" / "go"
    go.parent.mkdir()
    go.write_text('#!/bin/sh\n[ "$1" = version ] && echo go version go1.26.0 && exit\nkill -INT $PPID\n')
    go.chmod(0o755)
    cache = tmp_path / "cache"
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{go.parent}:/usr/bin:/bin")
        with pytest.raises(KeyboardInterrupt):
            toolchain.ensure(["hello"], cache, print)
    assert list((cache / "tools").iterdir()) == []
    assert (toolchain.ensure(["hello"], cache, print)["hello"] / "hello").is_file()


def test_an_unknown_group_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="unknown program group 'k3s'; known: kubernetes, pulumi"):
        toolchain.ensure(["k3s"], tmp_path, lambda line: None)
