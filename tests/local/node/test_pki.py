from __future__ import annotations

import stat
import subprocess
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from mlops_local.node import Binaries, NodeSpec
from mlops_local.node.pki import credentials_are_current, ensure_credentials, write_kubeconfig

pytestmark = pytest.mark.cluster


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short enough for a node."""
    return tmp_path_factory.mktemp("pki")


@pytest.fixture
def written(home: Path, node_binaries: Binaries) -> NodeSpec:
    """A node that has its credentials."""
    spec = NodeSpec(name="mlops", home=home, api_port=16443)
    ensure_credentials(spec, node_binaries, print)
    return spec


def names(certificate: Path) -> str:
    """Subject alternative names of a certificate."""
    command = ("openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", str(certificate))
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_api_servers_certificate_names_the_host_the_node_and_the_service(written: NodeSpec) -> None:
    found = names(written.home / "credentials/pki/apiserver.crt")
    for address in ("127.0.0.1", "10.199.0.2", "10.96.0.1"):
        assert f"IP Address:{address}" in found


def test_kubelets_certificate_is_the_clusters_own(written: NodeSpec) -> None:
    pki = written.home / "credentials/pki"
    verify = (
        "openssl",
        "verify",
        "-purpose",
        "sslserver",
        "-CAfile",
        str(pki / "ca.crt"),
        str(pki / "kubelet.crt"),
    )
    assert subprocess.run(verify, check=False, capture_output=True).returncode == 0
    assert "IP Address:10.199.0.2, DNS:mlops" in names(pki / "kubelet.crt")


def test_keys_are_readable_by_their_owner_alone(written: NodeSpec) -> None:
    modes = {stat.S_IMODE(path.stat().st_mode) for path in written.home.rglob("*.key")}
    assert modes == {0o600}
    assert stat.S_IMODE((written.home / "credentials").stat().st_mode) == 0o700


def test_the_kubeconfig_is_the_owners_and_points_at_the_host(written: NodeSpec) -> None:
    path = write_kubeconfig(written)
    assert "server: https://127.0.0.1:16443\n" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_credentials_that_are_current_stay(written: NodeSpec, node_binaries: Binaries) -> None:
    before = write_kubeconfig(written).read_text()
    ensure_credentials(written, node_binaries, pytest.fail)
    assert write_kubeconfig(written).read_text() == before


def test_another_address_renews_certificates_and_keeps_the_authorities(
    written: NodeSpec, node_binaries: Binaries
) -> None:
    credentials = written.home / "credentials"
    kept = ("pki/ca.key", "pki/sa.key", "encryption.yaml")
    before = [(credentials / name).read_text() for name in kept]
    moved = written.model_copy(update={"address_block": IPv4Network("10.199.5.0/30")})
    assert not credentials_are_current(moved)
    ensure_credentials(moved, node_binaries, print)
    assert [(credentials / name).read_text() for name in kept] == before
    assert "IP Address:10.199.5.2" in names(credentials / "pki/apiserver.crt")


def test_a_swap_that_was_interrupted_is_finished(written: NodeSpec, node_binaries: Binaries) -> None:
    credentials = written.home / "credentials"
    before = (credentials / "encryption.yaml").read_text()
    credentials.rename(written.home / "credentials.old")
    ensure_credentials(written, node_binaries, print)
    assert (credentials / "encryption.yaml").read_text() == before


def test_a_half_written_set_is_thrown_away(home: Path, node_binaries: Binaries) -> None:
    spec = NodeSpec(name="mlops", home=home)
    (home / "credentials.new/pki").mkdir(parents=True)
    (home / "credentials.new/pki/ca.key").write_text("half")
    ensure_credentials(spec, node_binaries, print)
    assert credentials_are_current(spec)
    assert [path.name for path in home.iterdir()] == ["credentials"]
