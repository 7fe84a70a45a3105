"""A real API server on loopback, and the real engine with the plugin of this tree."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from pulumi.automation import PulumiCommand

from mlops_local.kubernetes_plugin import kubeconfig
from mlops_local.kubernetes_plugin.client import ApiClient
from mlops_local.kubernetes_plugin.progress import Progress
from mlops_local.kubernetes_plugin.session import Session
from mlops_local.kubernetes_plugin.settings import Settings
from plugin_stack import Stack

START_SECONDS = 30


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def kubeconfig_text(server: str, token: str) -> str:
    """A kubeconfig for an administrator's token."""
    return f"""apiVersion: v1
kind: Config
current-context: test
clusters: [{{name: test, cluster: {{server: "{server}", insecure-skip-tls-verify: true}}}}]
users: [{{name: admin, user: {{token: "{token}"}}}}]
contexts: [{{name: test, context: {{cluster: test, user: admin}}}}]
"""


def wait_for_answer(url: str, token: str = "") -> None:
    """Return when `url` answers 200."""
    deadline = time.monotonic() + START_SECONDS
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    certificates = ssl.create_default_context()
    certificates.check_hostname, certificates.verify_mode = False, ssl.CERT_NONE
    with httpx.Client(verify=certificates, headers=headers, trust_env=False) as http:
        while time.monotonic() < deadline:
            try:
                if http.get(url).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer in {START_SECONDS} s")


@pytest.fixture(scope="session")
def run_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Sequence[Any]], None]]:
    """`run_process(command)` starts a program that ends with the tests; its log is in `logs0`."""
    started: list[subprocess.Popen[bytes]] = []
    logs = tmp_path_factory.mktemp("logs")

    def run(command: Sequence[Any]) -> None:
        words = [str(word) for word in command]
        # Should the tests be killed, their processes go with them.
        bound = ["setpriv", "--pdeathsig", "TERM", *words]
        with (logs / f"{Path(words[0]).name}.log").open("wb") as log:
            started.append(subprocess.Popen(bound, stdout=log, stderr=log, start_new_session=True))

    yield run
    for process in reversed(started):
        process.send_signal(signal.SIGTERM)
    for process in started:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def server_options(home: Path, etcd: int, port: int) -> list[str]:
    """What kube-apiserver needs on a loopback address, with administrators in a token file."""
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--cert-dir={home}/certs",
        f"--token-auth-file={home}/tokens.csv",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={home}/sa.key",
        f"--service-account-signing-key-file={home}/sa.key",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--disable-admission-plugins=ServiceAccount",
        "--endpoint-reconciler-type=none",
        "--allow-privileged",
    ]


@pytest.fixture(scope="session")
def api_server(
    binaries: Callable[[str], Path],
    run_process: Callable[[Sequence[Any]], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The kubeconfig of a control plane without nodes: etcd, API server, controllers."""
    home, token = tmp_path_factory.mktemp("cluster"), secrets.token_hex(16)
    etcd, peer, port = free_ports(3)
    kubernetes = binaries("kubernetes")
    (home / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    subprocess.run(["openssl", "genrsa", "-out", home / "sa.key", "2048"], check=True, capture_output=True)
    run_process(
        [
            binaries("etcd") / "etcd",
            f"--data-dir={home}/etcd",
            "--unsafe-no-fsync",
            f"--listen-client-urls=http://127.0.0.1:{etcd}",
            f"--advertise-client-urls=http://127.0.0.1:{etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
        ]
    )
    wait_for_answer(f"http://127.0.0.1:{etcd}/health")
    run_process([kubernetes / "kube-apiserver", *server_options(home, etcd, port)])
    server = f"https://127.0.0.1:{port}"
    config = home / "kubeconfig"
    config.write_text(kubeconfig_text(server, token))
    wait_for_answer(f"{server}/readyz", token)
    run_process(
        [
            kubernetes / "kube-controller-manager",
            f"--kubeconfig={config}",
            "--leader-elect=false",
            "--secure-port=0",
            f"--service-account-private-key-file={home}/sa.key",
        ]
    )
    return config


@pytest.fixture(scope="session")
def client(api_server: Path) -> Iterator[ApiClient]:
    """A client of the API server."""
    made = ApiClient(kubeconfig.load(str(api_server)))
    yield made
    made.close()


@pytest.fixture(scope="session")
def session(client: ApiClient) -> Session:
    """A configured plugin without an engine."""
    return Session(client, Settings(), Progress(None))


@pytest.fixture
def namespace(client: ApiClient) -> str:
    """A namespace of the test's own. It is left to end with the API server."""
    name = f"test-{secrets.token_hex(4)}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    client.apply(f"/api/v1/namespaces/{name}", body, "test")
    return name


@pytest.fixture(scope="session")
def engine_home(tmp_path_factory: pytest.TempPathFactory, binaries: Callable[[str], Path]) -> Path:
    """The engine in `bin`, this tree's plugin in the plugin cache below `home`."""
    root = tmp_path_factory.mktemp("engine")
    (root / "bin").mkdir()
    (root / "bin/pulumi").symlink_to(binaries("pulumi") / "pulumi")
    release = f"resource-kubernetes-v{version('pulumi-kubernetes')}"
    launcher = root / "home/plugins" / release / "pulumi-resource-kubernetes"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(f'#!/bin/sh\nexec {sys.executable} -m mlops_local.kubernetes_plugin "$@"\n')
    launcher.chmod(0o755)
    return root


@pytest.fixture
def stack(engine_home: Path, api_server: Path, tmp_path: Path) -> Iterator[Stack]:
    """A stack of the test's own; what it left is destroyed at the end."""
    (tmp_path / "state").mkdir()
    environment = {
        "PULUMI_HOME": str(engine_home / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}/state",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PATH": f"{engine_home / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
    made = Stack(PulumiCommand(root=str(engine_home)), tmp_path, environment, str(api_server))
    yield made
    made.close()
