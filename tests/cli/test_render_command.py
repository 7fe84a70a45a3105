"""`mlops render` on copies of the repository's environments: no cluster, no credentials, no network."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from mlops_cli.errors import CommandError, InvalidSettings, ProgramFailed, UnknownEnvironment, UnknownResource
from mlops_cli.main import app
from mlops_cli.render import find, render
from mlops_stacks.monitoring_settings import ENCRYPTED
from mlops_stacks.recording import Document
from mlops_stacks.settings import SECRET_NAMES

ROOT = Path(__file__).parents[2]
IMAGES = (
    "alertmanager",
    "kube-state-metrics",
    "mlflow",
    "node-exporter",
    "object-store",
    "otel-collector",
    "pipeline",
    "postgres",
    "prometheus",
    "serving",
)
"""Of the local environment."""
GOLDEN = ROOT / "tests" / "components" / "golden"
ENVIRONMENTS = sorted(path.name.split(".")[1] for path in (ROOT / "stacks").glob("Pulumi.*.yaml"))
ALONE = """
import sys
FORBIDDEN = {"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.exec", "os.posix_spawn"}
def watch(event, args):
    if event in FORBIDDEN:
        raise SystemExit(f"{event} {args}")
sys.addaudithook(watch)
from mlops_cli.main import run
sys.argv = ["mlops", "render", *sys.argv[1:]]
run()
"""
"""The command, ended by the first attempt to reach another program or machine."""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bare checkout with an empty home beside it."""
    folder = tmp_path / "checkout"
    (folder / "stacks").mkdir(parents=True)
    for name in ("Pulumi.yaml", "uv.lock", *(f"stacks/Pulumi.{name}.yaml" for name in ENVIRONMENTS)):
        shutil.copy(ROOT / name, folder / name)
    (tmp_path / "home").mkdir()
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "MLOPS_HOME", "MLOPS_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(folder)
    return folder


def write(file: Path, **changes: Any) -> Path:
    """The local environment's values with some changed; None leaves one out."""
    config = yaml.safe_load((ROOT / "stacks" / "Pulumi.local.yaml").read_text())["config"]
    config |= {f"mlops:{key}": value for key, value in changes.items()}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump({"config": {k: v for k, v in config.items() if v is not None}}))
    return file


def asked(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["render", *arguments])


def document(*arguments: str) -> Document:
    result = asked(*arguments, "--json")
    assert result.exception is None, result.exception
    return Document.model_validate_json(result.stdout)


@cache
def rendered_here(name: str) -> Document:
    """An environment of the repository on a machine where `mlops up` never ran."""
    return render(find(name, {"HOME": "/nonexistent"}, ROOT))


def refusal(*arguments: str) -> CommandError:
    error = asked(*arguments).exception
    assert isinstance(error, CommandError), error
    return error


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_environment_renders_on_a_bare_checkout_and_reaches_for_nothing(
    name: str, checkout: Path
) -> None:
    result = subprocess.run(
        [sys.executable, "-c", ALONE, name, "--json"],
        cwd=checkout,
        env={"HOME": str(checkout.parent / "home"), "PATH": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert Document.model_validate_json(result.stdout).environment == name
    assert list((checkout.parent / "home").iterdir()) == []
    # A process of its own and this one, which has run other programs before, see the same.
    assert result.stdout == asked(name, "--json").stdout


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_its_urns_are_the_golden_ones_under_the_environments_own_name(name: str) -> None:
    golden = (GOLDEN / f"{name}.txt").read_text().replace("urn:pulumi:test::", f"urn:pulumi:{name}::")
    assert [resource.urn for resource in rendered_here(name).resources] == golden.splitlines()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_secret_is_masked_and_no_stand_in_for_one_shows(name: str) -> None:
    rendered = rendered_here(name)
    secrets = [r for r in rendered.resources if r.type == "kubernetes:core/v1:Secret"]
    assert secrets
    # On AWS some are made of what only AWS can tell, and so unknown.
    on_aws = any(resource.type == "pulumi:providers:aws" for resource in rendered.resources)
    shown = [{"$secret": True}, *([{"$unknown": True}] if on_aws else [])]
    assert [r.name for r in secrets if r.inputs["stringData"] not in shown] == []
    assert rendered.outputs["kubeconfig"] in shown
    assert [part for part in SECRET_NAMES if f"placeholder-{part}" in rendered.model_dump_json()] == []


def test_parents_providers_and_dependencies_are_resources_of_the_document() -> None:
    rendered = rendered_here("scaling")
    known = {resource.urn for resource in rendered.resources}
    for resource in rendered.resources:
        named = {resource.parent, resource.provider, *resource.dependencies} - {None}
        assert named <= known
    tops = [resource.name for resource in rendered.resources if resource.parent is None]
    assert tops == ["mlops"]


def test_without_up_there_are_placeholders_for_the_images_in_use_the_secrets_and_the_kubeconfig() -> None:
    expected = (*(f"mlops:images.{name}" for name in IMAGES), "mlops:kubeconfig", "mlops:secrets")
    assert rendered_here("local").placeholders == expected
    assert f"placeholder/serving@sha256:{'0' * 64}" in rendered_here("local").model_dump_json()


def test_images_that_up_has_pushed_are_shown_and_its_secrets_are_not(checkout: Path) -> None:
    pushed = f"127.0.0.1:30500/mlops/serving@sha256:{'b' * 64}"
    written = checkout.parent / "home/.local/share/mlops/environments/local/Pulumi.local.yaml"
    write(
        written,
        images={"serving": pushed, "gone-since": "x"},
        kubeconfig="/secret/kubeconfig",
        secrets={name: {"secure": f"v1:cipher-{name}"} for name in SECRET_NAMES},
    )
    rendered = document("local")
    assert pushed in rendered.model_dump_json()
    assert "mlops:images.serving" not in rendered.placeholders
    assert "mlops:images.postgres" in rendered.placeholders
    assert "cipher" not in rendered.model_dump_json()


def test_a_file_of_ones_own_is_rendered_anywhere_with_neither_its_secrets_nor_its_kubeconfig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = f"registry.example.org/mlops/serving@sha256:{'c' * 64}"
    write(
        tmp_path / "Pulumi.risk.yaml",
        cluster={
            "maker": "kubeconfig",
            "kubeconfig": "/nowhere/kubeconfig",
            "context": "risk",
            "imageRegistry": "registry.example.org/mlops",
            "ingressAddress": "10.0.0.7",
        },
        images={name: own.replace("serving", name) for name in IMAGES},
        secrets={name: f"in-the-clear-{name}" for name in SECRET_NAMES},
    )
    monkeypatch.chdir(tmp_path)
    rendered = document("Pulumi.risk.yaml")
    assert rendered.environment == "risk"
    assert rendered.placeholders == ("mlops:kubeconfig", "mlops:secrets")
    provider = next(r for r in rendered.resources if r.type == "pulumi:providers:kubernetes")
    assert provider.inputs["context"] == "risk"
    assert "in-the-clear" not in rendered.model_dump_json()


def test_receivers_whose_addresses_and_keys_are_encrypted_are_rendered_and_none_of_them_shows(
    tmp_path: Path,
) -> None:
    cipher = {"secure": "v1:cipher"}
    monitoring = {
        "mode": "run",
        "receivers": [
            {"name": "hook", "kind": "webhook", "url": cipher, "bearerToken": cipher},
            {"name": "chat", "kind": "slack", "url": cipher, "channel": "#risk"},
        ],
    }
    rendered = document(str(write(tmp_path / "Pulumi.told.yaml", monitoring=monitoring)))
    assert "mlops-monitoring-alertmanager-config" in {resource.name for resource in rendered.resources}
    assert ENCRYPTED not in rendered.model_dump_json()


def test_the_document_does_not_tell_of_the_machine() -> None:
    text = rendered_here("local").model_dump_json()
    assert str(ROOT) not in text
    assert tempfile.gettempdir() not in text.replace('"/tmp"', "")


def test_a_tree_for_people_has_every_resource_once_and_says_what_is_a_placeholder(checkout: Path) -> None:
    lines = asked("local").stdout.splitlines()
    names = [resource.name for resource in rendered_here("local").resources]
    table = lines[: lines.index("")]
    assert table[0].split() == ["TYPE", "NAME", "INPUTS"]
    assert table[1].split() == ["pulumi:pulumi:Stack", "mlops-local"]
    assert sorted(names) == sorted(
        next(word for word in line.split() if word in set(names)) for line in table[2:]
    )
    assert lines[-2] == f"{len(names)} resources, 12 of them components."
    assert lines[-1].startswith("Placeholders stand for what `mlops up` makes: mlops:images.alertmanager, ")


def test_one_resource_is_shown_as_yaml_by_name_or_urn(checkout: Path) -> None:
    (expected,) = [r for r in rendered_here("local").resources if r.name == "mlops-mortgage-endpoint-service"]
    by_name = asked("local", "--resource", expected.name).stdout
    assert by_name.splitlines()[0] == f"# {expected.urn}"
    assert yaml.safe_load(by_name) == expected.inputs
    assert asked("local", "--resource", expected.urn).stdout == by_name
    assert document("local", "--resource", expected.name).resources == (expected,)


def test_a_resource_that_is_not_there_is_answered_with_close_names(checkout: Path) -> None:
    error = refusal("local", "--resource", "mlops-mortgage-endpoint-servic")
    assert isinstance(error, UnknownResource)
    assert str(error).startswith(
        "environment 'local' has no resource 'mlops-mortgage-endpoint-servic'; close are "
        "mlops-mortgage-endpoint-service, "
    )


def test_wrong_settings_are_refused_in_the_words_of_up(checkout: Path) -> None:
    write(checkout / "stacks" / "Pulumi.local.yaml", databse={"size": "5Gi"})
    error = refusal("local")
    assert isinstance(error, InvalidSettings)
    up = CliRunner().invoke(app, ["up", "local"]).exception
    assert str(error) == str(up)
    assert "mlops:databse: unknown key (did you mean database?)" in str(error)


def test_what_the_program_refuses_is_a_settings_error_too(checkout: Path) -> None:
    image = f"registry.example.org/x@sha256:{'c' * 64}"
    file = write(checkout / "keda.yaml", keda={"mode": "run"}, images=dict.fromkeys(IMAGES, image))
    error = refusal("keda.yaml")
    assert isinstance(error, InvalidSettings)
    assert str(error).startswith(f"{file}: mlops:images: missing for mlops:keda.mode run: keda-adapter")


@pytest.mark.parametrize(
    ("given", "told"), [("production", "no environment 'production'"), ("./a.yaml", "there is no file")]
)
def test_an_environment_or_file_that_is_not_there_is_named(given: str, told: str, checkout: Path) -> None:
    error = refusal(given)
    assert isinstance(error, UnknownEnvironment)
    assert told in str(error)


def test_a_program_that_raises_is_named_with_the_error_and_its_place(checkout: Path) -> None:
    def broken() -> None:
        raise KeyError("region")

    with pytest.raises(ProgramFailed) as caught:
        render(find("local", {"HOME": "/nonexistent"}, checkout), broken)
    first, place = str(caught.value).splitlines()
    assert first == "the program of environment 'local' raised KeyError: 'region'"
    assert place.startswith(f"  at {__file__}:")
    assert place.endswith(" in broken")


def test_what_only_a_provider_can_answer_is_named(checkout: Path) -> None:
    with pytest.raises(ProgramFailed, match="environment 'local': the program calls shop:index:getZones"):
        render(
            find("local", {"HOME": "/nonexistent"}, checkout),
            lambda: pulumi.runtime.invoke("shop:index:getZones", {}),
        )
