from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops_stacks.errors import SettingsError
from mlops_stacks.kubeconfig import only_context, read

CONFIG: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "dev",
    "contexts": [
        {"name": "dev", "context": {"cluster": "one", "user": "me"}},
        {"name": "prod", "context": {"cluster": "two", "user": "admin", "namespace": "x"}},
        {"name": "lost", "context": {"cluster": "three", "user": "me"}},
    ],
    "clusters": [
        {"name": "one", "cluster": {"server": "https://one", "certificate-authority": "pki/ca.crt"}},
        {"name": "two", "cluster": {"server": "https://two"}},
    ],
    "users": [
        {"name": "me", "user": {"client-key": "/abs/key"}},
        {"name": "admin", "user": {"token": "t0ken"}},
    ],
}


def test_only_the_wanted_contexts_cluster_and_user_are_kept() -> None:
    assert only_context(CONFIG, "prod", Path("/home/me/.kube")) == {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod",
        "contexts": [CONFIG["contexts"][1]],
        "clusters": [CONFIG["clusters"][1]],
        "users": [CONFIG["users"][1]],
    }


def test_the_current_context_is_the_default_and_file_names_become_absolute() -> None:
    kept = only_context(CONFIG, None, Path("/home/me/.kube"))
    assert kept["clusters"][0]["cluster"]["certificate-authority"] == "/home/me/.kube/pki/ca.crt"
    assert kept["users"][0]["user"]["client-key"] == "/abs/key"
    assert "t0ken" not in str(kept)


@pytest.mark.parametrize(
    ("document", "context", "words"),
    [
        (CONFIG, "stage", "no context 'stage'; allowed are dev, lost, prod"),
        ({}, None, "no context None; allowed are none"),
        ("text", None, "no context None"),
        (CONFIG, "lost", "names the cluster 'three', which is not there"),
    ],
)
def test_a_context_that_cannot_be_used_is_told_with_those_that_can(
    document: Any, context: str | None, words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        only_context(document, context, Path("/"))


def test_a_kubeconfig_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(yaml.safe_dump(CONFIG))
    assert yaml.safe_load(read(file, "prod"))["current-context"] == "prod"


def test_a_missing_or_broken_kubeconfig_is_told_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent cannot be read \(No such file"):
        read(tmp_path / "absent")
    broken = tmp_path / "broken"
    broken.write_text("a: [")
    with pytest.raises(SettingsError, match="broken is not YAML"):
        read(broken)
