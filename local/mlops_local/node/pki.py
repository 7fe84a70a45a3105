"""Keys, certificates and kubeconfigs, made by kubeadm's own phases before the first start.

All of it is built in a folder beside and moved into place as one, so an interrupted start leaves either the
old set or none. Authorities, the service account key and the encryption key are made once; certificates are
renewed from them.
Protocol source: https://kubernetes.io/docs/setup/best-practices/certificates/
"""

import base64
import secrets
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from mlops_local.errors import NodeError
from mlops_local.node.files import write_private
from mlops_local.node.layout import Layout
from mlops_local.node.render import kubeadm_file, render
from mlops_local.node.spec import API_PORT_INSIDE, Binaries, NodeSpec

_KEPT = (
    "pki/ca.crt",
    "pki/ca.key",
    "pki/etcd/ca.crt",
    "pki/etcd/ca.key",
    "pki/front-proxy-ca.crt",
    "pki/front-proxy-ca.key",
    "pki/sa.key",
    "pki/sa.pub",
    "encryption.yaml",
)
"""What outlives a renewal: without these etcd's data could not be read and issued tokens be refused."""
_RENEW_SECONDS = 180 * 24 * 3600
_ADDRESSES_FILE = "addresses"


def ensure_credentials(spec: NodeSpec, binaries: Binaries, report: Callable[[str], None]) -> None:
    """Make the credentials, or renew those that expire within 180 days or name other addresses.

    Raises NodeError with the last lines of the program that failed.
    """
    layout = Layout(spec.home)
    _recover(layout)
    if credentials_are_current(spec):
        return
    report("Writing keys and certificates")
    build = _beside(layout, "new")
    shutil.rmtree(build, ignore_errors=True)
    (build / "pki/etcd").mkdir(parents=True, mode=0o700)
    build.chmod(0o700)
    if layout.credentials.is_dir():
        for name in _KEPT:
            shutil.copy2(layout.credentials / name, build / name)
    _write(spec, binaries, build)
    _swap(layout, build)


def credentials_are_current(spec: NodeSpec) -> bool:
    """Whether the credentials are there, name this spec's addresses and stay valid for 180 days more."""
    layout = Layout(spec.home)
    addresses = layout.credentials / _ADDRESSES_FILE
    if not addresses.exists() or addresses.read_text() != _addresses(spec):
        return False
    check = (
        "openssl",
        "x509",
        "-noout",
        "-checkend",
        str(_RENEW_SECONDS),
        "-in",
        str(layout.pki / "apiserver.crt"),
    )
    return subprocess.run(check, check=False, capture_output=True).returncode == 0


def write_kubeconfig(spec: NodeSpec) -> Path:
    """The administrator's kubeconfig for the host, at the forwarded port; left alone when it is right."""
    layout = Layout(spec.home)
    text = (layout.kubeconfigs / "admin.conf").read_text()
    inside = f"https://{spec.node_address}:{API_PORT_INSIDE}"
    write_private(layout.kubeconfig, text.replace(inside, f"https://127.0.0.1:{spec.api_port}"))
    return layout.kubeconfig


def _write(spec: NodeSpec, binaries: Binaries, build: Path) -> None:
    kubeadm, config = str(binaries.kubernetes / "kubeadm"), build / "kubeadm.yaml"
    write_private(config, kubeadm_file(spec, build / "pki"))
    _run(kubeadm, "init", "phase", "certs", "all", "--config", str(config))
    kubeconfigs = build / "kubeconfigs"
    _run(
        *(kubeadm, "init", "phase", "kubeconfig", "all"),
        *("--config", str(config), "--kubeconfig-dir", str(kubeconfigs)),
    )
    proxy = _run(kubeadm, "kubeconfig", "user", "--config", str(config), "--client-name", "system:kube-proxy")
    write_private(kubeconfigs / "kube-proxy.conf", proxy)
    _write_kubelet_certificate(spec, build)
    if not (build / "encryption.yaml").exists():
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        write_private(build / "encryption.yaml", render("encryption.yaml", key=key))
    write_private(build / _ADDRESSES_FILE, _addresses(spec))


def _write_kubelet_certificate(spec: NodeSpec, build: Path) -> None:
    config, pki = build / "kubelet.cnf", build / "pki"
    write_private(config, render("openssl.cnf", spec=spec))
    _run(
        *("openssl", "req", "-x509", "-config", str(config), "-days", "365"),
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-CA", str(pki / "ca.crt"), "-CAkey", str(pki / "ca.key")),
        *("-keyout", str(pki / "kubelet.key"), "-out", str(pki / "kubelet.crt")),
    )


def _addresses(spec: NodeSpec) -> str:
    return f"{spec.name} {spec.node_address}\n"


def _beside(layout: Layout, suffix: str) -> Path:
    return layout.home / f"credentials.{suffix}"


def _swap(layout: Layout, build: Path) -> None:
    old = _beside(layout, "old")
    shutil.rmtree(old, ignore_errors=True)
    if layout.credentials.is_dir():
        layout.credentials.rename(old)
    build.rename(layout.credentials)
    shutil.rmtree(old, ignore_errors=True)


def _recover(layout: Layout) -> None:
    old = _beside(layout, "old")
    if old.is_dir() and not layout.credentials.exists():
        old.rename(layout.credentials)


def _run(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-10:])
        raise NodeError(f"`{' '.join(command[:4])}` failed while writing the node's certificates:\n{last}")
    return done.stdout
