"""Every rendered file is in `golden/`; `MLOPS_WRITE_GOLDEN=1 pytest <this file>` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import jinja2
import pytest

from mlops_local.node import Binaries, NodeSpec
from mlops_local.node.render import config_files, forwarders_file, kubeadm_file, render

GOLDEN = Path(__file__).parent / "golden"


def rendered(spec: NodeSpec, programs: Binaries) -> dict[str, str]:
    """File name below the configuration folder -> text."""
    files = {
        str(path.relative_to(spec.home / "etc")): text for path, text in config_files(spec, programs).items()
    }
    return {
        **files,
        "forwarders.conf": forwarders_file(spec),
        "kubeadm.yaml": kubeadm_file(spec, spec.home / "credentials.new/pki"),
        "openssl.cnf": render("openssl.cnf", spec=spec),
    }


def test_every_file_is_as_reviewed(spec: NodeSpec, programs: Binaries) -> None:
    files = rendered(spec, programs)
    if os.environ.get("MLOPS_WRITE_GOLDEN"):
        for name, text in files.items():
            (GOLDEN / name).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / name).write_text(text)
    found = {str(path.relative_to(GOLDEN)): path.read_text() for path in GOLDEN.rglob("*") if path.is_file()}
    assert files == found


def test_published_ports_change_one_file_only(spec: NodeSpec, programs: Binaries) -> None:
    fewer = spec.model_copy(update={"published_ports": ()})
    assert config_files(fewer, programs) == config_files(spec, programs)
    assert forwarders_file(fewer) != forwarders_file(spec)


def test_percent_signs_do_not_reach_supervisors_own_expansion(spec: NodeSpec, programs: Binaries) -> None:
    odd = programs.model_copy(update={"etcd": Path("/bin/100%s")})
    text = config_files(spec, odd)[spec.home / "etc/supervisord.conf"]
    assert "/bin/100%%s/etcd" in text


def test_a_value_not_given_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="'key' is undefined"):
        render("encryption.yaml")
