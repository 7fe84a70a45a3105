"""Reading kubeconfigs: text or path, context, credentials, and what is said about bad ones."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml

from mlops_local.kubernetes_plugin.credentials import is_loopback, run_exec
from mlops_local.kubernetes_plugin.errors import KubeconfigError
from mlops_local.kubernetes_plugin.kubeconfig import ExecCommand, load

CONFIG = {
    "current-context": "one",
    "clusters": [
        {"name": "c1", "cluster": {"server": "https://one:6443/", "certificate-authority": "ca.crt"}},
        {"name": "c2", "cluster": {"server": "https://two", "insecure-skip-tls-verify": True}},
    ],
    "users": [
        {"name": "u1", "user": {"token": "t"}},
        {"name": "u2", "user": {"client-certificate-data": base64.b64encode(b"cert").decode()}},
    ],
    "contexts": [
        {"name": "one", "context": {"cluster": "c1", "user": "u1", "namespace": "home"}},
        {"name": "two", "context": {"cluster": "c2", "user": "u2"}},
        {"name": "lost", "context": {"cluster": "gone", "user": "u2"}},
    ],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A kubeconfig file with its authority beside it."""
    (tmp_path / "ca.crt").write_text("authority")
    file = tmp_path / "config"
    file.write_text(yaml.safe_dump(CONFIG))
    return file


def test_a_path_is_read_with_the_files_beside_it(path: Path) -> None:
    access = load(str(path))
    assert (access.server, access.namespace, access.token) == ("https://one:6443", "home", "t")
    assert access.authority == b"authority"
    assert access.verify


def test_text_and_context_are_read(path: Path) -> None:
    access = load(path.read_text(), "two")
    assert (access.server, access.namespace, access.certificate) == ("https://two", "default", b"cert")
    assert not access.verify
    assert "cert" not in repr(access)


def test_without_a_kubeconfig_the_environment_names_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(path))
    assert load(None).server == "https://one:6443"


@pytest.mark.parametrize(
    ("given", "context", "words"),
    [
        ("/nowhere/config", None, "cannot read the kubeconfig /nowhere/config"),
        ("a: b\nc: d\n", None, "neither the text of a kubeconfig nor the path"),
        ("a: [\n", None, "not YAML"),
        (yaml.safe_dump(CONFIG), "three", "no context 'three'; it has: lost, one, two"),
        (yaml.safe_dump(CONFIG), "lost", "no cluster 'gone'; it has: c1, c2"),
        (yaml.safe_dump({**CONFIG, "current-context": ""}), None, "no current-context"),
    ],
)
def test_a_bad_kubeconfig_is_explained(given: str, context: str | None, words: str) -> None:
    with pytest.raises(KubeconfigError, match=words):
        load(given, context)


def test_a_credential_program_gives_a_token(tmp_path: Path) -> None:
    program = tmp_path / "login"
    program.write_text('#!/bin/sh\necho "{\\"status\\": {\\"token\\": \\"$WHO\\"}}"\n')
    program.chmod(0o755)
    assert run_exec(ExecCommand(str(program), env=(("WHO", "me"),))) == ("me", None, None)
    with pytest.raises(KubeconfigError, match="gave no credentials"):
        run_exec(ExecCommand("/nowhere/login"))


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("https://127.0.0.1:6443", True),
        ("https://localhost", True),
        ("https://10.0.0.1", False),
        ("https://a.b", False),
    ],
)
def test_loopback_addresses_go_past_proxies(server: str, expected: bool) -> None:
    assert is_loopback(server) is expected
