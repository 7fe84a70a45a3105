"""An environment on AWS in a checkout, with the real Pulumi CLI on a backend of files."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mlops_cli.aws.checkout_stack import CheckoutStack
from mlops_cli.errors import StackFailed
from mlops_local.engine import PATH, Engine
from mlops_stacks.settings import SECRETS_ON_AWS

ROOT = Path(__file__).parents[3]


@pytest.fixture
def stack(binaries: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CheckoutStack:
    """`dev` in a copy of the checkout's project, which no backend knows yet."""
    root, workspace, backend = (tmp_path / name for name in ("engine", "checkout", "backend"))
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "pulumi").symlink_to(binaries("pulumi") / "pulumi")
    (workspace / "stacks").mkdir(parents=True)
    backend.mkdir()
    shutil.copy(ROOT / "Pulumi.yaml", workspace)
    shutil.copy(ROOT / "stacks" / "Pulumi.dev.yaml", workspace / "stacks")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{backend}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "a passphrase")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    return CheckoutStack("dev", workspace, Engine(root, PATH, ()))


def test_a_stack_that_the_backend_does_not_know_is_said_with_what_makes_it(stack: CheckoutStack) -> None:
    with pytest.raises(StackFailed) as refused:
        stack.open()
    assert str(refused.value) == (
        "the backend that `pulumi login` leads to has no stack 'dev'. `mlops bootstrap aws` sets a backend "
        "up and prints the `pulumi login` and `pulumi stack init dev` to use"
    )


def test_secrets_are_made_once_encrypted_beside_what_people_wrote(stack: CheckoutStack) -> None:
    written = yaml.safe_load(stack.file.read_text())["config"]
    program = stack.workspace.parent / "engine" / "bin" / "pulumi"
    subprocess.run([program, "stack", "init", "dev"], cwd=stack.workspace, check=True, capture_output=True)
    assert stack.make_secrets() == list(SECRETS_ON_AWS)
    made = yaml.safe_load(stack.file.read_text())["config"]
    secrets = made.pop("mlops:secrets")
    assert list(secrets) == list(SECRETS_ON_AWS)
    assert {kind for value in secrets.values() for kind in value} == {"secure"}
    assert made == written
    assert stack.make_secrets() == []


def test_a_backend_that_is_not_there_is_said(stack: CheckoutStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///nonexistent/folder")
    with pytest.raises(StackFailed, match=r"^the backend of stack 'dev' does not answer; `mlops"):
        stack.open()
